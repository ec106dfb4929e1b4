// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.upwell.codec.MqttVersion.MQTT_3_1;
import static org.upwell.codec.MqttVersion.MQTT_3_1_1;
import static org.upwell.codec.MqttVersion.MQTT_5;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// What the encoder makes of packets that the wire's version cannot express as they are.
class PacketEncoderTest {

    private static final Properties WORDS =
            Properties.builder().string(Property.REASON_STRING, "why").build();

    private static String encode(Packet packet, MqttVersion version) {
        ByteBuf out = Unpooled.buffer();
        PacketEncoder.encode(packet, version, out);
        assertThat(PacketEncoder.encodedBytes(packet, version)).isEqualTo(out.readableBytes());
        return ByteBufUtil.hexDump(out);
    }

    private static void assertRefused(Packet packet, MqttVersion version, String message) {
        ByteBuf out = Unpooled.buffer();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PacketEncoder.encode(packet, version, out))
                .withMessageContaining(message);
        assertThatIllegalArgumentException().isThrownBy(() -> PacketEncoder.encodedBytes(packet, version));
        assertThat(out.isReadable()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "SUCCESS, 0",
        "UNSUPPORTED_PROTOCOL_VERSION, 1",
        "CLIENT_IDENTIFIER_NOT_VALID, 2",
        "SERVER_UNAVAILABLE, 3",
        "SERVER_BUSY, 3",
        "USE_ANOTHER_SERVER, 3",
        "SERVER_MOVED, 3",
        "CONNECTION_RATE_EXCEEDED, 3",
        "QUOTA_EXCEEDED, 3",
        "UNSPECIFIED_ERROR, 3",
        "BAD_USER_NAME_OR_PASSWORD, 4",
        "BAD_AUTHENTICATION_METHOD, 4",
        "NOT_AUTHORIZED, 5",
        "BANNED, 5",
        "TOPIC_NAME_INVALID, 5",
        "RETAIN_NOT_SUPPORTED, 5",
        "QOS_NOT_SUPPORTED, 5"
    })
    void aRefusalOf3BecomesTheNearestReturnCode(ReasonCode reason, int returnCode) {
        ConnAck connAck = new ConnAck(false, reason, WORDS);

        assertThat(encode(connAck, MQTT_3_1_1)).isEqualTo("2002000" + returnCode);
        assertThat(encode(connAck, MQTT_3_1)).isEqualTo("2002000" + returnCode);
    }

    @Test
    void sessionPresentIsWrittenOnlyWhereItMayBe() {
        ConnAck accepted = new ConnAck(true, ReasonCode.SUCCESS, Properties.NONE);
        ConnAck refused = new ConnAck(true, ReasonCode.NOT_AUTHORIZED, Properties.NONE);

        assertThat(encode(accepted, MQTT_5)).isEqualTo("2003010000");
        assertThat(encode(accepted, MQTT_3_1_1)).isEqualTo("20020100");
        assertThat(encode(accepted, MQTT_3_1)).isEqualTo("20020000");
        // [MQTT-3.2.2-6], [MQTT3-3.2.2-4]
        assertThat(encode(refused, MQTT_5)).isEqualTo("2003008700");
        assertThat(encode(refused, MQTT_3_1_1)).isEqualTo("20020005");
    }

    @Test
    void acknowledgementsOf3HaveNoReason() {
        assertThat(encode(new PubAck(1, ReasonCode.NOT_AUTHORIZED, WORDS), MQTT_3_1_1))
                .isEqualTo("40020001");
        assertThat(encode(new PubRec(1, ReasonCode.QUOTA_EXCEEDED, WORDS), MQTT_3_1_1))
                .isEqualTo("50020001");
        assertThat(encode(new PubRel(1, ReasonCode.SUCCESS, WORDS), MQTT_3_1_1)).isEqualTo("62020001");
        assertThat(encode(new PubComp(1, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND, WORDS), MQTT_3_1_1))
                .isEqualTo("70020001");
    }

    /// [MQTT3-3.9.3-2]
    @Test
    void everyRefusedSubscriptionOf3IsOneCode() {
        SubAck subAck = new SubAck(
                1,
                List.of(
                        ReasonCode.SUCCESS,
                        ReasonCode.GRANTED_QOS_1,
                        ReasonCode.GRANTED_QOS_2,
                        ReasonCode.NOT_AUTHORIZED,
                        ReasonCode.QUOTA_EXCEEDED),
                WORDS);

        assertThat(encode(subAck, MQTT_3_1_1)).isEqualTo("900700010001028080");
    }

    @Test
    void unsubAckOf3HasNoReasons() {
        UnsubAck unsubAck = new UnsubAck(1, List.of(ReasonCode.SUCCESS), WORDS);

        assertThat(encode(unsubAck, MQTT_3_1_1)).isEqualTo("b0020001");
    }

    @Test
    void subscribeOf3HasNoOptionsBeyondQos() {
        Subscribe subscribe = new Subscribe(
                1,
                List.of(new Subscribe.Request(
                        "a", QoS.AT_LEAST_ONCE, true, true, Subscribe.RetainHandling.DO_NOT_SEND)),
                Properties.builder()
                        .integer(Property.SUBSCRIPTION_IDENTIFIER, 1)
                        .build());

        assertThat(encode(subscribe, MQTT_3_1_1)).isEqualTo("82060001" + "000161" + "01");
    }

    @Test
    void publishOf3HasNoProperties() {
        Publish publish = new Publish("a", new byte[] {1}, QoS.AT_LEAST_ONCE, false, false, 1, WORDS);

        assertThat(encode(publish, MQTT_3_1_1)).isEqualTo("3206" + "000161" + "0001" + "01");
    }

    @Test
    void what3LacksIsRefused() {
        assertRefused(new Auth(ReasonCode.SUCCESS, Properties.NONE), MQTT_3_1_1, "AUTH");
        assertRefused(new Disconnect(ReasonCode.SESSION_TAKEN_OVER, Properties.NONE), MQTT_3_1_1, "DISCONNECT");
        assertRefused(
                new Connect(MQTT_3_1_1, "c", true, 0, null, null, new byte[1], Properties.NONE),
                MQTT_3_1_1,
                "password without a user name");
    }

    @ParameterizedTest
    @EnumSource
    void whatNoVersionCanExpressIsRefused(MqttVersion version) {
        String tooLong = "é".repeat(32_768);
        assertRefused(new PubAck(0), version, "packet id");
        assertRefused(new PubRel(65_536), version, "packet id");
        assertRefused(publish("a", QoS.AT_LEAST_ONCE, 0), version, "packet id");
        assertRefused(new SubAck(0, List.of(), Properties.NONE), version, "packet id");
        assertRefused(publish(tooLong, QoS.AT_MOST_ONCE, 0), version, "65535");
        assertRefused(new Unsubscribe(1, List.of(tooLong), Properties.NONE), version, "65535");
        assertRefused(
                new Connect(version, "c", true, 65_536, null, null, null, Properties.NONE), version, "keep alive");
        Connect.Will will = new Connect.Will("w", new byte[65_536], QoS.AT_MOST_ONCE, false, Properties.NONE);
        assertRefused(new Connect(version, "c", true, 0, will, null, null, Properties.NONE), version, "65535");
    }

    private static Publish publish(String topic, QoS qos, int packetId) {
        return new Publish(topic, new byte[0], qos, false, false, packetId, Properties.NONE);
    }

    @Test
    void packetsBeyondTheLargestLengthAreRefused() {
        assertThat(PacketEncoder.checkedRemaining(268_435_455)).isEqualTo(268_435_455);
        assertThatIllegalArgumentException().isThrownBy(() -> PacketEncoder.checkedRemaining(268_435_456));
    }

    @Test
    void aConnectIsWrittenInItsOwnVersion() {
        Connect connect = new Connect(MQTT_3_1_1, "c", true, 0, null, null, null, WORDS);

        assertThat(encode(connect, MQTT_5)).isEqualTo(encode(connect, MQTT_3_1_1));
    }

    @Test
    void aPlainPublishIsWrittenAsIfItWereAPacket() {
        for (MqttVersion version : MqttVersion.values()) {
            for (QoS qos : QoS.values()) {
                for (String topic : List.of("a", "tenant/é", "t/".repeat(100))) {
                    int packetId = qos == QoS.AT_MOST_ONCE ? 0 : 77;
                    boolean dup = packetId > 0;
                    Publish publish = new Publish(topic, new byte[200], qos, dup, true, packetId, Properties.NONE);
                    ByteBuf out = Unpooled.buffer();
                    int flags = PublishEncoder.flags(qos.code(), dup, true);
                    PublishEncoder.encodePlain(out, version, topic, publish.payload(), flags, packetId);

                    assertThat(ByteBufUtil.hexDump(out)).isEqualTo(encode(publish, version));
                }
            }
        }
    }

    @Test
    void aPlainPublishWithoutItsPacketIdIsRefused() {
        ByteBuf out = Unpooled.buffer();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> PublishEncoder.encodePlain(
                        out, MQTT_5, "a", new byte[1], PublishEncoder.flags(1, false, false), 0));
        assertThat(out.isReadable()).isFalse();
    }

    @Test
    void thePublishEncoderWritesTheSameBytes() {
        Publish publish = new Publish("tenant/é", new byte[] {1, 2}, QoS.EXACTLY_ONCE, true, true, 77, WORDS);
        for (MqttVersion version : MqttVersion.values()) {
            ByteBuf out = Unpooled.buffer();
            PublishEncoder.encode(out, version, publish);

            assertThat(ByteBufUtil.hexDump(out)).isEqualTo(encode(publish, version));
        }
    }
}
