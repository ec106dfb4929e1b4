// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.PacketDecoder;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;

/// What is patched must be what a decoder reads.
class PublishTemplateTest {
    @ParameterizedTest
    @CsvSource({
        "MQTT_3_1_1, 0, 24",
        "MQTT_3_1_1, 1, 64",
        "MQTT_3_1_1, 2, 200",
        "MQTT_5, 0, 64",
        "MQTT_5, 1, 24",
        "MQTT_5, 2, 16384",
    })
    void aCopyIsAPublishWithItsOwnNumbers(MqttVersion version, int qos, int payloadBytes) throws Exception {
        PublishTemplate template =
                new PublishTemplate("a/g########/b/d########", QoS.of(qos), false, payloadBytes, version);
        ByteBuf out = Unpooled.buffer();
        template.append(out, 7, 1, 2, 3);
        int start = template.append(out, 0x1234, 42, 1L << 40, 5_000_000_000L);
        template.digits(out, start, 0, 81);
        template.digits(out, start, 1, 12_345_678);

        PacketDecoder decoder = new PacketDecoder(PacketDecoder.Receiver.SERVER, 1 << 20);
        decoder.version(version);
        assertThat(decoder.decode(out)).isInstanceOf(Publish.class);
        Publish second = (Publish) decoder.decode(out);
        assertThat(out.isReadable()).isFalse();
        assertThat(second).isNotNull();
        assertThat(second.topic()).isEqualTo("a/g00000081/b/d12345678");
        assertThat(second.qos().code()).isEqualTo(qos);
        assertThat(second.packetId()).isEqualTo(qos == 0 ? 0 : 0x1234);
        ByteBuf payload = Unpooled.wrappedBuffer(second.payload());
        assertThat(payload.readableBytes()).isEqualTo(payloadBytes);
        assertThat(payload.getInt(0)).isEqualTo(Stamp.MARK);
        assertThat(payload.getInt(Stamp.STREAM_AT)).isEqualTo(42);
        assertThat(payload.getLong(Stamp.SEQUENCE_AT)).isEqualTo(1L << 40);
        assertThat(payload.getLong(Stamp.NANOS_AT)).isEqualTo(5_000_000_000L);
    }

    @ParameterizedTest
    @CsvSource({"MQTT_3_1_1, 1", "MQTT_5, 0"})
    void anEmptyPayloadHasNoStamp(MqttVersion version, int qos) throws Exception {
        PublishTemplate template = new PublishTemplate("a/########", QoS.of(qos), true, 0, version);
        ByteBuf out = Unpooled.buffer();
        int start = template.append(out, 9, 0, 0, 0);
        template.digits(out, start, 0, 3);
        PacketDecoder decoder = new PacketDecoder(PacketDecoder.Receiver.SERVER, 1 << 20);
        decoder.version(version);
        Publish publish = (Publish) decoder.decode(out);
        assertThat(publish).isNotNull();
        assertThat(publish.topic()).isEqualTo("a/00000003");
        assertThat(publish.payload()).isEmpty();
        assertThat(publish.retain()).isTrue();
    }
}
