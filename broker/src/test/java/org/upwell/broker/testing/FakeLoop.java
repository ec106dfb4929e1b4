// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.testing;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.upwell.broker.owner.Loop;

/// An event loop that runs its tasks when [FakeLoops] says so, all on the test's thread.
public final class FakeLoop implements Loop {

    private final FakeLoops loops;
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private int givenFromElsewhere;

    FakeLoop(FakeLoops loops) {
        this.loops = loops;
    }

    @Override
    public boolean isCurrentThread() {
        return loops.isCurrent(this);
    }

    @Override
    public void execute(Runnable task) {
        if (!isCurrentThread()) {
            givenFromElsewhere++;
        }
        tasks.addLast(task);
    }

    @Override
    public Cancellation schedule(Duration delay, Runnable task) {
        return loops.schedule(this, delay, task);
    }

    /// Runs `task` now as this loop.
    public void run(Runnable task) {
        loops.runAs(this, task);
    }

    /// Runs the oldest task. False if there is none.
    public boolean runNext() {
        Runnable next = tasks.pollFirst();
        if (next == null) {
            return false;
        }
        run(next);
        return true;
    }

    /// Tasks that wait.
    public int waiting() {
        return tasks.size();
    }

    /// How often another loop woke this one: each time would be a system call.
    public int wakeUps() {
        return givenFromElsewhere;
    }
}
