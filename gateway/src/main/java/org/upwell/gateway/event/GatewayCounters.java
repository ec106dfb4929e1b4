// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.event;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/// Counts [GatewayEvent]s. Safe for all threads; counting never blocks.
public final class GatewayCounters {

    // Filled once and never changed, so that it may be read without a lock.
    private final Map<GatewayEvent, LongAdder> counts = new EnumMap<>(GatewayEvent.class);

    public GatewayCounters() {
        for (GatewayEvent event : GatewayEvent.values()) {
            counts.put(event, new LongAdder());
        }
    }

    public void count(GatewayEvent event) {
        adder(event).increment();
    }

    public long of(GatewayEvent event) {
        return adder(event).sum();
    }

    private LongAdder adder(GatewayEvent event) {
        return Objects.requireNonNull(counts.get(event));
    }

    /// All counts at about this moment.
    public Map<GatewayEvent, Long> snapshot() {
        Map<GatewayEvent, Long> all = new EnumMap<>(GatewayEvent.class);
        for (GatewayEvent event : GatewayEvent.values()) {
            all.put(event, of(event));
        }
        return all;
    }
}
