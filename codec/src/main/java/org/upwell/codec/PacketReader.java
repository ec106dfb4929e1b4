// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/// Reads MQTT's data types from the body of one packet and never beyond its end. Knows the packet's flags, version and
/// receiver, so that decoders stay without state. Reused for packet after packet by one [PacketDecoder]; holds the
/// buffer only while one is decoded.
final class PacketReader {

    private static final byte[] NO_BYTES = {};

    private ByteBuf in = Unpooled.EMPTY_BUFFER;
    private int end;
    private PacketType type = PacketType.CONNECT;
    private int flags;
    private MqttVersion version = MqttVersion.MQTT_3_1_1;
    private boolean receiverIsServer;

    void begin(ByteBuf in, int bodyBytes, PacketType type, int flags) {
        this.in = in;
        this.end = in.readerIndex() + bodyBytes;
        this.type = type;
        this.flags = flags;
    }

    void context(MqttVersion version, boolean receiverIsServer) {
        this.version = version;
        this.receiverIsServer = receiverIsServer;
    }

    /// Lets go of the buffer; nothing of the packet may be left.
    void finish() throws DecodeException {
        int rest = remaining();
        in = Unpooled.EMPTY_BUFFER;
        if (rest != 0) {
            throw malformed("end", rest + " bytes too many");
        }
    }

    /// Lets go of the buffer after a failure.
    void abandon() {
        in = Unpooled.EMPTY_BUFFER;
        end = 0;
    }

    int flags() {
        return flags;
    }

    boolean isMqtt5() {
        return version == MqttVersion.MQTT_5;
    }

    MqttVersion version() {
        return version;
    }

    boolean receiverIsServer() {
        return receiverIsServer;
    }

    int remaining() {
        return end - in.readerIndex();
    }

    /// Ends reading after `bytes` from here and returns the end until now, for [#widen].
    int narrow(int bytes, String field) throws DecodeException {
        require(bytes, field);
        int before = end;
        end = in.readerIndex() + bytes;
        return before;
    }

    void widen(int end) {
        this.end = end;
    }

    int unsignedByte(String field) throws DecodeException {
        require(1, field);
        return in.readUnsignedByte();
    }

    int unsignedShort(String field) throws DecodeException {
        require(2, field);
        return in.readUnsignedShort();
    }

    long unsignedInt(String field) throws DecodeException {
        require(4, field);
        return in.readUnsignedInt();
    }

    /// Only MQTT 5 has these behind the fixed header, and only in their shortest form ([MQTT-1.5.5-1]).
    int variableByteInteger(String field) throws DecodeException {
        int value = 0;
        for (int i = 0; i < 4; i++) {
            int next = unsignedByte(field);
            value |= (next & 0x7F) << (7 * i);
            if (next < 0x80) {
                if (i > 0 && next == 0) {
                    throw malformed(field, "is not written in its shortest form");
                }
                return value;
            }
        }
        throw malformed(field, "has more than four bytes");
    }

    /// 1 to 65535 ([MQTT-2.2.1-3], [MQTT-2.2.1-4], [MQTT3-2.3.1-1]).
    int packetId() throws DecodeException {
        int id = unsignedShort("packet id");
        if (id == 0) {
            throw protocolError("packet id", "is 0");
        }
        return id;
    }

    String string(String field) throws DecodeException {
        int bytes = lengthPrefix(field);
        return checked(Utf8.read(in, in.readerIndex(), bytes), bytes, field);
    }

    byte[] binary(String field) throws DecodeException {
        return bytes(lengthPrefix(field));
    }

    /// What is left of the packet, in an array of its own.
    byte[] rest() {
        return bytes(remaining());
    }

    private byte[] bytes(int count) {
        if (count == 0) {
            return NO_BYTES;
        }
        byte[] bytes = new byte[count];
        in.readBytes(bytes);
        return bytes;
    }

    /// A topic name, looked up in `cache` first. Empty is the caller's business; wildcards are refused
    /// ([MQTT-3.3.2-2], [MQTT3-3.3.2-2]).
    String topicName(TopicCache cache) throws DecodeException {
        int bytes = lengthPrefix("topic name");
        int at = in.readerIndex();
        String known = cache.find(in, at, bytes);
        if (known != null) {
            in.readerIndex(at + bytes);
            return known;
        }
        String topic = checked(Utf8.read(in, at, bytes), bytes, "topic name");
        checkTopicName(topic, "topic name");
        cache.keep(in, at, bytes, topic);
        return topic;
    }

    void checkTopicName(String topic, String field) throws DecodeException {
        if (hasWildcard(topic)) {
            throw failure(ReasonCode.TOPIC_NAME_INVALID, field, "contains a wildcard");
        }
    }

    /// The reason byte as the packet's table knows it.
    ReasonCode reason(ReasonCodes allowed) throws DecodeException {
        int code = unsignedByte("reason code");
        ReasonCode reason = allowed.find(code);
        if (reason == null) {
            throw protocolError("reason code", "cannot be " + code);
        }
        return reason;
    }

    /// Empty in 3.x, which has none.
    Properties properties(PropertyRules rules) throws DecodeException {
        return isMqtt5() ? PropertiesDecoder.decode(this, rules) : Properties.NONE;
    }

    static boolean hasWildcard(String topic) {
        return topic.indexOf('+') >= 0 || topic.indexOf('#') >= 0;
    }

    private int lengthPrefix(String field) throws DecodeException {
        int bytes = unsignedShort(field);
        require(bytes, field);
        return bytes;
    }

    private String checked(@Nullable String value, int bytes, String field) throws DecodeException {
        if (value == null) {
            throw malformed(field, "is not a valid UTF-8 string");
        }
        in.skipBytes(bytes);
        return value;
    }

    private void require(int bytes, String field) throws DecodeException {
        if (bytes > remaining()) {
            throw malformed(field, "reaches beyond the end");
        }
    }

    DecodeException malformed(String field, String fault) {
        return failure(ReasonCode.MALFORMED_PACKET, field, fault);
    }

    DecodeException protocolError(String field, String fault) {
        return failure(ReasonCode.PROTOCOL_ERROR, field, fault);
    }

    DecodeException failure(ReasonCode reason, String field, String fault) {
        return DecodeException.of(reason, type + " " + field, fault);
    }
}
