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
        int remainingBytes = remainingBytes(version, publish, topicBytes);
        out.ensureWritable(PacketEncoder.packetBytes(remainingBytes));
        out.writeByte(PacketType.PUBLISH.code() << 4 | flags(publish));
        Wire.writeVariableByteInteger(out, remainingBytes);
        writeBody(out, version, publish, topicBytes);
    }

    /// Appends a PUBLISH without properties, as if it were made first and then encoded.
    ///
    /// @param packetId 0 at QoS 0, else 1 to 65535
    /// @throws IllegalArgumentException as above
    public static void encodePlain(
            ByteBuf out, MqttVersion version, String topic, byte[] payload, int flags, int packetId) {
        boolean hasId = (flags & QOS_FLAGS) != 0;
        if (hasId) {
            PacketEncoder.checkPacketId(packetId);
        }
        int topicBytes = ByteBufUtil.utf8Bytes(topic);
        int remainingBytes = PacketEncoder.checkedRemaining(
                2L + Wire.checkedLength(topicBytes) + (hasId ? 2 : 0) + (version.isMqtt5() ? 1 : 0) + payload.length);
        out.ensureWritable(PacketEncoder.packetBytes(remainingBytes));
        out.writeByte(PacketType.PUBLISH.code() << 4 | flags);
        Wire.writeVariableByteInteger(out, remainingBytes);
        Wire.writeString(out, topic, topicBytes);
        if (hasId) {
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
        // [MQTT-2.2.1-2], [MQTT3-2.3.1-5]: no packet id at QoS 0; [MQTT-2.2.1-4], [MQTT3-2.3.1-1]: else not zero.
        int packetIdBytes = publish.qos() == QoS.AT_MOST_ONCE ? 0 : 2;
        if (packetIdBytes > 0) {
            PacketEncoder.checkPacketId(publish.packetId());
        }
        long bytes = 2L + Wire.checkedLength(topicBytes) + packetIdBytes + publish.payload().length;
        if (version.isMqtt5()) {
            bytes += PropertiesEncoder.bytesWithLength(publish.properties());
        }
        return PacketEncoder.checkedRemaining(bytes);
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
