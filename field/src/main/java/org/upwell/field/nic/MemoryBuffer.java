// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// A buffer that a restart of the NIC empties. Owned by the NIC's loop.
final class MemoryBuffer implements NotificationBuffer {
    private final Deque<Notification> waiting = new ArrayDeque<>();
    private final int limit;

    MemoryBuffer(int limit) {
        this.limit = limit;
    }

    @Override
    public @Nullable Notification add(Notification notification) {
        waiting.add(notification);
        return waiting.size() > limit ? waiting.poll() : null;
    }

    @Override
    public @Nullable Notification first() {
        return waiting.peek();
    }

    @Override
    public void removeFirst() {
        waiting.poll();
    }

    boolean isFull() {
        return waiting.size() >= limit;
    }

    /// Takes one in whatever the limit; for those that read back what was decided before.
    void restore(Notification notification) {
        waiting.add(notification);
    }

    /// In order, for those that write them down.
    Iterable<Notification> all() {
        return waiting;
    }

    @Override
    public int size() {
        return waiting.size();
    }

    @Override
    public void close() {}
}
