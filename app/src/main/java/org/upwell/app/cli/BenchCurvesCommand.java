// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.upwell.app.bench.GrowthCurves;
import org.upwell.app.config.PlainCause;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Follows what our server costs as numbers grow, and draws it.
@Command(
        name = "curves",
        description = "Start our server and follow its cost as subscribers, connections, sessions, queued messages,"
                + " subscriptions and levels grow; print tables and draw pictures",
        footer = {
            "",
            "The exponent is the power of n with which the cost of all grows: 1 is linear, 0 constant. A figure that"
                    + " is too small to be told is '-'.",
            "Server and generator are two processes on this machine, and each connection is an open file of both."
        })
final class BenchCurvesCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private CommandSpec spec;

    @Option(
            names = "--curve",
            paramLabel = "CURVE",
            split = ",",
            description = "subscribers, connections, sessions, queued, subscriptions, levels (default: all)")
    private List<String> curves = new ArrayList<>();

    @Option(
            names = "--max",
            paramLabel = "N",
            defaultValue = "0",
            showDefaultValue = CommandLine.Help.Visibility.NEVER,
            description = "The last point of the curves named, a bound for all others (default: 10,000; queued and"
                    + " subscriptions 1,000,000; levels 128)")
    private long most;

    @Option(names = "--quick", description = "Shorter and coarser, in less than a minute")
    private boolean quick;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            defaultValue = "bench-curves",
            description = "Where the pictures go (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private Path pictures;

    @Option(names = "--json", description = "Print a line of JSON for each curve instead of a table")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        GrowthCurves asked;
        try {
            asked = new GrowthCurves(curves, most, quick, pictures);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        try {
            int failures = asked.run(new GrowthCurves.Listeners(
                    line -> print(out, line, !json), line -> print(out, line, json), err::println));
            return failures == 0 ? CommandLineTool.DONE : CommandLineTool.FAILED;
        } catch (IOException e) {
            throw new CommandFailure("the curves ended early: " + PlainCause.of(e), e);
        }
    }

    private static void print(PrintWriter out, String line, boolean wanted) {
        if (wanted) {
            out.println(line);
        }
    }
}
