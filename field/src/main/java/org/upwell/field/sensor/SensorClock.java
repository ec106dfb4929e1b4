// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.sensor;

import java.util.function.LongSupplier;

/// The sensor's clock: 1999-11-30 plus uptime until somebody sets it. Runs on a monotonic nanosecond counter, so that
/// the real time of the machine never leaks into a sensor. Owned by the sensor's thread.
public final class SensorClock {
    /// 1999-11-30T00:00:00Z.
    public static final long POWER_ON_EPOCH_SECONDS = 943_920_000L;

    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final long NANOS_PER_MILLI = 1_000_000L;

    private final LongSupplier nanoTime;
    private long originNanos;
    private long originEpochSeconds;

    public SensorClock(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        restart();
    }

    /// As after power-on.
    void restart() {
        originNanos = nanoTime.getAsLong();
        originEpochSeconds = POWER_ON_EPOCH_SECONDS;
    }

    void set(long epochSeconds, long millis) {
        originNanos = nanoTime.getAsLong() - millis * NANOS_PER_MILLI;
        originEpochSeconds = epochSeconds;
    }

    public long epochSeconds() {
        return originEpochSeconds + Math.floorDiv(nanoTime.getAsLong() - originNanos, NANOS_PER_SECOND);
    }

    /// Zero or less when that second has come.
    long nanosUntil(long epochSecond) {
        return (epochSecond - originEpochSeconds) * NANOS_PER_SECOND - (nanoTime.getAsLong() - originNanos);
    }
}
