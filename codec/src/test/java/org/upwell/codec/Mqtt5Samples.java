// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import static org.upwell.codec.MqttVersion.MQTT_5;
import static org.upwell.codec.PacketDecoder.Receiver.CLIENT;
import static org.upwell.codec.PacketDecoder.Receiver.SERVER;

import java.util.List;
import org.upwell.codec.PacketDecoder.Receiver;

/// Every packet of MQTT 5, in its short and its long form, byte by byte; every property at least once.
final class Mqtt5Samples {

    private static final Properties REASON = Properties.builder()
            .string(Property.REASON_STRING, "no")
            .user("k", "v")
            .build();

    private Mqtt5Samples() {}

    static List<Sample> all() {
        return List.of(
                connect(),
                connectWithAll(),
                connAck(),
                connAckWithAll(),
                publish(),
                publishWithAlias(),
                publishWithAllFromServer(),
                shortAck("PUBACK", new PubAck(258), "40"),
                shortAck("PUBREC", new PubRec(258), "50"),
                shortAck("PUBREL", new PubRel(258), "62"),
                shortAck("PUBCOMP", new PubComp(258), "70"),
                reasonAck("PUBACK", new PubAck(258, ReasonCode.NO_MATCHING_SUBSCRIBERS, Properties.NONE), "40", "10"),
                reasonAck("PUBREC", new PubRec(258, ReasonCode.QUOTA_EXCEEDED, Properties.NONE), "50", "97"),
                reasonAck(
                        "PUBREL", new PubRel(258, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND, Properties.NONE), "62", "92"),
                reasonAck(
                        "PUBCOMP",
                        new PubComp(258, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND, Properties.NONE),
                        "70",
                        "92"),
                longAck("PUBACK", new PubAck(258, ReasonCode.NOT_AUTHORIZED, REASON), "40", "87"),
                longAck("PUBREC", new PubRec(258, ReasonCode.SUCCESS, REASON), "50", "00"),
                longAck("PUBREL", new PubRel(258, ReasonCode.SUCCESS, REASON), "62", "00"),
                longAck("PUBCOMP", new PubComp(258, ReasonCode.SUCCESS, REASON), "70", "00"),
                subscribe(),
                subAck(),
                unsubscribe(),
                unsubAck(),
                Sample.of("PINGREQ", MQTT_5, SERVER, PingReq.INSTANCE, "c0 00 | PINGREQ"),
                Sample.of("PINGRESP", MQTT_5, CLIENT, PingResp.INSTANCE, "d0 00 | PINGRESP"),
                disconnect(SERVER),
                disconnect(CLIENT),
                disconnectWithReason(),
                disconnectFromClient(),
                disconnectFromServer(),
                auth(),
                authSuccess());
    }

    private static Sample connect() {
        return Sample.of(
                "CONNECT", MQTT_5, SERVER, new Connect(MQTT_5, "", true, 0, null, null, null, Properties.NONE), """
                10            | CONNECT
                0d            | remaining length
                00 04 'MQTT'  | protocol name
                05            | protocol level
                02            | clean start
                00 00         | no keep alive
                00            | property length
                00 00         | client id, empty
                """);
    }

    private static Sample connectWithAll() {
        Properties properties = Properties.builder()
                .integer(Property.SESSION_EXPIRY_INTERVAL, 0xFFFF_FFFFL)
                .integer(Property.RECEIVE_MAXIMUM, 20)
                .integer(Property.MAXIMUM_PACKET_SIZE, 4096)
                .integer(Property.TOPIC_ALIAS_MAXIMUM, 10)
                .integer(Property.REQUEST_RESPONSE_INFORMATION, 1)
                .integer(Property.REQUEST_PROBLEM_INFORMATION, 0)
                .user("k", "v")
                .user("k", "v")
                .string(Property.AUTHENTICATION_METHOD, "m")
                .binary(Property.AUTHENTICATION_DATA, new byte[] {1, 2})
                .build();
        Properties willProperties = Properties.builder()
                .integer(Property.WILL_DELAY_INTERVAL, 5)
                .integer(Property.PAYLOAD_FORMAT_INDICATOR, 1)
                .integer(Property.MESSAGE_EXPIRY_INTERVAL, 7)
                .string(Property.CONTENT_TYPE, "t")
                .string(Property.RESPONSE_TOPIC, "r")
                .binary(Property.CORRELATION_DATA, new byte[] {9})
                .user("", "")
                .build();
        Connect.Will will = new Connect.Will("w", new byte[] {3}, QoS.EXACTLY_ONCE, false, willProperties);
        return Sample.of(
                "CONNECT with all fields",
                MQTT_5,
                SERVER,
                new Connect(MQTT_5, "c", false, 300, will, null, Mqtt3Samples.utf8("pw"), properties),
                """
                10                    | CONNECT
                61                    | remaining length
                00 04 'MQTT'          | protocol name
                05                    | protocol level
                54                    | password without user name, will QoS 2, will
                01 2c                 | keep alive 300
                2b                    | property length
                11 ff ff ff ff        | session expiry interval
                21 00 14              | receive maximum
                27 00 00 10 00        | maximum packet size
                22 00 0a              | topic alias maximum
                19 01                 | request response information
                17 00                 | request problem information
                26 00 01 'k' 00 01 'v'| user property
                26 00 01 'k' 00 01 'v'| the same once more
                15 00 01 'm'          | authentication method
                16 00 02 01 02        | authentication data
                00 01 'c'             | client id
                1d                    | will property length
                18 00 00 00 05        | will delay interval
                01 01                 | payload format indicator
                02 00 00 00 07        | message expiry interval
                03 00 01 't'          | content type
                08 00 01 'r'          | response topic
                09 00 01 09           | correlation data
                26 00 00 00 00        | user property
                00 01 'w'             | will topic
                00 01 03              | will payload
                00 02 'pw'            | password
                """);
    }

    private static Sample connAck() {
        return Sample.of("CONNACK", MQTT_5, CLIENT, new ConnAck(true, ReasonCode.SUCCESS, Properties.NONE), """
                20  | CONNACK
                03  | remaining length
                01  | session present
                00  | success
                00  | property length
                """);
    }

    private static Sample connAckWithAll() {
        Properties properties = Properties.builder()
                .integer(Property.SESSION_EXPIRY_INTERVAL, 60)
                .integer(Property.RECEIVE_MAXIMUM, 20)
                .integer(Property.MAXIMUM_QOS, 1)
                .integer(Property.RETAIN_AVAILABLE, 0)
                .integer(Property.MAXIMUM_PACKET_SIZE, 4096)
                .string(Property.ASSIGNED_CLIENT_IDENTIFIER, "id")
                .integer(Property.TOPIC_ALIAS_MAXIMUM, 10)
                .string(Property.REASON_STRING, "no")
                .user("k", "v")
                .integer(Property.WILDCARD_SUBSCRIPTION_AVAILABLE, 1)
                .integer(Property.SUBSCRIPTION_IDENTIFIER_AVAILABLE, 1)
                .integer(Property.SHARED_SUBSCRIPTION_AVAILABLE, 1)
                .integer(Property.SERVER_KEEP_ALIVE, 30)
                .string(Property.RESPONSE_INFORMATION, "ri")
                .string(Property.SERVER_REFERENCE, "sr")
                .string(Property.AUTHENTICATION_METHOD, "m")
                .binary(Property.AUTHENTICATION_DATA, new byte[0])
                .build();
        return Sample.of(
                "CONNACK with all properties",
                MQTT_5,
                CLIENT,
                new ConnAck(false, ReasonCode.SERVER_MOVED, properties),
                """
                20                    | CONNACK
                42                    | remaining length
                00                    | no session present
                9d                    | server moved
                3f                    | property length
                11 00 00 00 3c        | session expiry interval
                21 00 14              | receive maximum
                24 01                 | maximum QoS
                25 00                 | retain available
                27 00 00 10 00        | maximum packet size
                12 00 02 'id'         | assigned client identifier
                22 00 0a              | topic alias maximum
                1f 00 02 'no'         | reason string
                26 00 01 'k' 00 01 'v'| user property
                28 01                 | wildcard subscription available
                29 01                 | subscription identifier available
                2a 01                 | shared subscription available
                13 00 1e              | server keep alive
                1a 00 02 'ri'         | response information
                1c 00 02 'sr'         | server reference
                15 00 01 'm'          | authentication method
                16 00 00              | authentication data
                """);
    }

    private static Sample publish() {
        return Sample.of(
                "PUBLISH at QoS 0",
                MQTT_5,
                SERVER,
                new Publish("a/b", Mqtt3Samples.utf8("hi"), QoS.AT_MOST_ONCE, false, false, 0, Properties.NONE),
                """
                30           | PUBLISH, QoS 0
                08           | remaining length
                00 03 'a/b'  | topic name
                00           | property length
                'hi'         | payload
                """);
    }

    private static Sample publishWithAlias() {
        Properties properties =
                Properties.builder().integer(Property.TOPIC_ALIAS, 5).build();
        return Sample.of(
                "PUBLISH with a topic alias alone",
                MQTT_5,
                SERVER,
                new Publish("", new byte[] {0}, QoS.AT_LEAST_ONCE, false, false, 1, properties),
                """
                32        | PUBLISH, QoS 1
                09        | remaining length
                00 00     | topic name, empty
                00 01     | packet id
                03        | property length
                23 00 05  | topic alias
                00        | payload
                """);
    }

    private static Sample publishWithAllFromServer() {
        Properties properties = Properties.builder()
                .integer(Property.PAYLOAD_FORMAT_INDICATOR, 0)
                .integer(Property.MESSAGE_EXPIRY_INTERVAL, 100)
                .integer(Property.TOPIC_ALIAS, 65535)
                .string(Property.RESPONSE_TOPIC, "r/t")
                .binary(Property.CORRELATION_DATA, new byte[] {0})
                .user("b", "2")
                .user("a", "1")
                .integer(Property.SUBSCRIPTION_IDENTIFIER, 1)
                .integer(Property.SUBSCRIPTION_IDENTIFIER, 268_435_455)
                .string(Property.CONTENT_TYPE, "t")
                .build();
        return Sample.of(
                "PUBLISH with all properties",
                MQTT_5,
                CLIENT,
                new Publish("a", new byte[0], QoS.EXACTLY_ONCE, true, true, 2, properties),
                """
                3d                    | PUBLISH, DUP, QoS 2, retain
                33                    | remaining length
                00 01 'a'             | topic name
                00 02                 | packet id
                2d                    | property length
                01 00                 | payload format indicator
                02 00 00 00 64        | message expiry interval
                23 ff ff              | topic alias
                08 00 03 'r/t'        | response topic
                09 00 01 00           | correlation data
                26 00 01 'b' 00 01 '2'| user property
                26 00 01 'a' 00 01 '1'| user property
                0b 01                 | subscription identifier
                0b ff ff ff 7f        | subscription identifier
                03 00 01 't'          | content type
                """);
    }

    private static Sample shortAck(String name, Packet packet, String firstByte) {
        return Sample.of(name + " in its shortest form", MQTT_5, SERVER, packet, firstByte + """
                       | the packet
                02     | remaining length
                01 02  | packet id
                """);
    }

    private static Sample reasonAck(String name, Packet packet, String firstByte, String reason) {
        return Sample.of(name + " with a reason", MQTT_5, CLIENT, packet, firstByte + """
                       | the packet
                03     | remaining length
                01 02  | packet id
                """ + reason);
    }

    private static Sample longAck(String name, Packet packet, String firstByte, String reason) {
        return Sample.of(name + " with properties", MQTT_5, SERVER, packet, firstByte + """
                       | the packet
                10     | remaining length
                01 02  | packet id
                """ + reason + """
                                      | reason code
                0c                    | property length
                1f 00 02 'no'         | reason string
                26 00 01 'k' 00 01 'v'| user property
                """);
    }

    private static Sample subscribe() {
        Properties properties = Properties.builder()
                .integer(Property.SUBSCRIPTION_IDENTIFIER, 128)
                .user("k", "v")
                .build();
        return Sample.of(
                "SUBSCRIBE",
                MQTT_5,
                SERVER,
                new Subscribe(
                        1,
                        List.of(
                                new Subscribe.Request(
                                        "a", QoS.EXACTLY_ONCE, true, true, Subscribe.RetainHandling.DO_NOT_SEND),
                                new Subscribe.Request(
                                        "$share/g/b",
                                        QoS.AT_MOST_ONCE,
                                        false,
                                        false,
                                        Subscribe.RetainHandling.SEND_IF_NEW)),
                        properties),
                """
                82                    | SUBSCRIBE with its fixed flags
                1e                    | remaining length
                00 01                 | packet id
                0a                    | property length
                0b 80 01              | subscription identifier
                26 00 01 'k' 00 01 'v'| user property
                00 01 'a'             | topic filter
                2e                    | QoS 2, no local, retain as published, no retained messages
                00 0a '$share/g/b'    | topic filter
                10                    | QoS 0, retained messages if new
                """);
    }

    private static Sample subAck() {
        return Sample.of(
                "SUBACK",
                MQTT_5,
                CLIENT,
                new SubAck(1, List.of(ReasonCode.SUCCESS, ReasonCode.NOT_AUTHORIZED), REASON),
                """
                90                    | SUBACK
                11                    | remaining length
                00 01                 | packet id
                0c                    | property length
                1f 00 02 'no'         | reason string
                26 00 01 'k' 00 01 'v'| user property
                00                    | granted QoS 0
                87                    | not authorised
                """);
    }

    private static Sample unsubscribe() {
        return Sample.of(
                "UNSUBSCRIBE",
                MQTT_5,
                SERVER,
                new Unsubscribe(
                        3,
                        List.of("a", "b"),
                        Properties.builder().user("k", "v").build()),
                """
                a2                    | UNSUBSCRIBE with its fixed flags
                10                    | remaining length
                00 03                 | packet id
                07                    | property length
                26 00 01 'k' 00 01 'v'| user property
                00 01 'a'             | topic filter
                00 01 'b'             | topic filter
                """);
    }

    private static Sample unsubAck() {
        return Sample.of(
                "UNSUBACK",
                MQTT_5,
                CLIENT,
                new UnsubAck(3, List.of(ReasonCode.SUCCESS, ReasonCode.NO_SUBSCRIPTION_EXISTED), Properties.NONE),
                """
                b0     | UNSUBACK
                05     | remaining length
                00 03  | packet id
                00     | property length
                00     | success
                11     | no subscription existed
                """);
    }

    private static Sample disconnect(Receiver receiver) {
        return Sample.of(
                "DISCONNECT to a " + receiver,
                MQTT_5,
                receiver,
                new Disconnect(ReasonCode.SUCCESS, Properties.NONE),
                "e0 00 | DISCONNECT");
    }

    private static Sample disconnectWithReason() {
        return Sample.of(
                "DISCONNECT with a reason",
                MQTT_5,
                SERVER,
                new Disconnect(ReasonCode.DISCONNECT_WITH_WILL, Properties.NONE),
                """
                e0  | DISCONNECT
                01  | remaining length
                04  | disconnect with will
                """);
    }

    private static Sample disconnectFromClient() {
        Properties properties = Properties.builder()
                .integer(Property.SESSION_EXPIRY_INTERVAL, 1)
                .all(REASON)
                .build();
        return Sample.of(
                "DISCONNECT with all properties of a client",
                MQTT_5,
                SERVER,
                new Disconnect(ReasonCode.SUCCESS, properties),
                """
                e0                    | DISCONNECT
                13                    | remaining length
                00                    | normal disconnection
                11                    | property length
                11 00 00 00 01        | session expiry interval
                1f 00 02 'no'         | reason string
                26 00 01 'k' 00 01 'v'| user property
                """);
    }

    private static Sample disconnectFromServer() {
        Properties properties = Properties.builder()
                .string(Property.SERVER_REFERENCE, "x")
                .all(REASON)
                .build();
        return Sample.of(
                "DISCONNECT with all properties of a server",
                MQTT_5,
                CLIENT,
                new Disconnect(ReasonCode.USE_ANOTHER_SERVER, properties),
                """
                e0                    | DISCONNECT
                12                    | remaining length
                9c                    | use another server
                10                    | property length
                1c 00 01 'x'          | server reference
                1f 00 02 'no'         | reason string
                26 00 01 'k' 00 01 'v'| user property
                """);
    }

    private static Sample auth() {
        Properties properties = Properties.builder()
                .string(Property.AUTHENTICATION_METHOD, "m")
                .binary(Property.AUTHENTICATION_DATA, new byte[] {1})
                .all(REASON)
                .build();
        return Sample.of("AUTH", MQTT_5, SERVER, new Auth(ReasonCode.CONTINUE_AUTHENTICATION, properties), """
                f0                    | AUTH
                16                    | remaining length
                18                    | continue authentication
                14                    | property length
                15 00 01 'm'          | authentication method
                16 00 01 01           | authentication data
                1f 00 02 'no'         | reason string
                26 00 01 'k' 00 01 'v'| user property
                """);
    }

    private static Sample authSuccess() {
        return Sample.of(
                "AUTH that reports success",
                MQTT_5,
                CLIENT,
                new Auth(ReasonCode.SUCCESS, Properties.NONE),
                "f0 00 | AUTH");
    }
}
