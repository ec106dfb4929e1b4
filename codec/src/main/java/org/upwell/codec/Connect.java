// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import java.util.Arrays;
import java.util.Objects;
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
    public record Will(String topic, byte[] payload, QoS qos, boolean retain, Properties properties) {

        /// Compares the payload by content.
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Will that
                    && topic.equals(that.topic)
                    && qos == that.qos
                    && retain == that.retain
                    && properties.equals(that.properties)
                    && Arrays.equals(payload, that.payload);
        }

        @Override
        public int hashCode() {
            return 31 * Objects.hash(topic, qos, retain, properties) + Arrays.hashCode(payload);
        }

        /// Never shows the payload.
        @Override
        public String toString() {
            return "Will[" + topic + ", " + qos + ", retain=" + retain + ", payloadBytes=" + payload.length + "]";
        }
    }

    @Override
    public PacketType type() {
        return PacketType.CONNECT;
    }

    /// Compares the password by content.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Connect that
                && version == that.version
                && clientId.equals(that.clientId)
                && cleanStart == that.cleanStart
                && keepAliveSeconds == that.keepAliveSeconds
                && Objects.equals(will, that.will)
                && Objects.equals(userName, that.userName)
                && Arrays.equals(password, that.password)
                && properties.equals(that.properties);
    }

    @Override
    public int hashCode() {
        return Objects.hash(version, clientId, cleanStart, keepAliveSeconds, will, userName, properties);
    }

    /// Never shows the password.
    @Override
    public String toString() {
        return "Connect[" + version + ", clientId=" + clientId + ", cleanStart=" + cleanStart + "]";
    }
}
