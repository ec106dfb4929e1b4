// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.store.StoreException;

/// Packet ids of QoS 2 messages that the client sent and has not released ([MQTT-4.3.3-10]): a PUBLISH with one of
/// these is a repeat. An id is taken at receipt and marked once its message is committed, so that a repeat of an
/// uncommitted first gets no PUBREC before its time. Owned by the session's owner.
public final class InboundPacketIds {

    private @Nullable BitSet taken;
    private @Nullable BitSet committed;
    /// What waits for a commit, by id; few ever do.
    private @Nullable Map<Integer, Outcome> awaited;

    /// What comes of a message.
    public interface Outcome {

        void committed();

        /// The store did not take it; its id is free.
        void refused(StoreException cause);
    }

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
        Outcome waiting = awaited == null ? null : awaited.remove(packetId);
        if (waiting != null) {
            waiting.committed();
        }
    }

    /// Has `outcome` told what comes of the message of an id that is taken, at once if it is committed. It takes
    /// the place of one that waits already, since only the latest connection has something to say; it is told
    /// nothing if the id is released before.
    public void await(int packetId, Outcome outcome) {
        if (isCommitted(packetId)) {
            outcome.committed();
            return;
        }
        Map<Integer, Outcome> all = awaited;
        if (all == null) {
            all = HashMap.newHashMap(1);
            awaited = all;
        }
        all.put(packetId, outcome);
    }

    /// Gives an id free whose message the store did not take. Without effect if it was released in the meantime.
    public void refuse(int packetId, StoreException cause) {
        Outcome waiting = awaited == null ? null : awaited.remove(packetId);
        release(packetId);
        if (waiting != null) {
            waiting.refused(cause);
        }
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
