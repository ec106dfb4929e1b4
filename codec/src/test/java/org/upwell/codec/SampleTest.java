// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every packet of every version against bytes that were laid out by hand.
class SampleTest {

    static List<Sample> samples() {
        return Stream.concat(Mqtt3Samples.all().stream(), Mqtt5Samples.all().stream())
                .toList();
    }

    @ParameterizedTest
    @MethodSource("samples")
    void decodes(Sample sample) throws DecodeException {
        ByteBuf in = Unpooled.wrappedBuffer(sample.bytes());

        assertThat(sample.decoder().decode(in)).isEqualTo(sample.packet());
        assertThat(in.isReadable()).isFalse();
    }

    @ParameterizedTest
    @MethodSource("samples")
    void decodesOutOfADirectBuffer(Sample sample) throws DecodeException {
        ByteBuf in = Unpooled.directBuffer().writeByte(0).writeBytes(sample.bytes());
        try {
            in.skipBytes(1);

            assertThat(sample.decoder().decode(in)).isEqualTo(sample.packet());
            assertThat(in.isReadable()).isFalse();
        } finally {
            in.release();
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void encodes(Sample sample) {
        ByteBuf out = Unpooled.buffer();
        PacketEncoder.encode(sample.packet(), sample.version(), out);

        assertThat(ByteBufUtil.hexDump(out)).isEqualTo(ByteBufUtil.hexDump(sample.bytes()));
        assertThat(PacketEncoder.encodedBytes(sample.packet(), sample.version()))
                .isEqualTo(sample.bytes().length);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void everyTruncationAsksForMoreAndConsumesNothing(Sample sample) throws DecodeException {
        for (int bytes = 0; bytes < sample.bytes().length; bytes++) {
            ByteBuf in = Unpooled.wrappedBuffer(sample.bytes(), 0, bytes);

            assertThat(sample.decoder().decode(in)).as("%d bytes", bytes).isNull();
            assertThat(in.readerIndex()).isZero();
        }
    }

    /// The frame says that it is complete although its body was cut: either that is another valid packet, or it fails
    /// cleanly and with a reason.
    @ParameterizedTest
    @MethodSource("samples")
    void everyCutBodyIsAPacketOrFailsCleanly(Sample sample) {
        for (int cut = 1; cut <= sample.bytes().length - 2; cut++) {
            byte[] bytes = Arrays.copyOf(sample.bytes(), sample.bytes().length - cut);
            bytes[1] -= (byte) cut;
            ByteBuf in = Unpooled.wrappedBuffer(bytes);
            try {
                Packet packet = sample.decoder().decode(in);

                assertThat(packet).isNotNull().isNotEqualTo(sample.packet());
                assertThat(in.isReadable()).isFalse();
            } catch (DecodeException e) {
                assertThat(e.reason().isError()).isTrue();
                assertThat(e)
                        .hasMessageContaining(": ")
                        .hasMessageContaining(sample.packet().type().name());
            }
        }
    }

    @Test
    void aTrailingByteIsRefusedWhereNoPayloadEndsThePacket() {
        for (Sample sample : samples()) {
            if (sample.packet() instanceof Publish) {
                continue;
            }
            byte[] bytes = Arrays.copyOf(sample.bytes(), sample.bytes().length + 1);
            bytes[1]++;
            bytes[bytes.length - 1] = (byte) 0xF7;
            try {
                fail("%s: %s", sample, sample.decoder().decode(Unpooled.wrappedBuffer(bytes)));
            } catch (DecodeException e) {
                assertThat(e.reason()).isIn(ReasonCode.MALFORMED_PACKET, ReasonCode.PROTOCOL_ERROR);
            }
        }
    }
}
