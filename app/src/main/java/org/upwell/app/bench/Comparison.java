// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/// Runs rows against brokers, one after the other, and keeps what came out. Alternates: a slow minute of the
/// machine meets all of them.
final class Comparison {
    private final List<Peer> peers;
    private final List<Row> rows;
    private final BrokerComparison.Course course;
    private final Map<String, Map<String, List<JsonNode>>> reports = new LinkedHashMap<>();

    Comparison(List<Peer> peers, List<Row> rows, BrokerComparison.Course course) {
        this.peers = List.copyOf(peers);
        this.rows = List.copyOf(rows);
        this.course = course;
    }

    /// @param log told each report as a line of JSON with row and peer
    /// @param progress told in words what runs now, and what could not
    /// @return how many runs failed
    int run(Generator generator, Consumer<String> log, Consumer<String> progress) throws InterruptedException {
        int failures = 0;
        for (int round = 1; round <= course.repeat(); round++) {
            for (Row row : rows) {
                for (Peer peer : peers) {
                    if (row.needsTls() && !peer.usesTls()) {
                        continue;
                    }
                    progress.accept(String.format(
                            Locale.ROOT, "round %d of %d: %s on %s", round, course.repeat(), row.name(), peer.name()));
                    try {
                        JsonNode report = generator.run(arguments(row, peer));
                        add(row, peer, report);
                        log.accept("{\"row\":\"" + row.name() + "\",\"peer\":\"" + peer.name() + "\",\"report\":"
                                + report + "}");
                    } catch (IOException e) {
                        failures++;
                        progress.accept(row.name() + " on " + peer.name() + " failed: " + e.getMessage());
                    }
                }
            }
        }
        return failures;
    }

    void add(Row row, Peer peer, JsonNode report) {
        reports.computeIfAbsent(row.name(), name -> new LinkedHashMap<>())
                .computeIfAbsent(peer.name(), name -> new ArrayList<>())
                .add(report);
    }

    List<String> arguments(Row row, Peer peer) {
        List<String> words = new ArrayList<>(Arrays.asList(row.arguments().split(" ", -1)));
        if (row.isTimed()) {
            words.addAll(List.of("-W", seconds(course.warmUpSeconds()), "-D", seconds(course.measuredSeconds())));
        }
        if (row.isPubSub() && (course.persistent() || peer.usesTls())) {
            words.add("--persistent");
        }
        words.addAll(List.of("--port", Integer.toString(peer.port())));
        if (peer.pid() > 0) {
            words.addAll(List.of("-p", Long.toString(peer.pid())));
        }
        words.addAll(peer.arguments());
        return words;
    }

    private static String seconds(double seconds) {
        return seconds == Math.rint(seconds) ? Long.toString((long) seconds) : Double.toString(seconds);
    }

    // ---- The table -----------------------------------------------------------------------------------------------

    /// A table in Markdown: for each row and peer the medians, the first number with its ratio to the first peer.
    List<String> table() {
        List<String> lines = new ArrayList<>();
        StringBuilder head = new StringBuilder("| Row | |");
        StringBuilder rule = new StringBuilder("|---|---|");
        for (Peer peer : peers) {
            head.append(' ').append(peer.name()).append(" |");
            rule.append("---:|");
        }
        lines.add(head.toString());
        lines.add(rule.toString());
        for (Row row : rows) {
            for (int i = 0; i < row.columns().size(); i++) {
                lines.add(line(row, i));
            }
        }
        return lines;
    }

    private String line(Row row, int column) {
        StringBuilder line = new StringBuilder("| ")
                .append(column == 0 ? row.title() : "")
                .append(" | ")
                .append(row.columns().get(column).label())
                .append(" |");
        for (int i = 0; i < peers.size(); i++) {
            double value = median(row, peers.get(i), column);
            line.append(' ').append(Column.text(value));
            double ratio = value / median(row, peers.getFirst(), column);
            if (column == 0 && i > 0 && Double.isFinite(ratio)) {
                line.append(String.format(Locale.ROOT, " (%.2f x)", ratio));
            }
            line.append(" |");
        }
        return line.toString();
    }

    double median(Row row, Peer peer, int column) {
        Column wanted = row.columns().get(column);
        return median(reports.getOrDefault(row.name(), Map.of()).getOrDefault(peer.name(), List.of()).stream()
                .mapToDouble(wanted::in)
                .filter(Double::isFinite)
                .toArray());
    }

    /// NaN of nothing; of an even number the mean of the two in the middle.
    static double median(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        if (sorted.length == 0) {
            return Double.NaN;
        }
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
