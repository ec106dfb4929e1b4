// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.upwell.codec.PacketDecoder.Receiver;

/// What the decoder does around the packets: versions, order, limits, framing.
class PacketDecoderTest {

    private final PacketDecoder decoder = new PacketDecoder(Receiver.SERVER, 1024);

    private static ByteBuf bytes(String layout) {
        return Unpooled.wrappedBuffer(LabelledBytes.of(layout));
    }

    private Packet decode(String layout) throws DecodeException {
        ByteBuf in = bytes(layout);
        Packet packet = decoder.decode(in);
        assertThat(in.isReadable()).isFalse();
        if (packet == null) {
            throw new AssertionError("incomplete: " + layout);
        }
        return packet;
    }

    private DecodeException refuse(String layout) {
        return catchThrowableOfType(DecodeException.class, () -> decoder.decode(bytes(layout)));
    }

    @Test
    void aServerLearnsTheVersionFromConnect() throws DecodeException {
        assertThat(decoder.version()).isNull();

        decode("10 0e 00 04 'MQTT' 04 02 00 3c 00 02 'c1'");

        assertThat(decoder.version()).isEqualTo(MqttVersion.MQTT_3_1_1);
        assertThat(decode("40 02 00 01")).isEqualTo(new PubAck(1));
    }

    /// [MQTT-3.1.0-1], [MQTT3-3.1.0-1]
    @ParameterizedTest
    @CsvSource({"c0 00", "30 04", "e0 00", "82 7f", "20 02"})
    void theFirstPacketMustBeConnect(String layout) {
        DecodeException e = refuse(layout);

        assertThat(e.reason()).isEqualTo(ReasonCode.PROTOCOL_ERROR);
        assertThat(e).hasMessageContaining("comes before CONNECT");
        assertThat(decoder.connAckVersion()).isNull();
    }

    @Test
    void aSecondConnectIsLeftToTheConnection() throws DecodeException {
        decode("10 0e 00 04 'MQTT' 04 02 00 3c 00 02 'c1'");

        assertThat(decode("10 0e 00 04 'MQTT' 04 02 00 3c 00 02 'c2'")).isInstanceOf(Connect.class);
        assertThat(decoder.version()).isEqualTo(MqttVersion.MQTT_3_1_1);
    }

    @Test
    void aClientMustNameItsVersionFirst() throws DecodeException {
        PacketDecoder client = new PacketDecoder(Receiver.CLIENT, 1024);

        assertThatIllegalStateException().isThrownBy(() -> client.decode(bytes("d0 00")));

        client.version(MqttVersion.MQTT_5);
        assertThat(client.decode(bytes("d0 00"))).isEqualTo(PingResp.INSTANCE);
    }

    /// [MQTT-3.1.2-1], [MQTT-3.1.2-2], [MQTT3-3.1.2-1], [MQTT3-3.1.2-2]: the answer in a form that the peer can
    /// read.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "00 04 'MQTT' 06   | MQTT_5",
                "00 04 'MQTT' ff   | MQTT_5",
                "00 04 'MQTT' 03   | MQTT_3_1_1",
                "00 04 'MQTT' 00   | MQTT_3_1_1",
                "00 04 'MQTT' 84   | MQTT_3_1_1",
                "00 06 'MQIsdp' 04 | MQTT_3_1",
                "00 06 'MQIsdp' 83 | MQTT_3_1",
                "00 04 'mqtt' 04   | ",
                "00 04 'HTTP' 05   | "
            })
    void anUnknownVersionIsAnsweredInTheNearestForm(String protocol, MqttVersion answer) {
        int bytes = LabelledBytes.of(protocol).length;
        DecodeException e = refuse("10 " + Integer.toHexString(bytes) + " " + protocol);

        assertThat(e.reason()).isEqualTo(ReasonCode.UNSUPPORTED_PROTOCOL_VERSION);
        assertThat(decoder.connAckVersion()).isEqualTo(answer);
        assertThat(decoder.version()).isNull();
    }

    @Test
    void aMalformedConnectIsAnsweredInItsOwnVersion() {
        assertThat(refuse("10 0d 00 04 'MQTT' 05 03 00 00 00 00 00").reason()).isEqualTo(ReasonCode.MALFORMED_PACKET);
        assertThat(decoder.connAckVersion()).isEqualTo(MqttVersion.MQTT_5);
    }

    @Test
    void aPacketThatIsTooLargeIsRefusedByItsHeaderAlone() {
        decoder.version(MqttVersion.MQTT_5);

        // 1021 bytes and a header of three.
        assertThat(refuse("30 fd 07")).isNull();
        DecodeException e = refuse("30 fe 07");
        assertThat(e.reason()).isEqualTo(ReasonCode.PACKET_TOO_LARGE);
        assertThat(e)
                .hasMessageContaining("PUBLISH")
                .hasMessageContaining("1025")
                .hasMessageContaining("1024");

        decoder.maxPacketBytes(1025);
        assertThat(refuse("30 fe 07")).isNull();
        decoder.maxPacketBytes(Integer.MAX_VALUE);
        assertThat(refuse("30 ff ff ff 7f")).isNull();
    }

    @Test
    void theLimitHoldsForConnectToo() {
        // Who speaks what is to be known for the answer, and is known before the rest has come.
        assertThat(refuse("10 ff ff 03 00 04 'MQTT'")).isNull();
        assertThat(refuse("10 ff ff 03 00 04 'MQTT' 05").reason()).isEqualTo(ReasonCode.PACKET_TOO_LARGE);
        assertThat(decoder.connAckVersion()).isEqualTo(MqttVersion.MQTT_5);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "00 04 'MQTT' 04   | MQTT_3_1_1",
                "00 06 'MQIsdp' 03 | MQTT_3_1",
                "00 04 'HTTP' 05   | ",
                "00 07             | ",
                "ff ff             | ",
                "00 00 05          | "
            })
    void aConnectThatIsTooLargeIsKnownByItsFirstBytes(String protocol, MqttVersion answer) {
        assertThat(refuse("10 ff ff 03 " + protocol).reason()).isEqualTo(ReasonCode.PACKET_TOO_LARGE);
        assertThat(decoder.connAckVersion()).isEqualTo(answer);
    }

    /// [MQTT-1.5.5-1] is a rule of MQTT 5 alone.
    @Test
    void aLongFormOfTheRemainingLengthIsReadIn3() throws DecodeException {
        decode("10 8e 80 00 00 04 'MQTT' 04 02 00 3c 00 02 'c1'");

        assertThat(decode("c0 80 80 80 00")).isEqualTo(PingReq.INSTANCE);
        assertThat(decode("40 82 00 00 07")).isEqualTo(new PubAck(7));
    }

    @Test
    void lengthsOfAllSizesAreRead() throws DecodeException {
        PacketDecoder client = new PacketDecoder(Receiver.CLIENT, Integer.MAX_VALUE);
        client.version(MqttVersion.MQTT_5);
        for (int payloadBytes : new int[] {0, 123, 124, 16_379, 16_380, 2_097_147, 2_097_148}) {
            Publish publish =
                    new Publish("a", new byte[payloadBytes], QoS.AT_MOST_ONCE, false, false, 0, Properties.NONE);
            ByteBuf in = Unpooled.buffer();
            PacketEncoder.encode(publish, MqttVersion.MQTT_5, in);

            assertThat(in.readableBytes()).isEqualTo(PacketEncoder.encodedBytes(publish, MqttVersion.MQTT_5));
            assertThat(client.decode(in)).isEqualTo(publish);
        }
    }

    @Test
    void packetsThatArriveTogetherComeOneByOne() throws DecodeException {
        decoder.version(MqttVersion.MQTT_3_1_1);
        ByteBuf in = bytes("c0 00 40 02 00 01 30 03 00 01 'a' 62 02 00");

        assertThat(decoder.decode(in)).isEqualTo(PingReq.INSTANCE);
        assertThat(decoder.decode(in)).isEqualTo(new PubAck(1));
        assertThat(decoder.decode(in)).isInstanceOf(Publish.class);
        assertThat(decoder.decode(in)).isNull();
        assertThat(in.readableBytes()).isEqualTo(3);
    }

    @Test
    void topicsThatRepeatShareOneString() throws DecodeException {
        decoder.version(MqttVersion.MQTT_3_1_1);
        Publish first = (Publish) decode("30 06 00 03 'a/b' 01");
        Publish second = (Publish) decode("32 08 00 03 'a/b' 00 01 02");

        assertThat(second.topic()).isSameAs(first.topic());
    }

    @Test
    void aPayloadIsNotTiedToTheBuffer() throws DecodeException {
        decoder.version(MqttVersion.MQTT_3_1_1);
        byte[] bytes = LabelledBytes.of("30 05 00 01 'a' 01 02");
        ByteBuf in = Unpooled.wrappedBuffer(bytes);
        Publish publish = (Publish) decoder.decode(in);
        Arrays.fill(bytes, (byte) 0);

        assertThat(publish).isNotNull();
        assertThat(publish.payload()).containsExactly(1, 2);
    }

    /// 3.1 has neither the reserved flag's check nor fixed flags for what a client sends again.
    @Test
    void what31AllowsIsReadIn31() throws DecodeException {
        Connect connect = (Connect) decode("10 10 00 06 'MQIsdp' 03 03 00 00 00 02 'c1'");
        assertThat(connect.cleanStart()).isTrue();
        assertThat(connect.version()).isEqualTo(MqttVersion.MQTT_3_1);

        assertThat(decode("6a 02 00 01")).isEqualTo(new PubRel(1));
        assertThat(decode("8a 06 00 01 00 01 'a' 00")).isInstanceOf(Subscribe.class);
        assertThat(decode("aa 05 00 01 00 01 'a'")).isInstanceOf(Unsubscribe.class);
    }

    /// Section 3 of MQTT 3.1 calls the flags of most packets, and RETAIN of all but PUBLISH, not used.
    @Test
    void flagsThat31DoesNotUseMeanNothingIn31() throws DecodeException {
        assertThat(refuse("1f 10 00 06 'MQIsdp'")).isNull();
        assertThat(decode("1f 10 00 06 'MQIsdp' 03 02 00 00 00 02 'c1'")).isInstanceOf(Connect.class);
        assertThat(decode("c9 00")).isEqualTo(PingReq.INSTANCE);
        assertThat(decode("63 02 00 01")).isEqualTo(new PubRel(1));
        assertThat(decode("1a 10 00 06 'MQIsdp' 03 02 00 00 00 02 'c1'")).isInstanceOf(Connect.class);
        assertThat(refuse("80 06").reason()).isEqualTo(ReasonCode.MALFORMED_PACKET);
    }

    /// Section 2.1 of MQTT 3.1: DUP applies to what has a QoS above 0; it is not said to be wrong elsewhere.
    @Test
    void dupAtQos0MeansNothingIn31() throws DecodeException {
        decoder.version(MqttVersion.MQTT_3_1);
        assertThat(decode("38 04 00 01 'a' 01"))
                .isEqualTo(new Publish("a", new byte[] {1}, QoS.AT_MOST_ONCE, false, false, 0, Properties.NONE));
    }

    @Test
    void flagsOfAConnectAreRefusedInItsOwnVersion() {
        assertThat(refuse("18 0d 00 04 'MQTT' 05").reason()).isEqualTo(ReasonCode.MALFORMED_PACKET);
        assertThat(decoder.connAckVersion()).isEqualTo(MqttVersion.MQTT_5);
    }

    /// Section 3.1 of MQTT 3.1: the remaining length wins over the user name and password flags.
    @Test
    void aFlaggedUserNameMayBeMissingIn31() throws DecodeException {
        Connect connect = (Connect) decode("10 10 00 06 'MQIsdp' 03 c2 00 00 00 02 'c1'");

        assertThat(connect.userName()).isNull();
        assertThat(connect.password()).isNull();
    }

    @Test
    void theSessionPresentByteMeansNothingIn31() throws DecodeException {
        PacketDecoder client = new PacketDecoder(Receiver.CLIENT, 1024);
        client.version(MqttVersion.MQTT_3_1);

        assertThat(client.decode(bytes("20 02 ff 00")))
                .isEqualTo(new ConnAck(false, ReasonCode.SUCCESS, Properties.NONE));
    }

    @Test
    void returnCodesOf3BecomeReasons() throws DecodeException {
        PacketDecoder client = new PacketDecoder(Receiver.CLIENT, 1024);
        client.version(MqttVersion.MQTT_3_1_1);
        ReasonCode[] reasons = {
            ReasonCode.SUCCESS,
            ReasonCode.UNSUPPORTED_PROTOCOL_VERSION,
            ReasonCode.CLIENT_IDENTIFIER_NOT_VALID,
            ReasonCode.SERVER_UNAVAILABLE,
            ReasonCode.BAD_USER_NAME_OR_PASSWORD,
            ReasonCode.NOT_AUTHORIZED
        };
        for (int code = 0; code < reasons.length; code++) {
            assertThat(client.decode(bytes("20 02 00 0" + code)))
                    .isEqualTo(new ConnAck(false, reasons[code], Properties.NONE));
        }
    }

    @Test
    void anIncompleteHeaderIsNotJudged() throws DecodeException {
        assertThat(decoder.decode(Unpooled.EMPTY_BUFFER)).isNull();
        assertThat(decoder.decode(bytes("10"))).isNull();
        assertThat(decoder.decode(bytes("10 8e 80"))).isNull();
    }
}
