// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.upwell.codec.PacketDecoder.Receiver.CLIENT;
import static org.upwell.codec.PacketDecoder.Receiver.SERVER;
import static org.upwell.codec.ReasonCode.MALFORMED_PACKET;
import static org.upwell.codec.ReasonCode.PROTOCOL_ERROR;
import static org.upwell.codec.ReasonCode.TOPIC_ALIAS_INVALID;
import static org.upwell.codec.ReasonCode.TOPIC_NAME_INVALID;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.upwell.codec.PacketDecoder.Receiver;

/// Packets that must be refused: one line each, with the requirement, the bytes, the reason and the place it names.
class MalformedPacketTest {

    private static final MqttVersion V31 = MqttVersion.MQTT_3_1;
    private static final MqttVersion V311 = MqttVersion.MQTT_3_1_1;
    private static final MqttVersion V5 = MqttVersion.MQTT_5;

    record Case(
            String requirement,
            MqttVersion version,
            Receiver receiver,
            String layout,
            ReasonCode reason,
            String message) {

        @Override
        public String toString() {
            return requirement + " " + version + ": " + layout + " -> " + message;
        }
    }

    /// What a client sent to a server.
    private static Case toServer(
            String requirement, MqttVersion version, String layout, ReasonCode reason, String message) {
        return new Case(requirement, version, SERVER, layout, reason, message);
    }

    /// What a server sent to a client.
    private static Case toClient(
            String requirement, MqttVersion version, String layout, ReasonCode reason, String message) {
        return new Case(requirement, version, CLIENT, layout, reason, message);
    }

    static Stream<Case> cases() {
        return Stream.of(
                        fixedHeaders(),
                        directions(),
                        connects(),
                        connectPayloads(),
                        publishes(),
                        strings(),
                        handshakes(),
                        subscriptions(),
                        subscriptionAnswers(),
                        connAcks(),
                        endings(),
                        properties(),
                        propertyValues())
                .flatMap(List::stream);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void isRefusedWithItsReason(Case refused) {
        byte[] bytes = LabelledBytes.of(refused.layout);
        boolean isConnect = (bytes[0] >> 4 & 0x0F) == PacketType.CONNECT.code();
        PacketDecoder decoder = Sample.decoder(refused.version, refused.receiver, isConnect);
        ByteBuf in = Unpooled.wrappedBuffer(bytes);

        assertThatThrownBy(() -> decoder.decode(in))
                .asInstanceOf(InstanceOfAssertFactories.type(DecodeException.class))
                .satisfies(e -> {
                    assertThat(e.reason()).as(e.getMessage()).isEqualTo(refused.reason);
                    assertThat(e).hasMessageContaining(refused.message);
                    assertThat(e.getStackTrace()).isEmpty();
                });
    }

    private static List<Case> fixedHeaders() {
        return List.of(
                toServer("MQTT 2.1.2", V5, "00 00", MALFORMED_PACKET, "packet type 0"),
                toServer("MQTT3 2.2.1", V311, "00 00", MALFORMED_PACKET, "packet type 0"),
                toServer("MQTT 1.5.5", V5, "30 ff ff ff ff 01", MALFORMED_PACKET, "more than four bytes"),
                toServer("MQTT3 2.2.3", V311, "30 80 80 80 80 00", MALFORMED_PACKET, "more than four bytes"),
                toServer("MQTT-1.5.5-1", V5, "c0 80 00", MALFORMED_PACKET, "PINGREQ: remaining length"),
                toServer("MQTT-1.5.5-1", V5, "40 82 80 00 00 01", MALFORMED_PACKET, "PUBACK: remaining length"),
                toServer(
                        "MQTT-1.5.5-1",
                        V5,
                        "10 8d 00 00 04 'MQTT' 05 02 00 00 00 00 00",
                        MALFORMED_PACKET,
                        "CONNECT: remaining length"),
                toServer("MQTT-2.1.3-1", V5, "c1 00", MALFORMED_PACKET, "PINGREQ: reserved flags"),
                toServer("MQTT3-2.2.2-2", V311, "c8 00", MALFORMED_PACKET, "PINGREQ: reserved flags"),
                toServer("MQTT-2.1.3-1", V5, "11 0d 00 04 'MQTT' 05", MALFORMED_PACKET, "CONNECT: reserved flags"),
                toClient("MQTT-2.1.3-1", V5, "21 03 00 00 00", MALFORMED_PACKET, "CONNACK: reserved flags"),
                toServer("MQTT-2.1.3-1", V5, "44 02 00 01", MALFORMED_PACKET, "PUBACK: reserved flags"),
                toServer("MQTT-2.1.3-1", V5, "52 02 00 01", MALFORMED_PACKET, "PUBREC: reserved flags"),
                toServer("MQTT-3.6.1-1", V5, "60 02 00 01", MALFORMED_PACKET, "PUBREL: reserved flags"),
                toServer("MQTT3-3.6.1-1", V311, "6a 02 00 01", MALFORMED_PACKET, "PUBREL: reserved flags"),
                toServer("MQTT-2.1.3-1", V5, "72 02 00 01", MALFORMED_PACKET, "PUBCOMP: reserved flags"),
                toServer("MQTT-3.8.1-1", V5, "80 07", MALFORMED_PACKET, "SUBSCRIBE: reserved flags"),
                toServer("MQTT3-3.8.1-1", V311, "8a 06", MALFORMED_PACKET, "SUBSCRIBE: reserved flags"),
                toServer("MQTT 3.1 3.8", V31, "80 06", MALFORMED_PACKET, "SUBSCRIBE: reserved flags"),
                toClient("MQTT-2.1.3-1", V5, "92 04", MALFORMED_PACKET, "SUBACK: reserved flags"),
                toServer("MQTT-3.10.1-1", V5, "a3 06", MALFORMED_PACKET, "UNSUBSCRIBE: reserved flags"),
                toServer("MQTT3-3.10.1-1", V311, "a0 05", MALFORMED_PACKET, "UNSUBSCRIBE: reserved flags"),
                toClient("MQTT-2.1.3-1", V5, "b2 04", MALFORMED_PACKET, "UNSUBACK: reserved flags"),
                toClient("MQTT-2.1.3-1", V5, "d1 00", MALFORMED_PACKET, "PINGRESP: reserved flags"),
                toServer("MQTT-3.14.1-1", V5, "e1 00", MALFORMED_PACKET, "DISCONNECT: reserved flags"),
                toServer("MQTT3-3.14.1-1", V311, "e8 00", MALFORMED_PACKET, "DISCONNECT: reserved flags"),
                toServer("MQTT-3.15.1-1", V5, "f2 00", MALFORMED_PACKET, "AUTH: reserved flags"));
    }

    private static List<Case> directions() {
        return List.of(
                toServer("MQTT 2.1.2", V5, "20 03 00 00 00", PROTOCOL_ERROR, "CONNACK: is not for a server"),
                toServer("MQTT3 2.2.1", V311, "90 03 00 01 00", PROTOCOL_ERROR, "SUBACK: is not for a server"),
                toServer("MQTT 2.1.2", V5, "b0 04 00 01 00 00", PROTOCOL_ERROR, "UNSUBACK: is not for a server"),
                toServer("MQTT 2.1.2", V5, "d0 00", PROTOCOL_ERROR, "PINGRESP: is not for a server"),
                toServer("MQTT3 2.2.1", V311, "f0 00", PROTOCOL_ERROR, "AUTH: is not for a server"),
                toServer("MQTT 3.1 2.1", V31, "f0 00", PROTOCOL_ERROR, "AUTH: is not for a server"),
                toClient("MQTT 2.1.2", V5, "82 07", PROTOCOL_ERROR, "SUBSCRIBE: is not for a client"),
                toClient("MQTT 2.1.2", V5, "a2 06", PROTOCOL_ERROR, "UNSUBSCRIBE: is not for a client"),
                toClient("MQTT 2.1.2", V5, "c0 00", PROTOCOL_ERROR, "PINGREQ: is not for a client"),
                toClient("MQTT3-3.14.1-1", V311, "e0 00", PROTOCOL_ERROR, "DISCONNECT: is not for a client"),
                toClient("MQTT3 2.2.1", V311, "f0 00", PROTOCOL_ERROR, "AUTH: is not for a client"));
    }

    private static List<Case> connects() {
        String v5 = "00 04 'MQTT' 05 ";
        String v311 = "00 04 'MQTT' 04 ";
        return List.of(
                toServer("MQTT-3.1.2-3", V5, "10 0d " + v5 + "03 00 00 00 00 00", MALFORMED_PACKET, "reserved flag"),
                toServer("MQTT3-3.1.2-3", V311, "10 0c " + v311 + "03 00 00 00 00", MALFORMED_PACKET, "reserved flag"),
                toServer("MQTT-3.1.2-11", V5, "10 0d " + v5 + "0a 00 00 00 00 00", MALFORMED_PACKET, "without a will"),
                toServer(
                        "MQTT3-3.1.2-13", V311, "10 0c " + v311 + "12 00 00 00 00", MALFORMED_PACKET, "without a will"),
                toServer("MQTT-3.1.2-12", V5, "10 0d " + v5 + "1e 00 00 00 00 00", MALFORMED_PACKET, "will QoS: is 3"),
                toServer("MQTT3-3.1.2-14", V311, "10 0c " + v311 + "1e 00 00 00 00", MALFORMED_PACKET, "will QoS"),
                toServer("MQTT-3.1.2-13", V5, "10 0d " + v5 + "22 00 00 00 00 00", MALFORMED_PACKET, "without a will"),
                toServer(
                        "MQTT3-3.1.2-15", V311, "10 0c " + v311 + "22 00 00 00 00", MALFORMED_PACKET, "without a will"),
                toServer(
                        "MQTT3-3.1.2-22",
                        V311,
                        "10 0f " + v311 + "42 00 00 00 00 00 01 'p'",
                        MALFORMED_PACKET,
                        "a password without a user name"),
                toServer("MQTT-3.1.3-3", V5, "10 0b " + v5 + "02 00 00 00", MALFORMED_PACKET, "CONNECT client id"),
                toServer("MQTT3-3.1.3-3", V311, "10 0a " + v311 + "02 00 00", MALFORMED_PACKET, "CONNECT client id"),
                toServer("MQTT 3.1.2", V5, "10 06 00 04 'MQTT'", MALFORMED_PACKET, "CONNECT protocol level"),
                toServer("MQTT 3.1.2", V5, "10 01 00", MALFORMED_PACKET, "CONNECT protocol name"),
                toServer("MQTT 3.1.2.10", V5, "10 09 " + v5 + "02 00", MALFORMED_PACKET, "CONNECT keep alive"),
                toServer("MQTT 3.1.2.11", V5, "10 0a " + v5 + "02 00 00", MALFORMED_PACKET, "CONNECT property length"),
                toServer("MQTT 3.1", V5, "10 0e " + v5 + "02 00 00 00 00 00 00", MALFORMED_PACKET, "1 bytes too many"));
    }

    private static List<Case> connectPayloads() {
        String v5 = "00 04 'MQTT' 05 ";
        String v311 = "00 04 'MQTT' 04 ";
        return List.of(
                toServer("MQTT-3.1.2-17", V5, "10 0d " + v5 + "82 00 00 00 00 00", MALFORMED_PACKET, "user name"),
                toServer("MQTT3-3.1.2-19", V311, "10 0c " + v311 + "82 00 00 00 00", MALFORMED_PACKET, "user name"),
                toServer("MQTT-3.1.2-19", V5, "10 0d " + v5 + "42 00 00 00 00 00", MALFORMED_PACKET, "password"),
                toServer(
                        "MQTT3-3.1.2-21",
                        V311,
                        "10 0e " + v311 + "c2 00 00 00 00 00 00",
                        MALFORMED_PACKET,
                        "CONNECT password"),
                toServer(
                        "MQTT-3.1.2-16",
                        V5,
                        "10 10 " + v5 + "02 00 00 00 00 00 00 01 'u'",
                        MALFORMED_PACKET,
                        "3 bytes too many"),
                toServer("MQTT-3.1.2-9", V5, "10 0e " + v5 + "06 00 00 00 00 00 00", MALFORMED_PACKET, "will topic"),
                toServer("MQTT3-3.1.2-9", V311, "10 0c " + v311 + "06 00 00 00 00", MALFORMED_PACKET, "will topic"),
                toServer(
                        "MQTT-3.1.2-9",
                        V5,
                        "10 11 " + v5 + "06 00 00 00 00 00 00 00 01 'w'",
                        MALFORMED_PACKET,
                        "CONNECT will payload"),
                toServer(
                        "MQTT-4.7.3-1",
                        V5,
                        "10 12 " + v5 + "06 00 00 00 00 00 00 00 00 00 00",
                        TOPIC_NAME_INVALID,
                        "CONNECT will topic: is empty"),
                toServer(
                        "MQTT-3.3.2-2",
                        V5,
                        "10 13 " + v5 + "06 00 00 00 00 00 00 00 01 '#' 00 00",
                        TOPIC_NAME_INVALID,
                        "will topic: contains a wildcard"),
                toServer(
                        "MQTT3-3.3.2-2",
                        V311,
                        "10 13 " + v311 + "06 00 00 00 00 00 03 'a/+' 00 00",
                        TOPIC_NAME_INVALID,
                        "will topic: contains a wildcard"),
                toServer(
                        "MQTT 3.1.2.11.10",
                        V5,
                        "10 11 " + v5 + "02 00 00 04 16 00 01 00 00 00",
                        PROTOCOL_ERROR,
                        "AUTHENTICATION_DATA: comes without an authentication method"));
    }

    private static List<Case> publishes() {
        return List.of(
                toServer("MQTT-3.3.1-4", V5, "36 06 00 01 'a' 00 01 00", MALFORMED_PACKET, "PUBLISH QoS: is 3"),
                toServer("MQTT3-3.3.1-4", V311, "36 05 00 01 'a' 00 01", MALFORMED_PACKET, "PUBLISH QoS: is 3"),
                toServer("MQTT-3.3.1-2", V5, "38 04 00 01 'a' 00", MALFORMED_PACKET, "PUBLISH DUP"),
                toServer("MQTT3-3.3.1-2", V311, "38 03 00 01 'a'", MALFORMED_PACKET, "PUBLISH DUP"),
                toServer("MQTT-3.3.2-1", V5, "30 00", MALFORMED_PACKET, "PUBLISH topic name"),
                toServer("MQTT3-3.3.2-1", V311, "30 02 00 05", MALFORMED_PACKET, "PUBLISH topic name"),
                toServer("MQTT-3.3.2-2", V5, "30 06 00 03 'a/#' 00", TOPIC_NAME_INVALID, "contains a wildcard"),
                toServer("MQTT3-3.3.2-2", V311, "30 05 00 03 '+/a'", TOPIC_NAME_INVALID, "contains a wildcard"),
                toClient("MQTT-3.3.2-2", V5, "30 06 00 03 'a/#' 00", TOPIC_NAME_INVALID, "contains a wildcard"),
                toServer("MQTT 3.3.2.1", V5, "30 03 00 00 00", PROTOCOL_ERROR, "no topic alias"),
                toServer("MQTT3-4.7.3-1", V311, "30 02 00 00", PROTOCOL_ERROR, "PUBLISH topic name: is empty"),
                toServer("MQTT-2.2.1-3", V5, "32 06 00 01 'a' 00 00 00", PROTOCOL_ERROR, "PUBLISH packet id: is 0"),
                toServer("MQTT3-2.3.1-1", V311, "34 05 00 01 'a' 00 00", PROTOCOL_ERROR, "PUBLISH packet id: is 0"),
                toClient("MQTT-2.2.1-4", V5, "32 06 00 01 'a' 00 00 00", PROTOCOL_ERROR, "PUBLISH packet id: is 0"),
                toServer("MQTT 3.3.2.2", V311, "32 04 00 01 'a' 00", MALFORMED_PACKET, "PUBLISH packet id"),
                toServer("MQTT-2.2.2-1", V5, "30 03 00 01 'a'", MALFORMED_PACKET, "PUBLISH property length"),
                toServer("MQTT 2.2.2.1", V5, "30 05 00 01 'a' 02 01", MALFORMED_PACKET, "PUBLISH properties"),
                toServer("MQTT-3.3.2-8", V5, "30 07 00 01 'a' 03 23 00 00", TOPIC_ALIAS_INVALID, "TOPIC_ALIAS: is 0"),
                toServer(
                        "MQTT-3.3.2-14",
                        V5,
                        "30 08 00 01 'a' 04 08 00 01 '#'",
                        PROTOCOL_ERROR,
                        "RESPONSE_TOPIC: contains a wildcard"),
                toServer("MQTT-4.7.3-1", V5, "30 07 00 01 'a' 03 08 00 00", PROTOCOL_ERROR, "RESPONSE_TOPIC: is empty"),
                toServer(
                        "MQTT-3.3.4-6",
                        V5,
                        "30 06 00 01 'a' 02 0b 01",
                        PROTOCOL_ERROR,
                        "SUBSCRIPTION_IDENTIFIER: is not allowed from this side"));
    }

    private static List<Case> strings() {
        return List.of(
                toServer("MQTT-1.5.4-2", V5, "30 06 00 03 'a' 00 'b' 00", MALFORMED_PACKET, "not a valid UTF-8"),
                toServer("MQTT3-1.5.3-2", V311, "30 03 00 01 00", MALFORMED_PACKET, "not a valid UTF-8"),
                toServer("MQTT-1.5.4-1", V5, "30 06 00 03 ed a0 80 00", MALFORMED_PACKET, "not a valid UTF-8"),
                toServer("MQTT3-1.5.3-1", V311, "30 05 00 03 ed bf bf", MALFORMED_PACKET, "not a valid UTF-8"),
                toServer(
                        "MQTT-3.1.3-4",
                        V5,
                        "10 0e 00 04 'MQTT' 05 02 00 00 00 00 01 ff",
                        MALFORMED_PACKET,
                        "client id"),
                toServer("MQTT-3.8.3-1", V5, "82 07 00 01 00 00 01 c0 00", MALFORMED_PACKET, "topic filter"),
                toServer("MQTT3-3.8.3-1", V311, "82 06 00 01 00 01 c0 00", MALFORMED_PACKET, "topic filter"),
                toServer("MQTT-3.10.3-1", V5, "a2 06 00 01 00 00 01 00", MALFORMED_PACKET, "topic filter"),
                toServer("MQTT3-3.10.3-1", V311, "a2 05 00 01 00 01 00", MALFORMED_PACKET, "topic filter"),
                toServer("MQTT-3.3.2-13", V5, "30 08 00 01 'a' 04 08 00 01 80", MALFORMED_PACKET, "RESPONSE_TOPIC"),
                toServer("MQTT-3.3.2-19", V5, "30 08 00 01 'a' 04 03 00 01 f5", MALFORMED_PACKET, "CONTENT_TYPE"),
                toServer("MQTT-1.5.7-1", V5, "30 0a 00 01 'a' 06 26 00 01 00 00 00", MALFORMED_PACKET, "USER_PROPERTY"),
                toServer("MQTT-1.5.7-1", V5, "30 0a 00 01 'a' 06 26 00 00 00 01 ff", MALFORMED_PACKET, "USER_PROPERTY"),
                toServer(
                        "MQTT-3.1.3-11",
                        V5,
                        "10 13 00 04 'MQTT' 05 06 00 00 00 00 00 00 00 01 ff 00 00",
                        MALFORMED_PACKET,
                        "will topic"),
                toServer(
                        "MQTT-3.1.3-12",
                        V5,
                        "10 10 00 04 'MQTT' 05 82 00 00 00 00 00 00 01 ff",
                        MALFORMED_PACKET,
                        "user name"));
    }

    private static List<Case> handshakes() {
        return List.of(
                toServer("MQTT 2.2.1", V5, "40 02 00 00", PROTOCOL_ERROR, "PUBACK packet id: is 0"),
                toServer("MQTT3-2.3.1-1", V311, "50 02 00 00", PROTOCOL_ERROR, "PUBREC packet id: is 0"),
                toServer("MQTT 2.2.1", V5, "62 02 00 00", PROTOCOL_ERROR, "PUBREL packet id: is 0"),
                toServer("MQTT 2.2.1", V5, "70 02 00 00", PROTOCOL_ERROR, "PUBCOMP packet id: is 0"),
                toServer("MQTT 3.4.2", V5, "40 01 00", MALFORMED_PACKET, "PUBACK packet id"),
                toServer("MQTT-3.4.2-1", V5, "40 03 00 01 92", PROTOCOL_ERROR, "PUBACK reason code"),
                toServer("MQTT-3.5.2-1", V5, "50 03 00 01 01", PROTOCOL_ERROR, "PUBREC reason code"),
                toServer("MQTT-3.6.2-1", V5, "62 03 00 01 10", PROTOCOL_ERROR, "PUBREL reason code"),
                toServer("MQTT-3.7.2-1", V5, "70 03 00 01 80", PROTOCOL_ERROR, "PUBCOMP reason code"),
                toServer("MQTT-3.4.2-1", V5, "40 03 00 01 ff", PROTOCOL_ERROR, "PUBACK reason code: cannot be 255"),
                toServer("MQTT3 3.4.2", V311, "40 03 00 01 00", MALFORMED_PACKET, "PUBACK end"),
                toServer("MQTT3 3.5.2", V311, "50 03 00 01 00", MALFORMED_PACKET, "PUBREC end"),
                toServer("MQTT3 3.6.2", V311, "62 03 00 01 00", MALFORMED_PACKET, "PUBREL end"),
                toServer("MQTT3 3.7.2", V311, "70 04 00 01 00 00", MALFORMED_PACKET, "PUBCOMP end"),
                toServer("MQTT 3.4.2.2", V5, "40 05 00 01 00 00 00", MALFORMED_PACKET, "1 bytes too many"),
                toServer("MQTT 2.2.2.1", V5, "40 05 00 01 00 05 1f", MALFORMED_PACKET, "PUBACK properties"));
    }

    private static List<Case> subscriptions() {
        return List.of(
                toServer("MQTT-2.2.1-3", V5, "82 07 00 00 00 00 01 'a' 00", PROTOCOL_ERROR, "SUBSCRIBE packet id"),
                toServer("MQTT3-2.3.1-1", V311, "82 06 00 00 00 01 'a' 00", PROTOCOL_ERROR, "SUBSCRIBE packet id"),
                toServer("MQTT-3.8.3-2", V5, "82 03 00 01 00", PROTOCOL_ERROR, "names no topic filter"),
                toServer("MQTT3-3.8.3-3", V311, "82 02 00 01", PROTOCOL_ERROR, "names no topic filter"),
                toServer("MQTT-4.7.3-1", V5, "82 06 00 01 00 00 00 00", PROTOCOL_ERROR, "topic filter: is empty"),
                toServer("MQTT3-4.7.3-1", V311, "82 05 00 01 00 00 00", PROTOCOL_ERROR, "topic filter: is empty"),
                toServer("MQTT 3.8.3", V5, "82 06 00 01 00 00 01 'a'", MALFORMED_PACKET, "subscription options"),
                toServer("MQTT-3.8.3-5", V5, "82 07 00 01 00 00 01 'a' 40", MALFORMED_PACKET, "reserved bits"),
                toServer("MQTT-3.8.3-5", V5, "82 07 00 01 00 00 01 'a' 80", MALFORMED_PACKET, "reserved bits"),
                toServer("MQTT3-3.8.3-4", V311, "82 06 00 01 00 01 'a' 04", MALFORMED_PACKET, "reserved bits"),
                toServer("MQTT 3.8.3.1", V5, "82 07 00 01 00 00 01 'a' 03", PROTOCOL_ERROR, "maximum QoS: is 3"),
                toServer("MQTT3-3.8.3-4", V311, "82 06 00 01 00 01 'a' 03", MALFORMED_PACKET, "maximum QoS: is 3"),
                toServer("MQTT 3.8.3.1", V5, "82 07 00 01 00 00 01 'a' 30", PROTOCOL_ERROR, "retain handling: is 3"),
                toServer(
                        "MQTT-3.8.3-4",
                        V5,
                        "82 10 00 01 00 00 0a '$share/g/b' 04",
                        PROTOCOL_ERROR,
                        "no local: is set on a shared subscription"),
                toServer("MQTT 3.8.2.1.2", V5, "82 09 00 01 02 0b 00 00 01 'a' 00", PROTOCOL_ERROR, "cannot be 0"),
                toServer("MQTT-2.2.1-3", V5, "a2 06 00 00 00 00 01 'a'", PROTOCOL_ERROR, "UNSUBSCRIBE packet id"),
                toServer("MQTT-3.10.3-2", V5, "a2 03 00 01 00", PROTOCOL_ERROR, "names no topic filter"),
                toServer("MQTT3-3.10.3-2", V311, "a2 02 00 01", PROTOCOL_ERROR, "names no topic filter"),
                toServer("MQTT-4.7.3-1", V5, "a2 05 00 01 00 00 00", PROTOCOL_ERROR, "topic filter: is empty"),
                toServer("MQTT 3.10.3", V311, "a2 03 00 01 00", MALFORMED_PACKET, "topic filter: reaches beyond"));
    }

    private static List<Case> subscriptionAnswers() {
        return List.of(
                toClient("MQTT-2.2.1-6", V5, "90 04 00 00 00 00", PROTOCOL_ERROR, "SUBACK packet id: is 0"),
                toClient("MQTT-3.9.3-2", V5, "90 04 00 01 00 03", PROTOCOL_ERROR, "SUBACK reason code"),
                toClient("MQTT3-3.9.3-2", V311, "90 03 00 01 87", PROTOCOL_ERROR, "SUBACK reason code"),
                toClient("MQTT-3.8.4-6", V5, "90 03 00 01 00", PROTOCOL_ERROR, "SUBACK payload"),
                toClient("MQTT-3.11.3-2", V5, "b0 04 00 01 00 01", PROTOCOL_ERROR, "UNSUBACK reason code"),
                toClient("MQTT3 3.11", V311, "b0 03 00 01 00", MALFORMED_PACKET, "UNSUBACK end"));
    }

    private static List<Case> connAcks() {
        return List.of(
                toClient("MQTT-3.2.2-1", V5, "20 03 02 00 00", MALFORMED_PACKET, "acknowledge flags"),
                toClient("MQTT3 3.2.2.1", V311, "20 02 80 00", MALFORMED_PACKET, "acknowledge flags"),
                toClient("MQTT-3.2.2-6", V5, "20 03 01 87 00", PROTOCOL_ERROR, "session present"),
                toClient("MQTT3-3.2.2-4", V311, "20 02 01 05", PROTOCOL_ERROR, "session present"),
                toClient("MQTT-3.2.2-8", V5, "20 03 00 01 00", PROTOCOL_ERROR, "CONNACK reason code"),
                toClient("MQTT3 3.2.2.3", V311, "20 02 00 06", PROTOCOL_ERROR, "CONNACK return code"),
                toClient("MQTT 3.2.2.3", V5, "20 02 00 00", MALFORMED_PACKET, "CONNACK property length"),
                toClient("MQTT 3.2.2.3.18", V5, "20 06 00 00 03 16 00 00", PROTOCOL_ERROR, "AUTHENTICATION_DATA"));
    }

    private static List<Case> endings() {
        return List.of(
                toServer("MQTT 3.12", V5, "c0 01 00", MALFORMED_PACKET, "PINGREQ end: 1 bytes too many"),
                toClient("MQTT3 3.13", V311, "d0 01 00", MALFORMED_PACKET, "PINGRESP end: 1 bytes too many"),
                toServer("MQTT3 3.14", V311, "e0 01 00", MALFORMED_PACKET, "DISCONNECT end: 1 bytes too many"),
                toServer("MQTT-3.14.2-1", V5, "e0 01 8e", PROTOCOL_ERROR, "DISCONNECT reason code"),
                toClient("MQTT-3.14.2-1", V5, "e0 01 04", PROTOCOL_ERROR, "DISCONNECT reason code"),
                toClient("MQTT-3.14.2-1", V5, "e0 01 01", PROTOCOL_ERROR, "DISCONNECT reason code"),
                toClient(
                        "MQTT-3.14.2-2",
                        V5,
                        "e0 07 00 05 11 00 00 00 01",
                        PROTOCOL_ERROR,
                        "SESSION_EXPIRY_INTERVAL: is not allowed from this side"),
                toServer(
                        "MQTT 3.14.2.2.5",
                        V5,
                        "e0 06 00 04 1c 00 01 'x'",
                        PROTOCOL_ERROR,
                        "SERVER_REFERENCE: is not allowed from this side"),
                toServer("MQTT-3.15.2-1", V5, "f0 06 00 04 15 00 01 'm'", PROTOCOL_ERROR, "AUTH reason code"),
                toServer("MQTT-3.15.2-1", V5, "f0 00", PROTOCOL_ERROR, "AUTH reason code"),
                toClient("MQTT-3.15.2-1", V5, "f0 06 19 04 15 00 01 'm'", PROTOCOL_ERROR, "AUTH reason code"),
                toServer("MQTT 3.15.2.2", V5, "f0 01 18", MALFORMED_PACKET, "AUTH property length"),
                toServer("MQTT 3.15.2.2.2", V5, "f0 02 18 00", PROTOCOL_ERROR, "AUTHENTICATION_METHOD: is missing"));
    }

    private static List<Case> properties() {
        return List.of(
                toServer("MQTT 2.2.2.2", V5, "30 06 00 01 'a' 02 00 00", MALFORMED_PACKET, "0 is not defined"),
                toServer("MQTT 2.2.2.2", V5, "30 06 00 01 'a' 02 2b 00", MALFORMED_PACKET, "43 is not defined"),
                toServer("MQTT 2.2.2.2", V5, "30 06 00 01 'a' 02 ff 7f", MALFORMED_PACKET, "is not defined"),
                toServer("MQTT-1.5.5-1", V5, "30 07 00 01 'a' 03 81 00 00", MALFORMED_PACKET, "shortest form"),
                toServer("MQTT-1.5.5-1", V5, "30 05 00 01 'a' 80 00", MALFORMED_PACKET, "shortest form"),
                toClient("MQTT-1.5.5-1", V5, "30 07 00 01 'a' 03 0b 81 00", MALFORMED_PACKET, "shortest form"),
                toClient("MQTT 1.5.5", V5, "30 0a 00 01 'a' 06 0b ff ff ff ff 01", MALFORMED_PACKET, "four bytes"),
                toServer("MQTT 2.2.2.1", V5, "30 06 00 01 'a' 02 02 00", MALFORMED_PACKET, "MESSAGE_EXPIRY_INTERVAL"),
                toServer("MQTT 2.2.2.1", V5, "30 07 00 01 'a' 03 03 00 01 't'", MALFORMED_PACKET, "CONTENT_TYPE"),
                toServer("MQTT 2.2.2.1", V5, "30 05 00 01 'a' 01 01", MALFORMED_PACKET, "PAYLOAD_FORMAT_INDICATOR"),
                toServer("MQTT 2.2.2.1", V5, "30 05 00 01 'a' 7f 01", MALFORMED_PACKET, "PUBLISH properties"));
    }

    private static List<Case> propertyValues() {
        String connect = "00 04 'MQTT' 05 02 00 00 ";
        return List.of(
                toServer("MQTT 3.3.2.3.2", V5, "30 06 00 01 'a' 02 01 02", PROTOCOL_ERROR, "cannot be 2"),
                toServer("MQTT 3.1.2.11.3", V5, "10 10 " + connect + "03 21 00 00 00 00", PROTOCOL_ERROR, "RECEIVE"),
                toServer("MQTT 3.1.2.11.4", V5, "10 12 " + connect + "05 27 00 00 00 00 00 00", PROTOCOL_ERROR, "SIZE"),
                toServer("MQTT 3.1.2.11.6", V5, "10 0f " + connect + "02 19 02 00 00", PROTOCOL_ERROR, "RESPONSE"),
                toServer("MQTT 3.1.2.11.7", V5, "10 0f " + connect + "02 17 02 00 00", PROTOCOL_ERROR, "PROBLEM"),
                toClient("MQTT 3.2.2.3.3", V5, "20 06 00 00 03 21 00 00", PROTOCOL_ERROR, "RECEIVE_MAXIMUM"),
                toClient("MQTT 3.2.2.3.4", V5, "20 05 00 00 02 24 02", PROTOCOL_ERROR, "MAXIMUM_QOS"),
                toClient("MQTT 3.2.2.3.5", V5, "20 05 00 00 02 25 02", PROTOCOL_ERROR, "RETAIN_AVAILABLE"),
                toClient("MQTT 3.2.2.3.6", V5, "20 08 00 00 05 27 00 00 00 00", PROTOCOL_ERROR, "MAXIMUM_PACKET_SIZE"),
                toClient("MQTT 3.2.2.3.11", V5, "20 05 00 00 02 28 02", PROTOCOL_ERROR, "WILDCARD"),
                toClient("MQTT 3.2.2.3.12", V5, "20 05 00 00 02 29 02", PROTOCOL_ERROR, "SUBSCRIPTION_IDENTIFIER"),
                toClient("MQTT 3.2.2.3.13", V5, "20 05 00 00 02 2a ff", PROTOCOL_ERROR, "SHARED"),
                toClient("MQTT 3.3.2.3.8", V5, "30 06 00 01 'a' 02 0b 00", PROTOCOL_ERROR, "cannot be 0"));
    }
}
