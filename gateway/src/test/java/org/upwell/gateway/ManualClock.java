// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/// A clock that moves when told.
public final class ManualClock implements InstantSource {

    private volatile Instant now = Instant.parse("2026-11-22T10:15:30Z");

    @Override
    public Instant instant() {
        return now;
    }

    public synchronized void advance(Duration step) {
        now = now.plus(step);
    }
}
