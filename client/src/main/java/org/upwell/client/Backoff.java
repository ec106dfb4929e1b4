// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import java.time.Duration;
import java.util.random.RandomGenerator;

/// The delays between attempts to connect. Owned by one event loop; reads no clock.
final class Backoff {

    private final Reconnect reconnect;
    private final RandomGenerator random;
    private Duration next;
    private Duration last = Duration.ZERO;

    Backoff(Reconnect reconnect, RandomGenerator random) {
        this.reconnect = reconnect;
        this.random = random;
        this.next = reconnect.minDelay();
    }

    /// The delay before the next attempt, between half and all of the current step.
    Duration nextDelay() {
        Duration step = next;
        Duration doubled = step.multipliedBy(2);
        next = doubled.compareTo(reconnect.maxDelay()) < 0 ? doubled : reconnect.maxDelay();
        last = step.minusNanos((long) (random.nextDouble() * step.toNanos() / 2));
        return last;
    }

    /// A connection ended that had lasted for `upTime`. Only one that outlived the delay before it starts the steps
    /// anew: a server that accepts and drops us at once would else be asked at the fastest pace for ever.
    void onConnectionEnded(Duration upTime) {
        if (upTime.compareTo(last) >= 0) {
            next = reconnect.minDelay();
        }
    }
}
