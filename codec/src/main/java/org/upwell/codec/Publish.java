// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

/// PUBLISH. `topic` is empty when a topic alias stands for it; `packetId` is 0 at QoS 0, else 1 to 65535.
public record Publish(
        String topic, byte[] payload, QoS qos, boolean dup, boolean retain, int packetId, Properties properties)
        implements Packet {

    @Override
    public PacketType type() {
        return PacketType.PUBLISH;
    }

    /// Never shows the payload.
    @Override
    public String toString() {
        return "Publish[" + topic + ", " + qos + ", packetId=" + packetId + ", dup=" + dup + ", retain=" + retain
                + ", payloadBytes=" + payload.length + "]";
    }
}
