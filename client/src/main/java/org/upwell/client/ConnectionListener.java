// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.ConnAck;

/// Hears of connections that come and go. Called on the client's event loop, which it must not block.
public interface ConnectionListener {

    /// Does nothing.
    ConnectionListener NONE = new ConnectionListener() {};

    /// The server accepted us, first or again. Comes before [MqttClient#isConnected] says so.
    default void onConnected(ConnAck connAck) {}

    /// The connection ended or an attempt failed; `retryIn` is null if no further attempt follows.
    default void onDisconnected(MqttException cause, @Nullable Duration retryIn) {}
}
