// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// One scenario that every broker goes through, and what of it the table shows.
///
/// @param arguments of the generator, without those that name the broker or the time
/// @param isTimed whether warm-up and measured time can be chosen
/// @param needsTls whether it means something only to a broker that is reached by TLS
/// @param columns the first is compared as a ratio
/// @param higherIsBetter of the first column
record Row(
        String name,
        String title,
        String arguments,
        boolean isTimed,
        boolean needsTls,
        boolean higherIsBetter,
        List<Column> columns) {

    private static final List<Column> DELIVERED = List.of(
            Column.of("messages/s", "del_rate"),
            Column.of("broker CPU us/message", "broker.cpu_us_per_msg"),
            Column.of("lost", "lost"));
    private static final List<Column> DRAINED = List.of(
            Column.of("messages/s", "drain_rate"),
            Column.of("broker CPU us/message", "broker_drain.cpu_us_per_msg"),
            Column.of("lost", "lost"));
    private static final List<Column> LATENCY = List.of(
            new Column("p50 ms", "latency_us.p50", 1000),
            new Column("p99 ms", "latency_us.p99", 1000),
            new Column("p99.9 ms", "latency_us.p999", 1000),
            Column.of("lost", "lost"));
    private static final List<Column> CONNECTED = List.of(
            Column.of("connects/s", "storm.connects_per_s"),
            Column.of("broker CPU us/connect", "storm.broker_cpu_us_per_connect"),
            Column.of("bytes/connection", "rss_bytes_per_connection"),
            Column.of("failed", "storm.failed"));

    /// Room for the acknowledgements of a broker that sends few at a time: more would measure the generator.
    private static final String COALESCED = " --coalesce-us 200";

    /// All rows, in the order of the table.
    static final List<Row> ALL = List.of(
            delivered("fanin-0", "fan-in QoS 0", "pubsub -t fanin -P 50 -w 400"),
            delivered("fanin-1", "fan-in QoS 1", "pubsub -t fanin -P 20 -q 1 -w 45" + COALESCED),
            delivered("fanin-2", "fan-in QoS 2", "pubsub -t fanin -P 20 -q 2 -w 20" + COALESCED),
            delivered("pairs-0", "pairs QoS 0", "pubsub -t pairs -P 50 -S 50 -w 400"),
            delivered("pairs-1", "pairs QoS 1", "pubsub -t pairs -P 50 -S 50 -q 1 -w 100" + COALESCED),
            delivered("fanout-0", "fan-out QoS 0", "pubsub -t fanout -S 100 -w 200 --coalesce-us 1000"),
            delivered("shared-1", "shared QoS 1", "pubsub -t shared -P 10 -S 4 -q 1 -w 80" + COALESCED),
            delivered("large-1", "16 KB QoS 1", "pubsub -t pairs -P 8 -S 8 -q 1 -b 16384 -w 50"),
            delivered("subs", "20,000 subscriptions", "subs -M 20000 -P 4 -S 4 -w 200"),
            new Row("offline", "offline drain", "offline -K 400 -N 900 -w 100", false, false, true, DRAINED),
            new Row(
                    "latency",
                    "latency at 5,000/s QoS 1",
                    "pubsub -t pairs -P 20 -S 20 -q 1 -r 5000",
                    true,
                    false,
                    false,
                    LATENCY),
            new Row(
                    "connect",
                    "4,000 connects",
                    "connect -C 4000 --sub --hold 2 --storm",
                    false,
                    false,
                    true,
                    CONNECTED),
            new Row(
                    "tls-full",
                    "TLS handshakes, full",
                    "connect -C 2000 --storm --full-handshakes",
                    false,
                    true,
                    true,
                    CONNECTED),
            new Row("tls-resumed", "TLS handshakes, resumed", "connect -C 2000 --storm", false, true, true, resumed()));

    private static Row delivered(String name, String title, String arguments) {
        return new Row(name, title, arguments, true, false, true, DELIVERED);
    }

    private static List<Column> resumed() {
        List<Column> columns = new ArrayList<>(CONNECTED);
        columns.add(Column.of("resumed", "storm.tls_resumed"));
        return List.copyOf(columns);
    }

    /// @param names with commas; `all` for those that need no TLS
    /// @throws IllegalArgumentException naming the first that is not a row
    static List<Row> parse(String names) {
        if (names.equals("all")) {
            return ALL.stream().filter(row -> !row.needsTls).toList();
        }
        return Arrays.stream(names.split(",", -1)).map(Row::named).toList();
    }

    private static Row named(String name) {
        return ALL.stream()
                .filter(row -> row.name.equals(name.strip().toLowerCase(Locale.ROOT)))
                .findAny()
                .orElseThrow(() -> new IllegalArgumentException("'" + name + "' is not a row: "
                        + String.join(", ", ALL.stream().map(Row::name).toList())));
    }

    boolean isPubSub() {
        return arguments.startsWith("pubsub ");
    }
}
