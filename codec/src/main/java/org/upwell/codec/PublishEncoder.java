// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;

/// Writes PUBLISH, the hot path: the size is known before the first byte, so the buffer grows at most once, and the
/// topic name goes into it without an array in between. Allocates nothing. Stateless.
public final class PublishEncoder {

    private static final int QOS_FLAGS = 0x06;

    private PublishEncoder() {}

    /// Appends `publish` to `out`; in 3.x without its properties. The same as [PacketEncoder#encode], without its
    /// look at the packet's kind.
    ///
    /// @throws IllegalArgumentException if MQTT cannot express the packet; nothing is written then
    public static void encode(ByteBuf out, MqttVersion version, Publish publish) {
        int topicBytes = ByteBufUtil.utf8Bytes(publish.topic());
        writeFixedHeader(out, flags(publish), remainingBytes(version, publish, topicBytes));
        writeBody(out, version, publish, topicBytes);
    }

    /// Appends a PUBLISH without properties, as if it were made first and then encoded.
    ///
    /// @param packetId 0 at QoS 0, else 1 to 65535
    /// @throws IllegalArgumentException as above
    public static void encodePlain(
            ByteBuf out, MqttVersion version, String topic, byte[] payload, int flags, int packetId) {
        int topicBytes = ByteBufUtil.utf8Bytes(topic);
        int propertiesBytes = version.isMqtt5() ? 1 : 0;
        writeFixedHeader(out, flags, remainingBytes(flags, packetId, topicBytes, payload.length, propertiesBytes));
        Wire.writeString(out, topic, topicBytes);
        if (hasPacketId(flags)) {
            out.writeShort(packetId);
        }
        if (version.isMqtt5()) {
            out.writeByte(0);
        }
        out.writeBytes(payload);
    }

    static int flags(Publish publish) {
        return flags(publish.qos().code(), publish.dup(), publish.retain());
    }

    /// The flags of the fixed header.
    public static int flags(int qos, boolean dup, boolean retain) {
        return (dup ? 0x08 : 0) | qos << 1 | (retain ? 0x01 : 0);
    }

    static int remainingBytes(MqttVersion version, Publish publish) {
        return remainingBytes(version, publish, ByteBufUtil.utf8Bytes(publish.topic()));
    }

    static void writeBody(ByteBuf out, MqttVersion version, Publish publish) {
        writeBody(out, version, publish, ByteBufUtil.utf8Bytes(publish.topic()));
    }

    private static int remainingBytes(MqttVersion version, Publish publish, int topicBytes) {
        long propertiesBytes = version.isMqtt5() ? PropertiesEncoder.bytesWithLength(publish.properties()) : 0;
        return remainingBytes(
                flags(publish), publish.packetId(), topicBytes, publish.payload().length, propertiesBytes);
    }

    private static int remainingBytes(int flags, int packetId, int topicBytes, int payloadBytes, long propertiesBytes) {
        boolean hasPacketId = hasPacketId(flags);
        if (hasPacketId) {
            PacketEncoder.checkPacketId(packetId);
        }
        return PacketEncoder.checkedRemaining(
                2L + Wire.checkedLength(topicBytes) + (hasPacketId ? 2 : 0) + propertiesBytes + payloadBytes);
    }

    /// [MQTT-2.2.1-2], [MQTT3-2.3.1-5]: no packet id at QoS 0; [MQTT-2.2.1-4], [MQTT3-2.3.1-1]: else not zero.
    private static boolean hasPacketId(int flags) {
        return (flags & QOS_FLAGS) != 0;
    }

    private static void writeFixedHeader(ByteBuf out, int flags, int remainingBytes) {
        out.ensureWritable(PacketEncoder.packetBytes(remainingBytes));
        out.writeByte(PacketType.PUBLISH.code() << 4 | flags);
        Wire.writeVariableByteInteger(out, remainingBytes);
    }

    private static void writeBody(ByteBuf out, MqttVersion version, Publish publish, int topicBytes) {
        Wire.writeString(out, publish.topic(), topicBytes);
        if (publish.qos() != QoS.AT_MOST_ONCE) {
            out.writeShort(publish.packetId());
        }
        if (version.isMqtt5()) {
            PropertiesEncoder.write(out, publish.properties());
        }
        out.writeBytes(publish.payload());
    }
}
