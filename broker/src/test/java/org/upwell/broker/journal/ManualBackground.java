// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.util.ArrayDeque;
import java.util.Deque;

/// Does its work when the test says so, on the test's thread.
final class ManualBackground implements Background {

    private final Deque<Runnable> tasks = new ArrayDeque<>();

    @Override
    public void execute(Runnable task) {
        tasks.addLast(task);
    }

    @Override
    public void executeAfter(long nanos, Runnable task) {
        tasks.addLast(task);
    }

    boolean isEmpty() {
        return tasks.isEmpty();
    }

    /// Runs the oldest task. False if there is none.
    boolean runNext() {
        Runnable next = tasks.pollFirst();
        if (next == null) {
            return false;
        }
        next.run();
        return true;
    }

    @Override
    public void stop() {
        tasks.clear();
    }
}
