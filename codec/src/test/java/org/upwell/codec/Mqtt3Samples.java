// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import static org.upwell.codec.MqttVersion.MQTT_3_1;
import static org.upwell.codec.MqttVersion.MQTT_3_1_1;
import static org.upwell.codec.PacketDecoder.Receiver.CLIENT;
import static org.upwell.codec.PacketDecoder.Receiver.SERVER;

import java.nio.charset.StandardCharsets;
import java.util.List;

/// Every packet of MQTT 3.1.1, and of 3.1 what differs, byte by byte.
final class Mqtt3Samples {

    private Mqtt3Samples() {}

    static List<Sample> all() {
        return List.of(
                connect(),
                connectWithAll(),
                connect31(),
                connAck(),
                connAckRefused(),
                publish(),
                publishQos1(),
                publishQos2(),
                pubAck(),
                pubRec(),
                pubRel(),
                pubComp(),
                subscribe(),
                subAck(),
                unsubscribe(),
                unsubAck(),
                pingReq(),
                pingResp(),
                disconnect());
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Sample connect() {
        return Sample.of(
                "CONNECT",
                MQTT_3_1_1,
                SERVER,
                new Connect(MQTT_3_1_1, "c1", true, 60, null, null, null, Properties.NONE),
                """
                10            | CONNECT
                0e            | remaining length
                00 04 'MQTT'  | protocol name
                04            | protocol level
                02            | clean session
                00 3c         | keep alive 60
                00 02 'c1'    | client id
                """);
    }

    private static Sample connectWithAll() {
        Connect.Will will = new Connect.Will("w/t", utf8("gone"), QoS.AT_LEAST_ONCE, true, Properties.NONE);
        return Sample.of(
                "CONNECT with all fields",
                MQTT_3_1_1,
                SERVER,
                new Connect(MQTT_3_1_1, "c1", false, 10, will, "user", utf8("pw"), Properties.NONE),
                """
                10            | CONNECT
                23            | remaining length
                00 04 'MQTT'  | protocol name
                04            | protocol level
                ec            | user name, password, will retain, will QoS 1, will
                00 0a         | keep alive 10
                00 02 'c1'    | client id
                00 03 'w/t'   | will topic
                00 04 'gone'  | will payload
                00 04 'user'  | user name
                00 02 'pw'    | password
                """);
    }

    private static Sample connect31() {
        return Sample.of(
                "CONNECT",
                MQTT_3_1,
                SERVER,
                new Connect(MQTT_3_1, "c1", true, 60, null, "u", null, Properties.NONE),
                """
                10              | CONNECT
                13              | remaining length
                00 06 'MQIsdp'  | protocol name
                03              | protocol level
                82              | user name, clean session
                00 3c           | keep alive 60
                00 02 'c1'      | client id
                00 01 'u'       | user name
                """);
    }

    private static Sample connAck() {
        return Sample.of("CONNACK", MQTT_3_1_1, CLIENT, new ConnAck(true, ReasonCode.SUCCESS, Properties.NONE), """
                20  | CONNACK
                02  | remaining length
                01  | session present
                00  | accepted
                """);
    }

    private static Sample connAckRefused() {
        return Sample.of(
                "CONNACK that refuses",
                MQTT_3_1_1,
                CLIENT,
                new ConnAck(false, ReasonCode.NOT_AUTHORIZED, Properties.NONE),
                """
                20  | CONNACK
                02  | remaining length
                00  | no session present
                05  | not authorised
                """);
    }

    private static Sample publish() {
        return Sample.of(
                "PUBLISH at QoS 0",
                MQTT_3_1_1,
                SERVER,
                new Publish("a/b", utf8("hi"), QoS.AT_MOST_ONCE, false, true, 0, Properties.NONE),
                """
                31           | PUBLISH, QoS 0, retain
                07           | remaining length
                00 03 'a/b'  | topic name
                'hi'         | payload
                """);
    }

    private static Sample publishQos1() {
        return Sample.of(
                "PUBLISH at QoS 1",
                MQTT_3_1_1,
                CLIENT,
                new Publish("a/b", utf8("hi"), QoS.AT_LEAST_ONCE, true, false, 10, Properties.NONE),
                """
                3a           | PUBLISH, DUP, QoS 1
                09           | remaining length
                00 03 'a/b'  | topic name
                00 0a        | packet id 10
                'hi'         | payload
                """);
    }

    private static Sample publishQos2() {
        return Sample.of(
                "PUBLISH at QoS 2 without payload",
                MQTT_3_1_1,
                SERVER,
                new Publish("é", new byte[0], QoS.EXACTLY_ONCE, false, false, 65535, Properties.NONE),
                """
                34           | PUBLISH, QoS 2
                06           | remaining length
                00 02 c3 a9  | topic name é
                ff ff        | packet id 65535
                """);
    }

    private static Sample pubAck() {
        return Sample.of("PUBACK", MQTT_3_1_1, SERVER, new PubAck(258), """
                40     | PUBACK
                02     | remaining length
                01 02  | packet id
                """);
    }

    private static Sample pubRec() {
        return Sample.of("PUBREC", MQTT_3_1_1, SERVER, new PubRec(258), """
                50     | PUBREC
                02     | remaining length
                01 02  | packet id
                """);
    }

    private static Sample pubRel() {
        return Sample.of("PUBREL", MQTT_3_1_1, SERVER, new PubRel(258), """
                62     | PUBREL with its fixed flags
                02     | remaining length
                01 02  | packet id
                """);
    }

    private static Sample pubComp() {
        return Sample.of("PUBCOMP", MQTT_3_1_1, CLIENT, new PubComp(258), """
                70     | PUBCOMP
                02     | remaining length
                01 02  | packet id
                """);
    }

    private static Sample subscribe() {
        return Sample.of(
                "SUBSCRIBE",
                MQTT_3_1_1,
                SERVER,
                new Subscribe(
                        1,
                        List.of(
                                new Subscribe.Request("a/+", QoS.AT_LEAST_ONCE),
                                new Subscribe.Request("#", QoS.EXACTLY_ONCE)),
                        Properties.NONE),
                """
                82           | SUBSCRIBE with its fixed flags
                0c           | remaining length
                00 01        | packet id
                00 03 'a/+'  | topic filter
                01           | QoS 1
                00 01 '#'    | topic filter
                02           | QoS 2
                """);
    }

    private static Sample subAck() {
        return Sample.of(
                "SUBACK",
                MQTT_3_1_1,
                CLIENT,
                new SubAck(1, List.of(ReasonCode.GRANTED_QOS_1, ReasonCode.UNSPECIFIED_ERROR), Properties.NONE),
                """
                90     | SUBACK
                04     | remaining length
                00 01  | packet id
                01     | granted QoS 1
                80     | failure
                """);
    }

    private static Sample unsubscribe() {
        return Sample.of("UNSUBSCRIBE", MQTT_3_1_1, SERVER, new Unsubscribe(2, List.of("a/+"), Properties.NONE), """
                a2           | UNSUBSCRIBE with its fixed flags
                07           | remaining length
                00 02        | packet id
                00 03 'a/+'  | topic filter
                """);
    }

    private static Sample unsubAck() {
        return Sample.of("UNSUBACK", MQTT_3_1_1, CLIENT, new UnsubAck(2, List.of(), Properties.NONE), """
                b0     | UNSUBACK
                02     | remaining length
                00 02  | packet id
                """);
    }

    private static Sample pingReq() {
        return Sample.of("PINGREQ", MQTT_3_1_1, SERVER, PingReq.INSTANCE, "c0 00 | PINGREQ");
    }

    private static Sample pingResp() {
        return Sample.of("PINGRESP", MQTT_3_1_1, CLIENT, PingResp.INSTANCE, "d0 00 | PINGRESP");
    }

    private static Sample disconnect() {
        return Sample.of(
                "DISCONNECT",
                MQTT_3_1_1,
                SERVER,
                new Disconnect(ReasonCode.SUCCESS, Properties.NONE),
                "e0 00 | DISCONNECT");
    }
}
