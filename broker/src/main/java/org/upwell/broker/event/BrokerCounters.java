// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.event;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/// Running totals since start. Written from all event loops, read from any thread.
public final class BrokerCounters {

    public final LongAdder connectionsOpened = new LongAdder();
    public final LongAdder connectionsClosed = new LongAdder();
    public final LongAdder connectionsRefused = new LongAdder();
    public final LongAdder sessionsOpened = new LongAdder();
    public final LongAdder sessionsEnded = new LongAdder();
    /// Bytes of MQTT packets, without TLS and below.
    public final LongAdder bytesReceived = new LongAdder();
    public final LongAdder bytesSent = new LongAdder();
    public final LongAdder messagesReceived = new LongAdder();
    public final LongAdder messagesSent = new LongAdder();
    /// Messages that wait in queues at present, and bytes of their topics, payloads and properties.
    public final LongAdder messagesWaiting = new LongAdder();
    public final LongAdder bytesWaiting = new LongAdder();
    /// Accepted messages that no subscription matched.
    public final LongAdder messagesUnmatched = new LongAdder();
    /// Retained messages whose expiry interval passed. No session lost them, so they are no drops.
    public final LongAdder retainedExpired = new LongAdder();
    public final LongAdder publishesRefused = new LongAdder();
    public final LongAdder subscriptionsRefused = new LongAdder();
    public final LongAdder protocolErrors = new LongAdder();
    /// Connections that ended because packets that were not complete, or CONNECT packets of clients not admitted yet,
    /// took too much memory together.
    public final LongAdder connectionsCrowdedOut = new LongAdder();
    /// Connections that ended because the topic names behind a client's aliases took too much memory.
    public final LongAdder topicAliasesRefused = new LongAdder();
    /// Connections that ended for a fault of ours.
    public final LongAdder faults = new LongAdder();

    private final TenantDrops tenantDrops = new TenantDrops();
    private final Map<DropCause, LongAdder> dropped = new EnumMap<>(DropCause.class);

    public BrokerCounters() {
        for (DropCause cause : DropCause.values()) {
            dropped.put(cause, new LongAdder());
        }
    }

    /// A message did not reach a session, or group of sessions, of `tenant`.
    public void dropped(String tenant, DropCause cause) {
        adder(cause).increment();
        tenantDrops.count(tenant, cause);
    }

    /// The same by tenant.
    public TenantDrops droppedByTenant() {
        return tenantDrops;
    }

    /// All causes together.
    public long dropped() {
        long sum = 0;
        for (LongAdder each : dropped.values()) {
            sum += each.sum();
        }
        return sum;
    }

    public long droppedBy(DropCause cause) {
        return adder(cause).sum();
    }

    private LongAdder adder(DropCause cause) {
        LongAdder adder = dropped.get(cause);
        if (adder == null) {
            throw new IllegalStateException("no counter for " + cause);
        }
        return adder;
    }
}
