// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A comparison as a user asks for it: brokers that run, brokers to start, rows. Starts what is to be started, ends
/// that and nothing else.
public final class BrokerComparison {
    /// How runs are made.
    ///
    /// @param persistent whether subscribers have persistent sessions
    public record Course(int repeat, double warmUpSeconds, double measuredSeconds, boolean persistent) {
        public Course {
            if (repeat < 1) {
                throw new IllegalArgumentException("at least one round is needed");
            }
            if (!(warmUpSeconds >= 0 && measuredSeconds > 0)) {
                throw new IllegalArgumentException("measuring takes some time");
            }
        }
    }

    private final List<Peer> given;
    private final List<BrokerKind> kinds;
    private final List<Row> rows;
    private final Generator generator;
    private final Course course;

    /// @param generator null for our own
    /// @throws IllegalArgumentException for a peer, kind or row that is none
    public BrokerComparison(
            List<String> peers, List<String> kinds, String rows, @Nullable String generator, Course course) {
        this.given = peers.stream().map(Peer::parse).toList();
        this.kinds = kinds.stream().map(BrokerKind::parse).toList();
        this.rows = Row.parse(rows);
        this.generator = generator == null ? Generator.own() : Generator.external(generator);
        this.course = course;
    }

    /// @param table of what was measured, line by line
    /// @param failures runs of which there is no number
    public record Outcome(List<String> table, int failures) {}

    /// Blocks until all is measured.
    ///
    /// @param log told each report as a line of JSON
    /// @param progress told in words what happens
    public Outcome run(Consumer<String> log, Consumer<String> progress) throws IOException, InterruptedException {
        List<StartedBroker> started = new ArrayList<>();
        try {
            List<Peer> peers = new ArrayList<>(given);
            for (BrokerKind kind : kinds) {
                Optional<StartedBroker> broker = kind.start();
                if (broker.isEmpty()) {
                    progress.accept(kind.spelling() + " is not installed, and left out");
                    continue;
                }
                started.add(broker.get());
                peers.add(broker.get().peer());
            }
            if (peers.isEmpty()) {
                throw new IOException("there is no broker to measure");
            }
            Comparison comparison = new Comparison(peers, rows, course);
            int failures = comparison.run(generator, log, progress);
            return new Outcome(comparison.table(), failures);
        } finally {
            for (StartedBroker each : started) {
                each.close();
            }
        }
    }
}
