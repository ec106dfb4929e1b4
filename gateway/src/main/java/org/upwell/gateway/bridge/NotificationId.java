// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import java.util.List;
import java.util.Optional;
import org.upwell.access.Mac;
import org.upwell.codec.Properties;
import org.upwell.codec.UserProperty;

/// What makes two notifications the same one: a device gives each notification of a sensor the next number, and
/// starts numbering anew with each boot. Messages carry it as user properties, for their subscribers too.
public record NotificationId(Mac mac, String sensorUri, long boot, long sequence) {

    private static final String MAC = "mac";
    private static final String SENSOR_URI = "sensor-uri";

    /// The user property of messages that tells the boot.
    public static final String BOOT = "notification-boot";

    /// The user property of messages that tells the number since then.
    public static final String SEQUENCE = "notification-seq";

    List<UserProperty> properties() {
        return List.of(
                new UserProperty(MAC, mac.toString()),
                new UserProperty(SENSOR_URI, sensorUri),
                new UserProperty(SEQUENCE, Long.toString(sequence)),
                new UserProperty(BOOT, Long.toString(boot)));
    }

    /// The number that a message carries, empty if it is not a notification.
    static Optional<NotificationId> of(Properties properties) {
        String mac = properties.userProperty(MAC);
        String uri = properties.userProperty(SENSOR_URI);
        String boot = properties.userProperty(BOOT);
        String sequence = properties.userProperty(SEQUENCE);
        return mac == null || uri == null || boot == null || sequence == null
                ? Optional.empty()
                : Optional.of(new NotificationId(Mac.parse(mac), uri, Long.parseLong(boot), Long.parseLong(sequence)));
    }
}
