// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;
import org.upwell.codec.Properties;
import org.upwell.codec.UserProperty;

/// What makes two notifications the same one: a device gives each notification of a sensor the next number, and
/// starts numbering anew with each boot. Messages carry it as user properties, for their subscribers too.
public record NotificationId(Mac mac, String sensorUri, long boot, long sequence) {

    private static final String MAC = "mac";
    private static final String SENSOR_URI = "sensor-uri";
    private static final String BOOT = "notification-boot";
    private static final String SEQUENCE = "notification-seq";

    List<UserProperty> properties() {
        return List.of(
                new UserProperty(MAC, mac.toString()),
                new UserProperty(SENSOR_URI, sensorUri),
                new UserProperty(SEQUENCE, Long.toString(sequence)),
                new UserProperty(BOOT, Long.toString(boot)));
    }

    /// The number that a message carries, empty if it is not a notification.
    static Optional<NotificationId> of(Properties properties) {
        List<UserProperty> all = properties.userProperties();
        String mac = value(all, MAC);
        String uri = value(all, SENSOR_URI);
        String boot = value(all, BOOT);
        String sequence = value(all, SEQUENCE);
        return mac == null || uri == null || boot == null || sequence == null
                ? Optional.empty()
                : Optional.of(new NotificationId(Mac.parse(mac), uri, Long.parseLong(boot), Long.parseLong(sequence)));
    }

    private static @Nullable String value(List<UserProperty> all, String name) {
        for (UserProperty each : all) {
            if (each.name().equals(name)) {
                return each.value();
            }
        }
        return null;
    }
}
