// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.upwell.load.LoadPlan;
import org.upwell.load.Topology;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Holds the scenarios of the load generator.
@Command(
        name = "load",
        description = "Load a broker and tell rates, latencies and exactly what was lost, repeated or out of order",
        synopsisSubcommandLabel = "SCENARIO",
        subcommands = {
            BenchLoadCommand.PubSubCommand.class,
            BenchLoadCommand.ConnectCommand.class,
            BenchLoadCommand.OfflineCommand.class,
            BenchLoadCommand.RetainedCommand.class,
            BenchLoadCommand.SubsCommand.class,
        },
        footer = {"", "The generator uses one processor. Loopback is loaded, unless --remote says otherwise."})
final class BenchLoadCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before run
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Name a scenario: pubsub, connect, offline, retained or subs");
    }

    /// What all scenarios have.
    abstract static class ScenarioCommand implements Callable<Integer> {
        @Spec
        @SuppressWarnings("NullAway.Init") // picocli sets it before call
        private CommandSpec spec;

        @Mixin
        @SuppressWarnings("NullAway.Init") // picocli sets it before call
        private LoadTargetOptions target;

        @Mixin
        @SuppressWarnings("NullAway.Init") // picocli sets it before call
        private LoadReportOptions report;

        abstract LoadPlan plan();

        @Override
        public Integer call() throws InterruptedException {
            try {
                return report.run(target.target(), plan(), spec);
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
            }
        }
    }

    /// Publishers and subscribers.
    @Command(name = "pubsub", description = "Publish and receive in one of four topologies")
    static final class PubSubCommand extends ScenarioCommand {
        @Option(
                names = {"-t", "--topology"},
                paramLabel = "TOPOLOGY",
                defaultValue = "pairs",
                description = "fanin, fanout, pairs or shared (default: ${DEFAULT-VALUE})")
        @SuppressWarnings("NullAway.Init") // has a default
        private Topology topology;

        @Option(
                names = {"-S", "--subscribers"},
                paramLabel = "N",
                description = "Subscribers (default: 1; pairs: as many as publishers)")
        private @Nullable Integer subscribers;

        @Option(
                names = "--persistent",
                description = "Give the subscribers persistent sessions, so that QoS 1 and 2 pass the broker's store")
        private boolean persistent;

        @Mixin
        @SuppressWarnings("NullAway.Init") // picocli sets it before call
        private LoadSenderOptions senders;

        @Mixin
        @SuppressWarnings("NullAway.Init") // picocli sets it before call
        private LoadPaceOptions pace;

        @Override
        LoadPlan plan() {
            int unless = topology == Topology.PAIRS ? senders.publishers() : 1;
            return new LoadPlan.PubSub(
                    topology, subscribers == null ? unless : subscribers, persistent, senders.senders(0), pace.pace());
        }
    }

    /// Connections.
    @Command(name = "connect", description = "Make connections, hold them, make them all again")
    static final class ConnectCommand extends ScenarioCommand {
        @Option(
                names = {"-C", "--connections"},
                paramLabel = "N",
                defaultValue = "1000",
                description = "Connections (default: ${DEFAULT-VALUE})")
        private int connections;

        @Option(names = "--sub", description = "Each subscribes to a topic of its own")
        private boolean subscribe;

        @Option(names = "--persistent", description = "With persistent sessions")
        private boolean persistent;

        @Option(
                names = "--hold",
                paramLabel = "SECONDS",
                defaultValue = "0",
                description = "Hold them so long (default: ${DEFAULT-VALUE})")
        private double holdSeconds;

        @Option(names = "--storm", description = "Drop all, and make them all again")
        private boolean storm;

        @Override
        LoadPlan plan() {
            return new LoadPlan.Connections(
                    connections, subscribe, persistent, LoadPaceOptions.seconds(holdSeconds), storm);
        }
    }

    /// Sessions that are away.
    @Command(name = "offline", description = "Publish to persistent sessions that are away, and let them fetch it")
    static final class OfflineCommand extends ScenarioCommand {
        @Option(
                names = {"-K", "--sessions"},
                paramLabel = "N",
                defaultValue = "10",
                description = "Sessions (default: ${DEFAULT-VALUE})")
        private int sessions;

        @Option(
                names = {"-N", "--messages"},
                paramLabel = "N",
                defaultValue = "1000",
                description = "Messages for each (default: ${DEFAULT-VALUE})")
        private int messages;

        @Mixin
        @SuppressWarnings("NullAway.Init") // picocli sets it before call
        private LoadSenderOptions senders;

        @Override
        LoadPlan plan() {
            return new LoadPlan.Offline(sessions, messages, senders.senders(1));
        }
    }

    /// Retained messages.
    @Command(name = "retained", description = "Set retained messages, and match them all by a wildcard")
    static final class RetainedCommand extends ScenarioCommand {
        @Option(
                names = {"-R", "--retained"},
                paramLabel = "N",
                defaultValue = "10000",
                description = "Retained messages (default: ${DEFAULT-VALUE})")
        private int messages;

        @Option(
                names = {"-S", "--subscribers"},
                paramLabel = "N",
                defaultValue = "1",
                description = "Clients that subscribe, one after the other (default: ${DEFAULT-VALUE})")
        private int subscribers;

        @Mixin
        @SuppressWarnings("NullAway.Init") // picocli sets it before call
        private LoadSenderOptions senders;

        @Override
        LoadPlan plan() {
            return new LoadPlan.Retained(messages, subscribers, senders.senders(1));
        }
    }

    /// Subscriptions.
    @Command(name = "subs", description = "Publish over many subscriptions, each topic matching one")
    static final class SubsCommand extends ScenarioCommand {
        @Option(
                names = {"-M", "--subscriptions"},
                paramLabel = "N",
                defaultValue = "10000",
                description = "Subscriptions over all clients (default: ${DEFAULT-VALUE})")
        private int filters;

        @Option(
                names = {"-S", "--subscribers"},
                paramLabel = "N",
                defaultValue = "1",
                description = "Clients that share them (default: ${DEFAULT-VALUE})")
        private int subscribers;

        @Option(
                names = "--plus",
                paramLabel = "SHARE",
                defaultValue = "0.2",
                description = "Share of them with a '+' (default: ${DEFAULT-VALUE})")
        private double wildcards;

        @Mixin
        @SuppressWarnings("NullAway.Init") // picocli sets it before call
        private LoadSenderOptions senders;

        @Mixin
        @SuppressWarnings("NullAway.Init") // picocli sets it before call
        private LoadPaceOptions pace;

        @Override
        LoadPlan plan() {
            return new LoadPlan.Subscriptions(filters, subscribers, wildcards, senders.senders(0), pace.pace());
        }
    }
}
