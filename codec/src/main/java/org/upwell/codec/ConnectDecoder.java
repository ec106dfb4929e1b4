// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Reads CONNECT, which names its own version. Client ids are not judged here beyond being strings. Stateless.
final class ConnectDecoder implements PacketBodyDecoder {

    private static final int NAME_LENGTH_BYTES = 2;
    private static final int LONGEST_NAME_BYTES =
            MqttVersion.MQTT_3_1.protocolName().length();
    private static final int RESERVED = 0x01;
    private static final int CLEAN_START = 0x02;
    private static final int WILL = 0x04;
    private static final int WILL_QOS = 0x18;
    private static final int WILL_RETAIN = 0x20;
    private static final int PASSWORD = 0x40;
    private static final int USER_NAME = 0x80;

    /// The caller has read the protocol level and put its version into the reader's context.
    @Override
    public Connect decode(PacketReader in) throws DecodeException {
        int flags = in.unsignedByte("connect flags");
        checkFlags(in, flags);
        int keepAliveSeconds = in.unsignedShort("keep alive");
        Properties properties = in.properties(PropertyRules.CONNECT);
        checkAuthentication(in, properties);
        // [MQTT-3.1.3-1], [MQTT3-3.1.3-1]: the fields stand in this order.
        String clientId = in.string("client id");
        Connect.Will will = (flags & WILL) == 0 ? null : will(in, flags);
        String userName = hasField(in, flags, USER_NAME) ? in.string("user name") : null;
        byte[] password = hasField(in, flags, PASSWORD) ? in.binary("password") : null;
        boolean cleanStart = (flags & CLEAN_START) != 0;
        return new Connect(in.version(), clientId, cleanStart, keepAliveSeconds, will, userName, password, properties);
    }

    /// Reads protocol name and level, the first fields of the body.
    static ProtocolLevel protocolLevel(PacketReader in) throws DecodeException {
        return new ProtocolLevel(in.string("protocol name"), in.unsignedByte("protocol level"));
    }

    /// Protocol name and level of a CONNECT that need not be complete; null if it ends before them. What is no name
    /// of ours is not read further than its length.
    ///
    /// @param at where the body begins
    /// @param bodyBytes where it ends; not all of it need be there
    static @Nullable ProtocolLevel peekProtocolLevel(ByteBuf in, int at, int bodyBytes) {
        int readable = Math.min(bodyBytes, in.writerIndex() - at);
        if (readable < NAME_LENGTH_BYTES) {
            return null;
        }
        int nameBytes = in.getUnsignedShort(at);
        if (nameBytes > LONGEST_NAME_BYTES) {
            return new ProtocolLevel("", 0);
        }
        int levelAt = NAME_LENGTH_BYTES + nameBytes;
        return readable <= levelAt
                ? null
                : new ProtocolLevel(
                        in.toString(at + NAME_LENGTH_BYTES, nameBytes, StandardCharsets.US_ASCII),
                        in.getUnsignedByte(at + levelAt));
    }

    private static void checkFlags(PacketReader in, int flags) throws DecodeException {
        // [MQTT-3.1.2-3], [MQTT3-3.1.2-3]; 3.1 calls the bit unused and asks for no check.
        if ((flags & RESERVED) != 0 && in.version() != MqttVersion.MQTT_3_1) {
            throw in.malformed("connect flags", "the reserved flag is set");
        }
        if ((flags & WILL_QOS) == WILL_QOS) {
            // [MQTT-3.1.2-12], [MQTT3-3.1.2-14]
            throw in.malformed("will QoS", "is 3");
        }
        if ((flags & WILL) == 0 && (flags & (WILL_QOS | WILL_RETAIN)) != 0) {
            // [MQTT-3.1.2-11], [MQTT-3.1.2-13], [MQTT3-3.1.2-13], [MQTT3-3.1.2-15]
            throw in.malformed("connect flags", "will QoS or will retain without a will");
        }
        if (!in.isMqtt5() && (flags & PASSWORD) != 0 && (flags & USER_NAME) == 0) {
            // [MQTT3-3.1.2-22]
            throw in.malformed("connect flags", "a password without a user name");
        }
    }

    /// Section 3.1.2.11.10: authentication data only with a method.
    private static void checkAuthentication(PacketReader in, Properties properties) throws DecodeException {
        if (properties.has(Property.AUTHENTICATION_DATA) && !properties.has(Property.AUTHENTICATION_METHOD)) {
            throw in.protocolError(Property.AUTHENTICATION_DATA.name(), "comes without an authentication method");
        }
    }

    private static Connect.Will will(PacketReader in, int flags) throws DecodeException {
        Properties properties = in.properties(PropertyRules.WILL);
        String topic = in.string("will topic");
        if (topic.isEmpty()) {
            // [MQTT-4.7.3-1], [MQTT3-4.7.3-1]
            throw in.failure(ReasonCode.TOPIC_NAME_INVALID, "will topic", "is empty");
        }
        // [MQTT-3.3.2-2], [MQTT3-3.3.2-2]: a will is published under this name.
        in.checkTopicName(topic, "will topic");
        byte[] payload = in.binary("will payload");
        return new Connect.Will(
                topic, payload, QoS.of((flags & WILL_QOS) >> 3), (flags & WILL_RETAIN) != 0, properties);
    }

    /// [MQTT-3.1.2-17], [MQTT-3.1.2-19], [MQTT3-3.1.2-19], [MQTT3-3.1.2-21]: what is flagged must be there. Not so
    /// in 3.1, whose section 3.1 lets the remaining length win over these two flags, for even older clients.
    private static boolean hasField(PacketReader in, int flags, int flag) {
        if ((flags & flag) == 0) {
            return false;
        }
        return in.version() != MqttVersion.MQTT_3_1 || in.remaining() > 0;
    }

    /// What a CONNECT says it speaks.
    record ProtocolLevel(String name, int level) {

        private static final int BRIDGE_MARK = 0x80;

        /// Null if it is none of ours ([MQTT-3.1.2-1], [MQTT-3.1.2-2], [MQTT3-3.1.2-1], [MQTT3-3.1.2-2]).
        @Nullable
        MqttVersion version() {
            for (MqttVersion version : MqttVersion.values()) {
                if (version.level() == level && version.protocolName().equals(name)) {
                    return version;
                }
            }
            return null;
        }

        /// The version whose CONNACK this peer can read, null if it names another protocol.
        @Nullable
        MqttVersion answerVersion() {
            if (name.equals(MqttVersion.MQTT_3_1.protocolName())) {
                return MqttVersion.MQTT_3_1;
            }
            if (!name.equals(MqttVersion.MQTT_5.protocolName())) {
                return null;
            }
            return (level & ~BRIDGE_MARK) < MqttVersion.MQTT_5.level() ? MqttVersion.MQTT_3_1_1 : MqttVersion.MQTT_5;
        }
    }
}
