// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.time.Duration;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.owner.Loop;
import org.upwell.broker.owner.Owner;

/// Watches that a client is heard of within its keep-alive: that packets come, not just bytes. Looks when the time
/// could be up and not at each packet. Owned by the connection's event loop.
final class KeepAlive {

    /// [MQTT-3.1.2-22]: the client is given half as long again.
    private static final double GRACE = 1.5;

    private final Owner owner;
    private final InboundLine line;
    private final LongConsumer onSilence;
    private Loop.@Nullable Cancellation timer;
    private boolean onlyUnfinished;

    /// @param onSilence told once, with the milliseconds of silence, when the client was silent for too long
    KeepAlive(Owner owner, InboundLine line, LongConsumer onSilence) {
        this.owner = owner;
        this.line = line;
        this.onSilence = onSilence;
    }

    /// @param seconds as agreed with the client; 0 for a watch over packets that do not end and nothing else
    /// @param mostSeconds greatest keep-alive, which holds for those
    void start(int seconds, int mostSeconds) {
        onlyUnfinished = seconds == 0;
        watch((long) ((onlyUnfinished ? mostSeconds : seconds) * GRACE * 1000));
    }

    private void watch(long graceMillis) {
        boolean maySleep = onlyUnfinished && (line.isHeld() || !line.hasUnread());
        long silentMillis = maySleep ? 0 : line.silentMillis();
        long leftMillis = graceMillis - silentMillis;
        if (leftMillis <= 0) {
            onSilence.accept(silentMillis);
            return;
        }
        timer = owner.schedule(Duration.ofMillis(leftMillis), () -> {
            if (timer != null) {
                watch(graceMillis);
            }
        });
    }

    void stop() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }
}
