// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.loop;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// A loop on a thread of its own. A task that throws is reported and takes nothing else with it. After [#close()] tasks
/// are dropped.
public final class LoopThread implements Loop, AutoCloseable {
    private final ScheduledThreadPoolExecutor executor;
    private final Consumer<RuntimeException> onFailure;

    /// @param onFailure told of what a task threw, on the loop
    public LoopThread(String name, Consumer<RuntimeException> onFailure) {
        this.onFailure = onFailure;
        this.executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public void execute(Runnable task) {
        try {
            executor.execute(guarded(task));
        } catch (RejectedExecutionException _) {
            // Closed: nobody is left to care.
        }
    }

    @Override
    public Timer after(Duration delay, Runnable task) {
        try {
            Future<?> future = executor.schedule(guarded(task), delay.toNanos(), TimeUnit.NANOSECONDS);
            return () -> future.cancel(false);
        } catch (RejectedExecutionException _) {
            return () -> {};
        }
    }

    /// What is ready runs first, so that owners can close what they own; timers do not.
    @Override
    public void close() {
        execute(executor::shutdownNow);
    }

    private Runnable guarded(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                onFailure.accept(e);
            }
        };
    }
}
