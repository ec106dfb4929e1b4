// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.codec.Publish;

/// What a broker does wrong is in the report, by its kind and to the message.
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class FaultyBrokerTest {
    private static final int EVERY = 10;

    private long seen;

    @Test
    void nothingIsFoundWhereNothingIsWrong() throws Exception {
        LoadReport report = run(List::of);
        assertThat(report.number("sent_total")).isGreaterThan(100);
        assertThat(report.number("lost")).isZero();
        assertThat(report.number("duplicated")).isZero();
        assertThat(report.number("out_of_order")).isZero();
        assertThat(report.number("latency_us.n")).isEqualTo(report.number("delivered"));
        assertThat(report.isClean()).isTrue();
    }

    @Test
    void whatIsDroppedIsLost() throws Exception {
        LoadReport report = run(publish -> ++seen % EVERY == 0 ? List.of() : List.of(publish));
        assertThat(seen).isEqualTo((long) report.number("sent_total"));
        assertThat((long) report.number("lost")).isEqualTo(seen / EVERY);
        assertThat(report.number("duplicated")).isZero();
        assertThat(report.number("out_of_order")).isZero();
        assertThat(report.isClean()).isFalse();
    }

    @Test
    void whatComesTwiceIsDuplicated() throws Exception {
        LoadReport report = run(publish -> ++seen % EVERY == 0 ? List.of(publish, publish) : List.of(publish));
        assertThat((long) report.number("duplicated")).isEqualTo(seen / EVERY);
        assertThat(report.number("lost")).isZero();
        assertThat(report.number("out_of_order")).isZero();
        assertThat(report.isClean()).isFalse();
    }

    @Test
    void whatIsOvertakenIsOutOfOrder() throws Exception {
        List<Publish> held = new ArrayList<>();
        LoadReport report = run(publish -> {
            seen++;
            if (seen == 5) {
                held.add(publish);
                return List.of();
            }
            if (seen == 6) {
                return List.of(publish, held.getFirst());
            }
            return List.of(publish);
        });
        assertThat(report.number("out_of_order")).isEqualTo(1);
        assertThat(report.number("lost")).isZero();
        assertThat(report.number("duplicated")).isZero();
        assertThat(report.isClean()).isFalse();
    }

    @Test
    void aPortWhereNobodyListensIsToldAsSuch() throws IOException {
        // Holds the port, so that nobody else gets it, and does not listen.
        try (Socket reserved = new Socket()) {
            reserved.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            LoadTarget target = LoadTarget.local(reserved.getLocalPort());
            assertThatThrownBy(() -> Load.run(target, plan(), LoadSettings.DEFAULTS, what -> {}))
                    .isInstanceOf(LoadException.class)
                    .hasMessageContaining("cannot connect subscribers")
                    .hasMessageContaining("refused");
        }
    }

    @Test
    void anotherMachineIsNotLoadedByMistake() {
        LoadTarget local = LoadTarget.local(1883);
        LoadTarget elsewhere = new LoadTarget(
                "192.0.2.1", 1883, false, local.version(), local.logins(), null, 60, 1, Duration.ofSeconds(1));
        assertThatThrownBy(() -> Load.run(elsewhere, plan(), LoadSettings.DEFAULTS, what -> {}))
                .isInstanceOf(LoadException.class)
                .hasMessageContaining("is not this machine");
    }

    private static LoadReport run(Function<Publish, List<Publish>> rule) throws Exception {
        try (FaultyBroker broker = new FaultyBroker(rule)) {
            return Load.run(LoadTarget.local(broker.port()), plan(), LoadSettings.DEFAULTS, what -> {});
        }
    }

    private static LoadPlan plan() {
        return new LoadPlan.PubSub(
                Topology.PAIRS,
                1,
                false,
                new Senders(1, 0, 64, 1000, 0),
                new Pace(2000, false, Duration.ofMillis(100), Duration.ofMillis(300)));
    }
}
