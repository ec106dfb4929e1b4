// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.ArrayDeque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/// The messages of QoS 1 and 2 that wait for one session, oldest first, bounded by count and bytes. Messages in
/// flight are not in it. Owned by the session's owner.
final class OutboundQueue {

    private final ArrayDeque<Delivery> waiting = new ArrayDeque<>(0);
    private long bytes;

    /// Adds `delivery`, or makes room by `limits`. Returns the delivery that is lost, which may be `delivery`
    /// itself, or null if none is. With drop-oldest and a byte bound several may have to go: call again until
    /// nothing is returned or `delivery` itself is.
    @Nullable
    Delivery offer(Delivery delivery, SessionLimits limits) {
        int weight = delivery.message().weightBytes();
        if (waiting.size() < limits.queueMessages() && bytes + weight <= limits.queueBytes()) {
            waiting.addLast(delivery);
            bytes += weight;
            return null;
        }
        if (limits.overflow() == OverflowRule.DROP_NEWEST || weight > limits.queueBytes()) {
            return delivery;
        }
        Delivery oldest = poll();
        return oldest == null ? delivery : oldest;
    }

    @Nullable
    Delivery peek() {
        return waiting.peekFirst();
    }

    @Nullable
    Delivery poll() {
        Delivery first = waiting.pollFirst();
        if (first != null) {
            bytes -= first.message().weightBytes();
        }
        return first;
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    int size() {
        return waiting.size();
    }

    long bytes() {
        return bytes;
    }

    Iterator<Delivery> iterator() {
        return waiting.iterator();
    }

    void clear() {
        waiting.clear();
        bytes = 0;
    }
}
