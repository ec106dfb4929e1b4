// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.io.IOException;

/// Hears what a NIC does. All calls come on the NIC's loop; none may block.
public interface NicListener {
    /// Hears nothing.
    NicListener NONE = new NicListener() {};

    /// A notification has got its numbers and will be sent to the gateway until it is acknowledged or dropped.
    default void onBuffered(Notification notification) {}

    /// The gateway has acknowledged it.
    default void onAcknowledged(Notification notification) {}

    /// It is lost, by rule.
    default void onDropped(Notification notification, String cause) {}

    /// The gateway has accepted a registration.
    default void onRegistered() {}

    /// The sensor has told of a restart.
    default void onSensorReboot() {}

    /// The UART is gone for good.
    default void onLinkEnd(IOException cause) {}
}
