// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Holds the commands; does nothing by itself.
@Command(
        name = "upwell",
        header = "MQTT broker, CoAP gateway and device software for field networks",
        synopsisSubcommandLabel = "COMMAND",
        footer = {"", "'./upwell help COMMAND' tells more. Exit codes: 0 done, 1 failed, 2 wrong use."})
final class RootCommand implements Runnable {

    /// In the order in which help lists them.
    private static final List<String> COMMANDS = List.of(
            "help",
            "config",
            "demo",
            "server",
            "gateway",
            "nic",
            "sensor",
            "field",
            "user",
            "tenant",
            "device",
            "queue",
            "quarantine",
            "store",
            "token",
            "pub",
            "sub",
            "get",
            "put",
            "observe",
            "bench",
            "test",
            "train");

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before run
    private CommandSpec spec;

    /// The command line that understands `arguments`: with the one command that they name, since to look at the
    /// options of all of them takes a third of a server's time to readiness; with all if they name none.
    static CommandLine commandLine(String... arguments) {
        CommandLine commandLine = new CommandLine(new RootCommand());
        String named = arguments.length == 0 ? "" : arguments[0];
        if (COMMANDS.contains(named) && !named.equals("help")) {
            commandLine.addSubcommand(named, command(named));
        } else {
            COMMANDS.forEach(name -> commandLine.addSubcommand(name, command(name)));
        }
        return commandLine;
    }

    @SuppressWarnings(
            "checkstyle:CyclomaticComplexity") // A table; as one of lambdas it breaks JDK 25's start-up cache.
    private static Object command(String name) {
        return switch (name) {
            case "help" -> new HelpCommand();
            case "config" -> new ConfigCommand();
            case "demo" -> new DemoCommand();
            case "server" -> new ServerCommand();
            case "gateway" -> new GatewayCommand();
            case "nic" -> new NicCommand();
            case "sensor" -> new SensorCommand();
            case "field" -> new FieldCommand();
            case "user" -> new UserCommand();
            case "tenant" -> new TenantCommand();
            case "device" -> new DeviceCommand();
            case "queue" -> new QueueCommand();
            case "quarantine" -> new QuarantineCommand();
            case "store" -> new StoreCommand();
            case "token" -> new TokenCommand();
            case "pub" -> new PubCommand();
            case "sub" -> new SubCommand();
            case "get" -> new GetCommand();
            case "put" -> new PutCommand();
            case "observe" -> new ObserveCommand();
            case "bench" -> new BenchCommand();
            case "test" -> new TestCommand();
            case "train" -> new TrainCommand();
            default -> throw new IllegalArgumentException("no command " + name);
        };
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Name a command");
    }
}
