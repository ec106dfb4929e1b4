// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.upwell.access.Mac;

/// Holds the thread that writes a quarantine's file, as a slow disk does.
public final class QuarantineBrake implements AutoCloseable {

    private final CountDownLatch released = new CountDownLatch(1);
    private int messages;

    /// Held when this returns. Leaves some messages of `mac` in the quarantine.
    public QuarantineBrake(Quarantine quarantine, Mac mac) {
        Thread here = Thread.currentThread();
        AtomicBoolean missed = new AtomicBoolean(true);
        while (missed.getAndSet(false)) {
            NotificationId id = new NotificationId(mac, "/brake", 1, ++messages);
            CompletionStage<?> kept =
                    quarantine.hold(new BubbleUp("read", id, new byte[1])).orElseThrow();
            CompletionStage<?> _ = kept.thenRun(() -> {
                if (Thread.currentThread() == here) {
                    // Written before we could say what to do then; once more.
                    missed.set(true);
                } else {
                    hold();
                }
            });
        }
    }

    private void hold() {
        try {
            released.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /// How many messages it has put into the quarantine.
    public int messages() {
        return messages;
    }

    @Override
    public void close() {
        released.countDown();
    }
}
