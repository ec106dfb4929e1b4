// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.util.concurrent.atomic.AtomicLong;

/// Memory that connections share beyond what each has of its own: for QoS 0 messages that wait, where a burst for
/// one subscriber is kept while few need it, and many slow ones together cannot fill the memory; for what comes
/// before a client is admitted; and for packets that clients have begun and not ended. Any thread.
final class SharedRoom {

    private final AtomicLong free;

    /// @param bytes for all connections together
    SharedRoom(long bytes) {
        this.free = new AtomicLong(bytes);
    }

    /// Takes room, to be given back. False if there is not as much.
    boolean take(long bytes) {
        long before;
        do {
            before = free.get();
            if (before < bytes) {
                return false;
            }
        } while (!free.compareAndSet(before, before - bytes));
        return true;
    }

    void giveBack(long bytes) {
        free.addAndGet(bytes);
    }
}
