// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.loop;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.function.BooleanSupplier;

/// A loop whose time moves only when a test says so. Tasks run inside [#run()] and [#advance].
public final class ManualLoop implements Loop {
    private record Entry(long dueNanos, long order, Runnable task) {}

    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final PriorityQueue<Entry> timers =
            new PriorityQueue<>(Comparator.comparingLong(Entry::dueNanos).thenComparingLong(Entry::order));
    /// As far from zero as the real one may be.
    private long nowNanos = Duration.ofDays(400).toNanos();
    private long order;

    @Override
    public long nanoTime() {
        return nowNanos;
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public Timer after(Duration delay, Runnable task) {
        Entry entry = new Entry(nowNanos + delay.toNanos(), order++, task);
        timers.add(entry);
        return () -> timers.remove(entry);
    }

    /// Everything that is ready now.
    public void run() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    public void advance(Duration duration) {
        advanceUntil(duration, () -> false);
    }

    /// Whether the condition came true within the time.
    public boolean advanceUntil(Duration atMost, BooleanSupplier condition) {
        long endNanos = nowNanos + atMost.toNanos();
        run();
        while (!condition.getAsBoolean()) {
            Entry next = timers.peek();
            if (next == null || next.dueNanos() > endNanos) {
                nowNanos = endNanos;
                run();
                return condition.getAsBoolean();
            }
            timers.remove(next);
            nowNanos = Math.max(nowNanos, next.dueNanos());
            next.task().run();
            run();
        }
        return true;
    }

    public int pendingTimers() {
        return timers.size();
    }
}
