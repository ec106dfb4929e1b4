// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.sensor;

import java.time.Duration;

/// One sensor type: what a device developer writes. All calls come from the sensor's own thread; none may block.
public interface SensorDriver {
    /// What became of a new configuration.
    enum Verdict {
        /// 2.04.
        ACCEPTED,
        /// 5.01: there is no such setting.
        UNKNOWN_SETTING,
        /// 4.06: the value is no good.
        BAD_VALUE
    }

    /// The last segment of the path and the type in the CBOR wrapper, for example `temp`.
    String type();

    /// How often observers are told, in whole seconds; zero: only when something happens.
    Duration period();

    /// The reading, for `?sens` and for notifications. At most 119 bytes for a type of three letters.
    byte[] read(long epochSeconds);

    /// Whether readings are bytes to their readers, and not text. Firmware writes text in any case; this reference
    /// writes what existing decoders want.
    default boolean isBinary() {
        return false;
    }

    /// For `?cfg`.
    byte[] configuration(long epochSeconds);

    /// For PUT `?cfg=value`.
    Verdict configure(String value);

    /// Called once: `push` tells observers at once. From the sensor's own thread only.
    default void attach(Runnable push) {}
}
