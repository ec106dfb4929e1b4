// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.session.Delivery;

/// The messages of QoS 0 that wait for one connection that cannot take them now, bounded by bytes: each connection
/// has room of its own, and for a burst borrows from what all share. Owned by the connection's event loop.
final class WaitingQos0 {

    /// Room is borrowed in pieces of at least as many bytes, since others want it too.
    static final long BORROWED_AT_ONCE = 64 << 10;

    /// What a message takes in memory besides what it weighs: a small one mostly that.
    static final int MESSAGE_OVERHEAD = 100;

    /// Most that one connection may borrow, as a multiple of its own room.
    static final int MOST_BORROWED = 32;

    private final SharedRoom room;
    private final Deque<Delivery> waiting = new ArrayDeque<>(0);
    private long bytes;
    private long borrowed;
    /// Room of its own when it last looked.
    private long ownRoom;

    WaitingQos0(SharedRoom room) {
        this.room = room;
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /// Adds a message if there is room for it. False if there is none.
    ///
    /// @param own bytes that this connection has for itself
    boolean offer(Delivery delivery, long own) {
        long all = bytes + bytesOf(delivery);
        if (!hasRoom(all, own)) {
            return false;
        }
        waiting.addLast(delivery);
        bytes = all;
        return true;
    }

    private static long bytesOf(Delivery delivery) {
        return delivery.message().weightBytes() + (long) MESSAGE_OVERHEAD;
    }

    /// Takes the oldest message, null if none waits.
    @Nullable
    Delivery poll() {
        Delivery next = waiting.pollFirst();
        if (next == null) {
            return null;
        }
        bytes -= bytesOf(next);
        // Not the last piece, lest it be borrowed and given back with every message.
        long needless = borrowed - Math.max(0, bytes - ownRoom) - BORROWED_AT_ONCE;
        if (waiting.isEmpty()) {
            giveBack(borrowed);
        } else if (needless >= BORROWED_AT_ONCE) {
            giveBack(needless);
        }
        return next;
    }

    void clear() {
        waiting.clear();
        bytes = 0;
        giveBack(borrowed);
    }

    private boolean hasRoom(long wanted, long own) {
        ownRoom = own;
        long missing = wanted - own - borrowed;
        if (missing <= 0) {
            return true;
        }
        long piece = Math.max(missing, BORROWED_AT_ONCE);
        if (borrowed + piece > MOST_BORROWED * own || !room.take(piece)) {
            return false;
        }
        borrowed += piece;
        return true;
    }

    private void giveBack(long noLonger) {
        room.giveBack(noLonger);
        borrowed -= noLonger;
    }
}
