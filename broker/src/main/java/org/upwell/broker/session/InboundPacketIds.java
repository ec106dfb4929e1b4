// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Packet ids of QoS 2 messages that the client sent and has not released ([MQTT-4.3.3-10]): a PUBLISH with one of
/// these is a repeat. An id is taken at receipt and marked once its message is committed, so that a repeat of an
/// uncommitted first gets no PUBREC before its time. Owned by the session's owner.
public final class InboundPacketIds {

    private @Nullable BitSet taken;
    private @Nullable BitSet committed;
    /// What waits for a commit, by id; few ever do.
    private @Nullable Map<Integer, Runnable> awaited;

    /// Takes an id. False if it was taken already.
    public boolean take(int packetId) {
        BitSet ids = taken;
        if (ids == null) {
            ids = new BitSet();
            taken = ids;
        }
        if (ids.get(packetId)) {
            return false;
        }
        ids.set(packetId);
        return true;
    }

    public boolean isTaken(int packetId) {
        return taken != null && taken.get(packetId);
    }

    /// Marks an id whose message is committed. Without effect if it was released in the meantime, lest the next
    /// message under that id seem committed before it is.
    public void commit(int packetId) {
        if (!isTaken(packetId)) {
            return;
        }
        BitSet ids = committed;
        if (ids == null) {
            ids = new BitSet();
            committed = ids;
        }
        ids.set(packetId);
        Runnable step = awaited == null ? null : awaited.remove(packetId);
        if (step != null) {
            step.run();
        }
    }

    /// Has `step` run when the message of an id that is taken is committed, at once if it is. It takes the place of
    /// one that waits already, since only the latest connection has something to say; it never runs if the id is
    /// released before.
    public void whenCommitted(int packetId, Runnable step) {
        if (isCommitted(packetId)) {
            step.run();
            return;
        }
        Map<Integer, Runnable> steps = awaited;
        if (steps == null) {
            steps = HashMap.newHashMap(1);
            awaited = steps;
        }
        steps.put(packetId, step);
    }

    public boolean isCommitted(int packetId) {
        return committed != null && committed.get(packetId);
    }

    /// Gives an id free. False if it was not taken.
    public boolean release(int packetId) {
        if (!isTaken(packetId)) {
            return false;
        }
        if (taken != null) {
            taken.clear(packetId);
        }
        if (committed != null) {
            committed.clear(packetId);
        }
        if (awaited != null) {
            awaited.remove(packetId);
        }
        return true;
    }

    /// Number of ids taken.
    public int size() {
        return taken == null ? 0 : taken.cardinality();
    }
}
