// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.upwell.access.AccessEvent;
import org.upwell.broker.event.BrokerCounters;
import org.upwell.broker.event.DropCause;

class MetricsTest {
    @Test
    void countersOfTheBrokerAreReadWhenAsked() {
        try (Metrics metrics = new Metrics()) {
            BrokerCounters counters = new BrokerCounters();
            metrics.bind(counters);
            counters.messagesReceived.add(3);
            counters.dropped(DropCause.QUEUE_FULL);

            assertThat(metrics.scrape().lines())
                    .contains(
                            "upwell_broker_messages_received_total 3.0",
                            "upwell_broker_messages_dropped_total{cause=\"queue-full\"} 1.0",
                            "upwell_broker_messages_dropped_total{cause=\"qos-0-pressure\"} 0.0");
            counters.messagesReceived.increment();
            assertThat(metrics.scrape().lines()).contains("upwell_broker_messages_received_total 4.0");
        }
    }

    @Test
    void loginsAreCountedByKindAndOutcomeAndNeverByName() {
        try (Metrics metrics = new Metrics()) {
            metrics.on(new AccessEvent.LoginAdmitted(AccessEvent.Kind.TOKEN, "tls", "acme", "c-1"));
            metrics.on(new AccessEvent.LoginRefused(AccessEvent.Kind.PASSWORD, "tls", "olga", "wrong password"));
            metrics.on(new AccessEvent.TokenIssued("acme", "c-1", "id"));

            assertThat(metrics.scrape().lines())
                    .contains(
                            "upwell_access_logins_total{kind=\"token\",outcome=\"admitted\"} 1.0",
                            "upwell_access_logins_total{kind=\"password\",outcome=\"refused\"} 1.0",
                            "upwell_access_tokens_total{outcome=\"issued\"} 1.0");
            assertThat(metrics.scrape()).doesNotContain("olga", "acme");
            assertThat(Set.of("jvm_memory_used_bytes", "process_uptime_seconds"))
                    .allSatisfy(name -> assertThat(metrics.scrape()).contains(name));
        }
    }
}
