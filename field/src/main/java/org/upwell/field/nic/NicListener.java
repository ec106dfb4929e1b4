// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.io.IOException;
import java.nio.file.Path;

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

    /// A file of the NIC's state could not be understood and was set aside; the NIC goes on without.
    default void onDamagedState(Path file, String cause) {}

    /// The UART is gone for good.
    default void onLinkEnd(IOException cause) {}
}
