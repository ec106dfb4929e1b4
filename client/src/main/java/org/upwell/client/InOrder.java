// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Runs what follows on stages in the order in which they were added, whichever completes first. Owned by one event
/// loop; a stage may complete on any thread. One that is complete and has nothing before it costs nothing.
final class InOrder<T> {

    /// What to do with an item once its stage is complete; `fault` is null if it succeeded.
    @FunctionalInterface
    interface Follower<T> {

        void follow(T item, @Nullable Throwable fault);
    }

    private record Waiting<T>(T item, CompletableFuture<?> stage) {}

    private final EventExecutor owner;
    private final Follower<T> follower;
    private final Deque<Waiting<T>> waiting = new ArrayDeque<>();
    private final AtomicBoolean drainDue = new AtomicBoolean();

    InOrder(EventExecutor owner, Follower<T> follower) {
        this.owner = owner;
        this.follower = follower;
    }

    void add(T item, CompletionStage<?> stage) {
        CompletableFuture<?> future = stage.toCompletableFuture();
        boolean first = waiting.isEmpty();
        if (first && future.isDone()) {
            follower.follow(item, faultOf(future));
            return;
        }
        waiting.add(new Waiting<>(item, future));
        // The first may have completed since it was asked, and then nobody else would drain it.
        if (first || !future.isDone()) {
            var _ = future.whenComplete((value, fault) -> {
                if (owner.inEventLoop()) {
                    drain();
                } else if (drainDue.compareAndSet(false, true)) {
                    // Stages often complete together: one task takes them all.
                    owner.execute(this::drainDue);
                }
            });
        }
    }

    /// Forgets all that wait; their stages may still complete, without effect.
    void clear() {
        waiting.clear();
    }

    private void drainDue() {
        // First, so that a stage which completes meanwhile is seen here or has a task of its own.
        drainDue.set(false);
        drain();
    }

    private void drain() {
        Waiting<T> head = waiting.peek();
        while (head != null && head.stage.isDone()) {
            waiting.poll();
            follower.follow(head.item, faultOf(head.stage));
            head = waiting.peek();
        }
    }

    private static @Nullable Throwable faultOf(CompletableFuture<?> done) {
        return switch (done.state()) {
            case FAILED -> done.exceptionNow();
            case CANCELLED -> new CancellationException("cancelled");
            case SUCCESS, RUNNING -> null;
        };
    }
}
