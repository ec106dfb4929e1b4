// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A thread of its own.
final class BackgroundThread implements Background {

    private static final Logger LOG = LoggerFactory.getLogger(BackgroundThread.class);

    private final ScheduledThreadPoolExecutor executor;

    /// @param finishes true to do what waits even when stopped
    BackgroundThread(String name, boolean finishes) {
        executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(finishes);
    }

    @Override
    public void execute(Runnable task) {
        executeAfter(0, task);
    }

    @Override
    public void executeAfter(long nanos, Runnable task) {
        Runnable guarded = () -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                LOG.error("work of the journal failed", e);
            }
        };
        try {
            if (nanos == 0) {
                executor.execute(guarded);
            } else {
                ScheduledFuture<?> _ = executor.schedule(guarded, nanos, TimeUnit.NANOSECONDS);
            }
        } catch (RejectedExecutionException e) {
            LOG.debug("the journal is being closed, work is left undone", e);
        }
    }

    @Override
    public void stop() {
        executor.shutdown();
        boolean interrupted = false;
        while (true) {
            try {
                if (executor.awaitTermination(1, TimeUnit.MINUTES)) {
                    break;
                }
            } catch (InterruptedException e) {
                // The files must not be closed under a reader.
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
