// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import org.upwell.app.observation.ObservationStore;

/// How much is kept of what consumers write back about their devices.
///
/// @param perDevice the newest so many of each device
/// @param bytes of all tenants' devices together
public record ObservationsConfig(int perDevice, long bytes) {
    private static final int MAX_PER_DEVICE = 1_000_000;
    private static final long MIN_BYTES = 1 << 20;
    private static final long MAX_BYTES = 64L << 30;

    public static final ObservationsConfig DEFAULT = new ObservationsConfig(
            ObservationStore.Limits.DEFAULT.perDevice(), ObservationStore.Limits.DEFAULT.bytes());

    static ObservationsConfig read(Section section) {
        int perDevice = section.integer("per-device", DEFAULT.perDevice, 1, MAX_PER_DEVICE);
        long bytes = section.size("memory", DEFAULT.bytes, MIN_BYTES, MAX_BYTES);
        section.refuseUnknownKeys();
        return new ObservationsConfig(perDevice, bytes);
    }

    public ObservationStore.Limits limits() {
        return new ObservationStore.Limits(perDevice, bytes);
    }
}
