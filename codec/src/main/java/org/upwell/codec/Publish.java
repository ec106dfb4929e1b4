// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// PUBLISH. `topic` is empty when a topic alias stands for it; `packetId` is 0 at QoS 0, else 1 to 65535.
public record Publish(
        String topic, byte[] payload, QoS qos, boolean dup, boolean retain, int packetId, Properties properties)
        implements Packet {

    @Override
    public PacketType type() {
        return PacketType.PUBLISH;
    }

    /// Compares the payload by content.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Publish that
                && qos == that.qos
                && dup == that.dup
                && retain == that.retain
                && packetId == that.packetId
                && topic.equals(that.topic)
                && properties.equals(that.properties)
                && Arrays.equals(payload, that.payload);
    }

    @Override
    public int hashCode() {
        return 31 * Objects.hash(topic, qos, packetId) + Arrays.hashCode(payload);
    }

    /// Never shows the payload.
    @Override
    public String toString() {
        return "Publish[" + topic + ", " + qos + ", packetId=" + packetId + ", dup=" + dup + ", retain=" + retain
                + ", payloadBytes=" + payload.length + "]";
    }
}
