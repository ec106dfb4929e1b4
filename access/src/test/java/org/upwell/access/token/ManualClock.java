// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.token;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/// A clock that moves when told. Moved by one thread, read by any.
public final class ManualClock implements InstantSource {

    private volatile Instant now = Instant.parse("2026-11-22T12:00:00.123Z");

    public void advance(Duration by) {
        now = now.plus(by);
    }

    @Override
    public Instant instant() {
        return now;
    }
}
