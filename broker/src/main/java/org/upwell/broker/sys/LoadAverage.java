// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.sys;

import java.time.Duration;
import java.util.Locale;

/// How much of something came per minute of late: an average in which what was longer ago counts less. Owned as
/// [SystemTopics] is.
final class LoadAverage {

    private static final double MINUTE = Duration.ofMinutes(1).toSeconds();

    private final double seconds;
    private long lastTotal;
    private double perMinute;

    /// @param over after this time what came before counts for a third
    LoadAverage(Duration over) {
        this.seconds = over.toSeconds();
    }

    /// @param total of all that came so far
    /// @param elapsed since the last call
    void update(long total, Duration elapsed) {
        double passed = elapsed.toNanos() / 1e9;
        if (passed <= 0) {
            return;
        }
        double now = (total - lastTotal) * MINUTE / passed;
        perMinute += (1 - Math.exp(-passed / seconds)) * (now - perMinute);
        lastTotal = total;
    }

    /// With two decimals.
    String text() {
        return String.format(Locale.ROOT, "%.2f", perMinute);
    }
}
