// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.time.InstantSource;

/// The time in whole seconds, for what is noted with every message: reading it is reading a field. Moved on by one
/// timer of the broker; any thread.
public final class Ticks {

    private final InstantSource clock;
    private volatile int seconds;

    public Ticks(InstantSource clock) {
        this.clock = clock;
        advance();
    }

    /// Takes the time from the clock.
    public void advance() {
        seconds = (int) (clock.millis() / 1000);
    }

    /// Seconds since the epoch; good until 2038.
    int seconds() {
        return seconds;
    }
}
