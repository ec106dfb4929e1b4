// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/// What the NIC measures itself, as text: `/time`, `/battery`, `/signal`, `/power`. The values may be set from any
/// thread; each is `<epoch s>[,<value>,<unit>]`.
final class OwnResources {
    static final List<String> PATHS = List.of("/time", "/battery", "/signal", "/power");

    private static final int TEXT = 0;

    private final InstantSource clock;
    private volatile int batteryPercent = 100;
    private volatile int signalDbm = -70;
    private volatile boolean mainsPower = true;

    OwnResources(InstantSource clock) {
        this.clock = clock;
    }

    Optional<Reading> read(String path) {
        long now = clock.instant().getEpochSecond();
        String text = switch (path) {
            case "/time" -> Long.toString(now);
            case "/battery" -> now + "," + batteryPercent + ",%";
            case "/signal" -> now + "," + signalDbm + ",dBm";
            case "/power" -> now + "," + (mainsPower ? "mains" : "lost");
            default -> "";
        };
        return text.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new Reading(text.getBytes(StandardCharsets.US_ASCII), TEXT, Reading.DEFAULT_MAX_AGE_SECONDS));
    }

    /// True if that is a change.
    boolean batteryPercent(int percent) {
        boolean changed = batteryPercent != percent;
        batteryPercent = percent;
        return changed;
    }

    /// True if that is a change.
    boolean signalDbm(int dbm) {
        boolean changed = signalDbm != dbm;
        signalDbm = dbm;
        return changed;
    }

    void mainsPower(boolean on) {
        mainsPower = on;
    }
}
