// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import org.jspecify.annotations.Nullable;

/// CONNECT. `clientId` may be empty; `keepAliveSeconds` is 0 (off) to 65535; `cleanStart` is 3.x's *clean session*.
public record Connect(
        MqttVersion version,
        String clientId,
        boolean cleanStart,
        int keepAliveSeconds,
        @Nullable Will will,
        @Nullable String userName,
        byte @Nullable [] password,
        Properties properties)
        implements Packet {

    /// The will of a CONNECT; `properties` holds the will properties of MQTT 5, will delay interval included.
    public record Will(String topic, byte[] payload, QoS qos, boolean retain, Properties properties) {}

    @Override
    public PacketType type() {
        return PacketType.CONNECT;
    }

    /// Never shows the password.
    @Override
    public String toString() {
        return "Connect[" + version + ", clientId=" + clientId + ", cleanStart=" + cleanStart + "]";
    }
}
