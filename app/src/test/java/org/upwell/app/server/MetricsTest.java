// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.upwell.broker.event.BrokerCounters;
import org.upwell.broker.event.DropCause;

class MetricsTest {
    @Test
    void countersOfTheBrokerAreReadWhenAsked() {
        try (Metrics metrics = new Metrics()) {
            BrokerCounters counters = new BrokerCounters();
            metrics.bind(counters);
            counters.messagesReceived.add(3);
            counters.retainedExpired.increment();
            counters.dropped("acme", DropCause.QUEUE_FULL);

            assertThat(metrics.registry().scrape().lines())
                    .contains(
                            "upwell_broker_messages_received_total 3.0",
                            "upwell_broker_retained_expired_total 1.0",
                            "upwell_broker_messages_dropped_total{cause=\"queue-full\"} 1.0",
                            "upwell_broker_messages_dropped_total{cause=\"qos-0-pressure\"} 0.0",
                            "upwell_broker_tenant_messages_dropped_total{cause=\"queue-full\",tenant=\"acme\"} 1.0");
            counters.messagesReceived.increment();
            assertThat(metrics.registry().scrape().lines()).contains("upwell_broker_messages_received_total 4.0");
        }
    }

    @Test
    void processIsMeasuredToo() {
        try (Metrics metrics = new Metrics()) {
            assertThat(metrics.registry().scrape()).contains("jvm_memory_used_bytes", "process_uptime_seconds");
        }
    }
}
