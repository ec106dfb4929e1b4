// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class ComparisonTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Peer first = Peer.parse("old=1883,77");
    private final Peer second = Peer.parse("new=1884");
    private final Row pairs = Row.parse("pairs-0").getFirst();
    private final Row latency = Row.parse("latency").getFirst();
    private final Comparison comparison = new Comparison(
            List.of(first, second), List.of(pairs, latency), new BrokerComparison.Course(3, 15, 0.5, false));

    @Test
    void medianIsTheMiddleOrTheMeanOfBoth() {
        assertThat(Comparison.median(3, 1, 2)).isEqualTo(2);
        assertThat(Comparison.median(4, 1, 2, 3)).isEqualTo(2.5);
        assertThat(Comparison.median(7)).isEqualTo(7);
        assertThat(Comparison.median()).isNaN();
    }

    @Test
    void argumentsNameTimeAndBroker() {
        assertThat(comparison.arguments(pairs, first))
                .containsExactly("pubsub -t pairs -P 50 -S 50 -w 400 -W 15 -D 0.5 --port 1883 -p 77".split(" ", -1));
        assertThat(comparison.arguments(Row.parse("offline").getFirst(), second))
                .containsExactly("offline -K 400 -N 900 -w 100 --port 1884".split(" ", -1));
    }

    @Test
    void subscribersArePersistentWhereAsked() {
        Comparison persistent =
                new Comparison(List.of(first), List.of(pairs), new BrokerComparison.Course(1, 1, 1, true));
        assertThat(persistent.arguments(pairs, first)).contains("--persistent");
        assertThat(persistent.arguments(Row.parse("subs").getFirst(), first)).doesNotContain("--persistent");
    }

    @Test
    void tableHasMediansAndTheRatioToTheFirst() {
        add(pairs, first, 100, 9, 0);
        add(pairs, first, 300, 11, 0);
        add(pairs, first, 200, 10, 0);
        add(pairs, second, 5000, 0.5, 0);
        add(pairs, second, 6000, 0.7, 2);
        assertThat(comparison.table())
                .startsWith(
                        "| Row | | old | new |",
                        "|---|---|---:|---:|",
                        "| pairs QoS 0 | messages/s | 200 | 5,500 (27.50 x) |",
                        "|  | broker CPU us/message | 10 | 0.60 |",
                        "|  | lost | 0 | 1 |",
                        "| latency at 5,000/s QoS 1 | p50 ms | - | - |");
    }

    @Test
    void latencyIsToldInMilliseconds() {
        comparison.add(latency, first, JSON.readTree("""
                {"latency_us":{"p50":123.4,"p99":567,"p999":null},"lost":0}"""));
        assertThat(comparison.median(latency, first, 0)).isCloseTo(0.1234, within(1e-9));
        assertThat(comparison.median(latency, first, 1)).isCloseTo(0.567, within(1e-9));
        assertThat(comparison.median(latency, first, 2)).isNaN();
    }

    @Test
    void peersAreReadAndRefused() {
        assertThat(first).isEqualTo(new Peer("old", 1883, 77, List.of()));
        assertThat(second.pid()).isZero();
        for (String wrong : List.of("1883", "x=", "x=70000", "x=1,", "x=1,y", "=1")) {
            assertThatThrownBy(() -> Peer.parse(wrong)).as(wrong).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void rowsAreFoundByName() {
        assertThat(Row.parse("all")).hasSizeGreaterThan(11).noneMatch(Row::needsTls);
        assertThat(Row.parse("subs,offline")).extracting(Row::name).containsExactly("subs", "offline");
        assertThatThrownBy(() -> Row.parse("subs,nothing"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'nothing' is not a row");
        assertThatThrownBy(() -> BrokerKind.parse("cray")).hasMessageContaining("upwell-sync");
    }

    private void add(Row row, Peer peer, double rate, double cpu, int lost) {
        comparison.add(
                row,
                peer,
                JSON.readTree("{\"del_rate\":" + rate + ",\"lost\":" + lost + ",\"broker\":{\"cpu_us_per_msg\":" + cpu
                        + "}}"));
    }
}
