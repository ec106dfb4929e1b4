// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.upwell.codec.QoS;

/// What a demo is to be.
///
/// @param period between two readings of a device, whole seconds
/// @param length how long devices send; absent: until it is stopped
/// @param dataDirectory absent: a temporary one, removed at the end
/// @param anyPorts never the standard ports
/// @param qos of the bridge, hence what is promised: nothing lost, or nothing lost and nothing twice
/// @param weather whether the field is to live through [DemoWeather], and broker and gateway through [Restarts]
public record DemoSettings(
        int devices,
        int tenants,
        Duration period,
        Optional<Duration> length,
        Optional<Path> dataDirectory,
        boolean anyPorts,
        QoS qos,
        boolean weather) {
    public static final int DEFAULT_DEVICES = 10;
    public static final int DEFAULT_TENANTS = 2;
    /// Each simulated NIC has a socket of its own, and processes may not open many more.
    public static final int MAX_DEVICES = 10_000;

    /// Several readings of each device within a minute, and about a hundred a second from a large field.
    private static final Duration SHORTEST_PERIOD = Duration.ofSeconds(10);

    private static final int READINGS_PER_SECOND = 100;

    public DemoSettings {
        if (qos == QoS.AT_MOST_ONCE) {
            throw new IllegalArgumentException(
                    "a demo shows that nothing is lost, which AT_MOST_ONCE does not promise");
        }
        if (period.toSeconds() < 1) {
            throw new IllegalArgumentException("the period must be a second or more, not " + period.toMillis() + " ms");
        }
        if (tenants < 1 || devices < tenants || devices > MAX_DEVICES) {
            throw new IllegalArgumentException("a demo has 1 to " + MAX_DEVICES
                    + " devices and at least one for each tenant, not " + devices + " for " + tenants);
        }
    }

    /// The period that suits a field of this size.
    public static Duration usualPeriod(int devices) {
        Duration byCount = Duration.ofSeconds(devices / READINGS_PER_SECOND);
        return byCount.compareTo(SHORTEST_PERIOD) > 0 ? byCount : SHORTEST_PERIOD;
    }
}
