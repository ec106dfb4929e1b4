// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.upwell.app.bench.BrokerComparison;
import org.upwell.app.config.PlainCause;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Runs the same loads against several brokers and prints them side by side.
@Command(
        name = "compare",
        description = "Run the same loads against several brokers, alternating, and print medians and ratios",
        footer = {
            "",
            "Brokers to start: mosquitto (if installed), upwell (in memory), upwell-sync (on disk), upwell-everything"
                    + " (TLS, tokens, roles, persistent sessions, on disk). Only what was started is ended.",
            "Broker and generator share the machine: compare what one run says, never two."
        })
final class BenchCompareCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private CommandSpec spec;

    @Option(
            names = "--peer",
            paramLabel = "NAME=PORT[,PID]",
            description = "A broker that runs on this machine; the first is what others are compared with")
    private List<String> peers = new ArrayList<>();

    @Option(
            names = "--start",
            paramLabel = "KIND",
            split = ",",
            description = "Brokers to start, behind those given (default: mosquitto,upwell if none is given)")
    private List<String> started = new ArrayList<>();

    @Option(
            names = "--everything",
            description = "As --start upwell,upwell-everything with the rows pairs-0,pairs-1,tls-full,tls-resumed")
    private boolean everything;

    @Option(
            names = "--rows",
            paramLabel = "ROW,…",
            description = "fanin-0, fanin-1, fanin-2, pairs-0, pairs-1, fanout-0, shared-1, large-1, subs, offline,"
                    + " latency, connect, tls-full, tls-resumed, or all, which leaves out the last two (default: all)")
    private @Nullable String rows;

    @Option(
            names = "--repeat",
            paramLabel = "N",
            defaultValue = "1",
            description = "Rounds, of which medians are told (default: ${DEFAULT-VALUE})")
    private int repeat;

    @Option(
            names = {"-W", "--warm-up"},
            paramLabel = "SECONDS",
            defaultValue = "15",
            description = "Before what is measured (default: ${DEFAULT-VALUE})")
    private double warmUpSeconds;

    @Option(
            names = {"-D", "--duration"},
            paramLabel = "SECONDS",
            defaultValue = "10",
            description = "What is measured (default: ${DEFAULT-VALUE})")
    private double measuredSeconds;

    @Option(names = "--persistent", description = "Give the subscribers of the pubsub rows persistent sessions")
    private boolean persistent;

    @Option(
            names = "--generator",
            paramLabel = "PROGRAM",
            description = "An external generator that takes the options of 'bench load' and prints one JSON line")
    private @Nullable String generator;

    @Option(names = "--log", paramLabel = "FILE", description = "Append every run's report there, a line of JSON each")
    private @Nullable Path log;

    @Override
    public Integer call() throws InterruptedException {
        BrokerComparison comparison;
        try {
            comparison = comparison();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        try {
            BrokerComparison.Outcome outcome = comparison.run(this::log, err::println);
            outcome.table().forEach(out::println);
            return outcome.failures() == 0 ? CommandLineTool.DONE : CommandLineTool.FAILED;
        } catch (IOException e) {
            throw new CommandFailure("the comparison ended early: " + PlainCause.of(e), e);
        }
    }

    private BrokerComparison comparison() {
        List<String> kinds = new ArrayList<>(started);
        if (everything) {
            kinds.addAll(List.of("upwell", "upwell-everything"));
        } else if (peers.isEmpty() && kinds.isEmpty()) {
            kinds.addAll(List.of("mosquitto", "upwell"));
        }
        String unlessGiven = everything ? "pairs-0,pairs-1,tls-full,tls-resumed" : "all";
        return new BrokerComparison(
                peers,
                kinds,
                rows == null ? unlessGiven : rows,
                generator,
                new BrokerComparison.Course(repeat, warmUpSeconds, measuredSeconds, persistent));
    }

    private void log(String line) {
        if (log == null) {
            return;
        }
        try {
            Files.writeString(
                    log, line + "\n", StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new CommandFailure(PlainCause.of(e), e);
        }
    }
}
