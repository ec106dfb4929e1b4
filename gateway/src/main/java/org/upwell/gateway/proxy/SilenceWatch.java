// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// Notices when a device that is observed has said nothing for longer than its last word holds (RFC 7641 §3.3.1): its
/// relation may have ended without a word, for instance with a confirmable notification that got lost for good.
///
/// Devices are not registered with all at once, so some of the time is random. And those that speak only when something
/// happens are silent for good reason: each time in vain doubles the patience. Guarded by the lock of
/// [ObserveRelations].
final class SilenceWatch {

    private static final Duration LONGEST = Duration.ofMinutes(15);
    private static final int MAX_DOUBLINGS = 20;

    private final ObserveRelations.Clockwork clockwork;
    private final Runnable tooLong;
    private Duration maxAge = Duration.ZERO;
    private int inVain;
    private long dueNanos;
    private @Nullable Future<?> timer;

    /// @param tooLong called on the timer's thread, without the lock
    SilenceWatch(ObserveRelations.Clockwork clockwork, Runnable tooLong) {
        this.clockwork = clockwork;
        this.tooLong = tooLong;
    }

    /// The device has said something new that holds for `validity`.
    void heard(Duration validity) {
        maxAge = validity;
        inVain = 0;
        waitAgain();
    }

    /// Waits on, after the device was asked and said nothing new, or nothing at all.
    void waitAgain() {
        stop();
        long silenceNanos = clockwork.silence().toNanos();
        long onceNanos =
                maxAge.toNanos() + silenceNanos + ThreadLocalRandom.current().nextLong(2 * silenceNanos + 1);
        long longestNanos = Math.max(onceNanos, LONGEST.toNanos());
        long nanos = onceNanos > longestNanos >> inVain ? longestNanos : onceNanos << inVain;
        dueNanos = clockwork.nanoClock().getAsLong() + nanos;
        timer = clockwork.after(Duration.ofNanos(nanos), tooLong);
    }

    /// Whether the time is really over; a timer that was stopped may run once more.
    boolean isOver() {
        return timer != null && clockwork.nanoClock().getAsLong() - dueNanos >= 0;
    }

    /// The device is asked now.
    void asked() {
        inVain = Math.min(inVain + 1, MAX_DOUBLINGS);
    }

    void stop() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }
}
