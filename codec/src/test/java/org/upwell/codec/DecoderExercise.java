// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.PacketDecoder.Receiver;

/// Runs any bytes through a decoder and checks what must hold whatever they are. The first byte chooses receiver
/// and version, the rest is the stream; so a fuzzer can drive it by bytes alone.
///
/// Holds: nothing but a [DecodeException] with an error reason comes out; an incomplete packet consumes nothing and
/// is the same in any portions; a decoded packet can be encoded, fits its announced size and decodes to itself.
final class DecoderExercise {

    private static final int MAX_PACKET_BYTES = 4096;

    private DecoderExercise() {}

    /// What came of it, so that a test can tell that it reached deep enough.
    record Outcome(int packets, boolean refused) {}

    static Outcome run(byte[] input) {
        if (input.length == 0) {
            return new Outcome(0, false);
        }
        Receiver receiver = (input[0] & 1) == 0 ? Receiver.SERVER : Receiver.CLIENT;
        MqttVersion[] versions = MqttVersion.values();
        int choice = (input[0] >> 1 & 0x7F) % (versions.length + 1);
        boolean fresh = choice == versions.length && receiver == Receiver.SERVER;
        MqttVersion version = versions[Math.min(choice, versions.length - 1)];
        PacketDecoder decoder = new PacketDecoder(receiver, MAX_PACKET_BYTES);
        if (!fresh) {
            decoder.version(version);
        }
        byte[] stream = Arrays.copyOfRange(input, 1, input.length);
        Outcome outcome = run(decoder, receiver, stream);
        PacketDecoder again = new PacketDecoder(receiver, MAX_PACKET_BYTES);
        if (!fresh) {
            again.version(version);
        }
        assertThat(runByteByByte(again, stream)).isEqualTo(outcome);
        return outcome;
    }

    private static Outcome runByteByByte(PacketDecoder decoder, byte[] stream) {
        ByteBuf in = Unpooled.buffer(stream.length);
        int packets = 0;
        try {
            for (byte next : stream) {
                in.writeByte(next);
                if (decoder.decode(in) != null) {
                    packets++;
                }
            }
            return new Outcome(packets, false);
        } catch (DecodeException e) {
            return new Outcome(packets, true);
        }
    }

    /// The same for one packet: the second byte is its first, and what follows its body.
    static Outcome runBody(byte[] input) {
        if (input.length < 2) {
            return new Outcome(0, false);
        }
        ByteBuf stream = Unpooled.buffer();
        stream.writeByte(input[0]);
        stream.writeByte(input[1]);
        Wire.writeVariableByteInteger(stream, input.length - 2);
        stream.writeBytes(input, 2, input.length - 2);
        return run(ByteBufUtil.getBytes(stream));
    }

    private static Outcome run(PacketDecoder decoder, Receiver receiver, byte[] stream) {
        ByteBuf in = Unpooled.wrappedBuffer(stream);
        int packets = 0;
        try {
            while (true) {
                int before = in.readerIndex();
                Packet packet = decoder.decode(in);
                if (packet == null) {
                    assertThat(in.readerIndex()).isEqualTo(before);
                    return new Outcome(packets, false);
                }
                packets++;
                assertThat(in.readerIndex()).isGreaterThan(before);
                checkAgain(packet, decoder.version(), receiver);
            }
        } catch (DecodeException e) {
            assertThat(e.reason().isError()).isTrue();
            return new Outcome(packets, true);
        }
    }

    private static void checkAgain(Packet packet, @Nullable MqttVersion version, Receiver receiver)
            throws DecodeException {
        if (version == null) {
            throw new AssertionError("a packet without a version: " + packet);
        }
        ByteBuf encoded = Unpooled.buffer();
        PacketEncoder.encode(packet, version, encoded);
        assertThat(encoded.readableBytes()).isEqualTo(PacketEncoder.encodedBytes(packet, version));
        PacketDecoder fresh = Sample.decoder(version, receiver, false);
        assertThat(fresh.decode(encoded)).isEqualTo(packet);
        assertThat(encoded.isReadable()).isFalse();
    }
}
