// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.app.payload.PayloadText;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/// Finds the command, runs it and turns the outcome into an exit code: 0 done, 1 failed, 2 wrong use.
public final class CommandLineTool {
    static final int DONE = 0;
    static final int FAILED = 1;
    static final int WRONG_USE = 2;

    private static final Logger log = LoggerFactory.getLogger(CommandLineTool.class);

    private CommandLineTool() {}

    public static int run(Terminal terminal, String... arguments) {
        CommandLine commandLine = RootCommand.commandLine(arguments)
                .setOut(terminal.out())
                .setErr(terminal.err())
                .registerConverter(Duration.class, new DurationConverter())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setAbbreviatedOptionsAllowed(false)
                .setParameterExceptionHandler(CommandLineTool::explainWrongUse)
                .setExecutionExceptionHandler(CommandLineTool::explainFailure);
        addHelpOption(commandLine);
        int exitCode = commandLine.execute(arguments);
        terminal.out().flush();
        terminal.err().flush();
        return exitCode;
    }

    /// Every command answers `--help`, as does `help COMMAND`.
    private static void addHelpOption(CommandLine commandLine) {
        commandLine.addMixin("helpOption", new HelpOption());
        commandLine.getSubcommands().values().stream()
                .filter(each -> !(each.getCommand() instanceof CommandLine.HelpCommand))
                .forEach(CommandLineTool::addHelpOption);
    }

    static final class HelpOption {
        @SuppressWarnings("UnusedVariable") // picocli acts on it before the command runs
        @CommandLine.Option(names = "--help", usageHelp = true, description = "Show this help")
        private boolean asked;
    }

    private static int explainWrongUse(ParameterException e, String[] arguments) {
        CommandLine command = e.getCommandLine();
        String commands = command.getCommandSpec().qualifiedName(" ").replaceFirst("^upwell ?", "");
        command.getErr().println("upwell: " + wrongUse(e, command));
        command.getErr().println("See './upwell help" + (commands.isEmpty() ? "" : " " + commands) + "'.");
        return WRONG_USE;
    }

    /// A word that nothing knows explains more than what is missing because of it, which picocli would report
    /// instead.
    private static String wrongUse(ParameterException e, CommandLine command) {
        List<String> unmatched = command.getUnmatchedArguments();
        if (unmatched.isEmpty()) {
            return String.valueOf(e.getMessage()).replaceFirst("^Error: ", "");
        }
        String word = "'" + PayloadText.printable(unmatched.getFirst()) + "'";
        if (unmatched.getFirst().startsWith("-")) {
            return "unknown option " + word;
        }
        return (command.getSubcommands().isEmpty() ? "unexpected argument " : "unknown command ") + word;
    }

    private static int explainFailure(Exception e, CommandLine command, ParseResult parsed) {
        if (e instanceof CommandFailure) {
            command.getErr().println("upwell: " + e.getMessage());
            log.debug("Failed: {}", command.getCommandName(), e);
        } else {
            command.getErr().println("upwell: " + command.getCommandName() + " failed: " + e);
            log.error("Unexpected failure", e);
        }
        return FAILED;
    }
}
