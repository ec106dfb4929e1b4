// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.californium.elements.util.DaemonThreadFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The one thread on which a listener's endpoints handle messages, with their timers. Safe for all threads.
///
/// A message takes two or three tasks, and a pool with timers sorts each task among them, under a lock that it
/// shares with whoever submits, and wakes its thread for each. So tasks without a time wait in a queue of their own
/// here, in their order, and one task of the pool runs all that have come.
final class ProtocolStage extends ScheduledThreadPoolExecutor {

    private static final Logger LOG = LoggerFactory.getLogger(ProtocolStage.class);

    /// After so many, timers that are due have their turn.
    private static final int MAX_AT_ONCE = 256;

    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicBoolean runDue = new AtomicBoolean();

    ProtocolStage(String threadName) {
        super(1, new DaemonThreadFactory(threadName));
        // Most timers wait for an answer that comes.
        setRemoveOnCancelPolicy(true);
        // What is due after the end does not hold it up.
        setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /// Tasks that wait. Timers do not: they wait for their time and not for the thread, and a listener that sends
    /// to many peers that are silent has tens of thousands of them, while it has hardly anything to do.
    int backlog() {
        return waiting.get();
    }

    @Override
    public void execute(Runnable task) {
        if (isShutdown()) {
            throw new RejectedExecutionException("the stage has ended");
        }
        waiting.incrementAndGet();
        tasks.add(task);
        wake();
    }

    private void wake() {
        if (runDue.compareAndSet(false, true)) {
            super.execute(this::runTasks);
        }
    }

    private void runTasks() {
        // First, so that a task which comes meanwhile is seen here or wakes us again.
        runDue.set(false);
        for (int i = 0; i < MAX_AT_ONCE; i++) {
            Runnable task = tasks.poll();
            if (task == null) {
                return;
            }
            waiting.decrementAndGet();
            run(task);
        }
        if (!isShutdown()) {
            wake();
        }
    }

    private static void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException fault) {
            LOG.error("a task of the stage failed", fault);
        }
    }
}
