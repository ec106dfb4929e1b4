// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.sensor;

/// The firmware versions in the field whose behaviour differs on the wire (field protocol §6, §7).
public enum Firmware {
    V1_4_5("1.4.5", 2, true),
    V1_4_8("1.4.8", 60, false);

    private final String version;
    private final int contentFormat;
    private final boolean overwritesPending;

    Firmware(String version, int contentFormat, boolean overwritesPending) {
        this.version = version;
        this.contentFormat = contentFormat;
        this.overwritesPending = overwritesPending;
    }

    public String version() {
        return version;
    }

    /// Content-Format of readings.
    int contentFormat() {
        return contentFormat;
    }

    /// While a message waits: true overwrites it and pulses again, false discards the new one.
    boolean overwritesPending() {
        return overwritesPending;
    }

    public static Firmware of(String version) {
        for (Firmware firmware : values()) {
            if (firmware.version.equals(version)) {
                return firmware;
            }
        }
        throw new IllegalArgumentException("firmware '" + version + "' is unknown; known are 1.4.8 and 1.4.5");
    }
}
