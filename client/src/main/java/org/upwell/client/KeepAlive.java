// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Sends PINGREQ when one direction has been silent for three quarters of the keep alive, and reports a peer that
/// gives no sign of life after one. Any packet counts as a sign: PINGRESP may stand behind many others. Owned by
/// one event loop, whose timer it sets once per interval, whatever the traffic.
final class KeepAlive {

    /// What to do; on the event loop.
    interface Actions {

        void ping();

        void onPeerSilent();
    }

    private final EventExecutor owner;
    private final Actions actions;
    private final long intervalNanos;
    private final long timeoutNanos;
    private long readNanos;
    private long writeNanos;
    private long pingNanos;
    private boolean pinged;
    private @Nullable Future<?> timer;

    KeepAlive(EventExecutor owner, Duration keepAlive, Duration timeout, Actions actions) {
        this.owner = owner;
        this.actions = actions;
        this.intervalNanos = keepAlive.toNanos() / 4 * 3;
        this.timeoutNanos = timeout.toNanos();
    }

    void start() {
        long now = System.nanoTime();
        readNanos = now;
        writeNanos = now;
        if (intervalNanos > 0) {
            schedule(intervalNanos);
        }
    }

    void stop() {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    void onRead() {
        readNanos = System.nanoTime();
        pinged = false;
    }

    void onWrite() {
        writeNanos = System.nanoTime();
    }

    private void schedule(long delayNanos) {
        timer = owner.schedule(this::check, delayNanos, TimeUnit.NANOSECONDS);
    }

    private void check() {
        long now = System.nanoTime();
        if (pinged && now - pingNanos >= timeoutNanos) {
            actions.onPeerSilent();
            return;
        }
        // [MQTT-3.1.2-20], [MQTT3-3.1.2-23]
        if (silence(now) >= intervalNanos) {
            if (!pinged) {
                pinged = true;
                pingNanos = now;
            }
            writeNanos = now;
            actions.ping();
        }
        long next = intervalNanos - silence(now);
        schedule(pinged ? Math.min(next, pingNanos + timeoutNanos - now) : next);
    }

    /// Until the answer to a PINGREQ is overdue, only our own silence matters.
    private long silence(long now) {
        return pinged ? now - writeNanos : Math.max(now - readNanos, now - writeNanos);
    }
}
