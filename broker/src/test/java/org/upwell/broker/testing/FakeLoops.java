// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.testing;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.owner.Loop;

/// Several event loops and their clock, run by hand on one thread. Time stands still until [#advance].
public final class FakeLoops implements InstantSource {

    /// More steps than any test needs: beyond, two loops give each other work for ever.
    private static final int MAX_STEPS = 1_000_000;

    private static final class Timer {
        private final FakeLoop loop;
        private final long dueMillis;
        private final long order;
        private final Runnable task;

        private Timer(FakeLoop loop, long dueMillis, long order, Runnable task) {
            this.loop = loop;
            this.dueMillis = dueMillis;
            this.order = order;
            this.task = task;
        }
    }

    private final List<FakeLoop> all = new ArrayList<>();
    private final PriorityQueue<Timer> timers = new PriorityQueue<>(
            Comparator.<Timer>comparingLong(timer -> timer.dueMillis).thenComparingLong(timer -> timer.order));
    private @Nullable FakeLoop current;
    private long nowMillis = 1_700_000_000_000L;
    private long nextOrder;

    public FakeLoops(int count) {
        for (int i = 0; i < count; i++) {
            all.add(new FakeLoop(this));
        }
    }

    public FakeLoop get(int index) {
        return all.get(index);
    }

    public List<FakeLoop> all() {
        return List.copyOf(all);
    }

    boolean isCurrent(FakeLoop loop) {
        return current == loop;
    }

    void runAs(FakeLoop loop, Runnable task) {
        FakeLoop before = current;
        current = loop;
        try {
            task.run();
        } finally {
            current = before;
        }
    }

    Loop.Cancellation schedule(FakeLoop loop, Duration delay, Runnable task) {
        Timer timer = new Timer(loop, nowMillis + delay.toMillis(), nextOrder++, task);
        timers.add(timer);
        return () -> timers.remove(timer);
    }

    /// Runs everything that waits, loop after loop, until nothing does.
    public void settle() {
        int steps = 0;
        boolean ran = true;
        while (ran) {
            ran = false;
            for (FakeLoop loop : all) {
                while (loop.runNext()) {
                    ran = true;
                    countStep(++steps);
                }
            }
        }
    }

    /// Runs everything that waits, taking a random loop for each step.
    public void settle(Random random) {
        int steps = 0;
        while (step(random)) {
            countStep(++steps);
        }
    }

    private static void countStep(int steps) {
        if (steps > MAX_STEPS) {
            throw new AssertionError("the loops never come to rest");
        }
    }

    /// Runs one task of a random loop that has one. False if none has.
    public boolean step(Random random) {
        List<FakeLoop> busy = all.stream().filter(loop -> loop.waiting() > 0).toList();
        return !busy.isEmpty() && busy.get(random.nextInt(busy.size())).runNext();
    }

    /// Lets time pass, running each timer at its moment and what follows from it.
    public void advance(Duration time) {
        settle();
        long until = nowMillis + time.toMillis();
        for (Timer next = timers.peek(); next != null && next.dueMillis <= until; next = timers.peek()) {
            timers.remove(next);
            nowMillis = Math.max(nowMillis, next.dueMillis);
            runAs(next.loop, next.task);
            settle();
        }
        nowMillis = until;
    }

    /// Timers that wait.
    public int timers() {
        return timers.size();
    }

    @Override
    public Instant instant() {
        return Instant.ofEpochMilli(nowMillis);
    }

    @Override
    public long millis() {
        return nowMillis;
    }
}
