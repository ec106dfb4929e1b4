// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.upwell.codec.PacketDecoder.Receiver;

/// Bytes that nobody meant as MQTT, and packets with a few bytes changed.
class DecoderRobustnessTest {

    private static final int INPUTS = 200_000;

    private final int[] outcomes = new int[3];

    private void exercise(byte[] input, long seed, int i) {
        try {
            DecoderExercise.Outcome outcome = DecoderExercise.run(input);
            outcomes[outcome.refused() ? 0 : outcome.packets() > 0 ? 1 : 2]++;
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("seed " + seed + ", input " + i + ": " + ByteBufUtil.hexDump(input), e);
        }
    }

    @Test
    void randomBytesAreRefusedOrReadButNeverBreakTheDecoder() {
        long seed = 4711;
        Random random = new Random(seed);
        for (int i = 0; i < INPUTS; i++) {
            byte[] input = new byte[random.nextInt(48)];
            random.nextBytes(input);
            if (input.length > 2 && random.nextBoolean()) {
                // A frame that is complete reaches the packet's own decoder.
                input[2] = (byte) (input.length - 3);
            }
            exercise(input, seed, i);
        }
        assertThat(outcomes).as("refused, read, incomplete").doesNotContain(0);
    }

    @Test
    void changedPacketsAreRefusedOrReadButNeverBreakTheDecoder() {
        long seed = 815;
        Random random = new Random(seed);
        MqttVersion[] versions = MqttVersion.values();
        for (int i = 0; i < INPUTS / 4; i++) {
            int version = random.nextInt(versions.length);
            Receiver receiver = random.nextBoolean() ? Receiver.SERVER : Receiver.CLIENT;
            ByteBuf bytes = Unpooled.buffer();
            bytes.writeByte(version << 1 | (receiver == Receiver.SERVER ? 0 : 1));
            RandomPackets packets = new RandomPackets(random, versions[version], receiver);
            PacketEncoder.encode(packets.next(), versions[version], bytes);
            for (int changes = random.nextInt(3); changes > 0; changes--) {
                bytes.setByte(1 + random.nextInt(bytes.readableBytes() - 1), random.nextInt());
            }
            exercise(ByteBufUtil.getBytes(bytes), seed, i);
        }
        assertThat(outcomes).as("refused, read, incomplete").doesNotContain(0);
    }

    @Test
    void changedSamplesAreRefusedOrReadButNeverBreakTheDecoder() {
        long seed = 1871;
        Random random = new Random(seed);
        List<byte[]> streams = FuzzInputs.streams();
        List<byte[]> bodies = FuzzInputs.bodies();
        for (int i = 0; i < INPUTS / 4; i++) {
            byte[] stream = streams.get(random.nextInt(streams.size()));
            exercise(FuzzInputs.changed(stream, streams.get(random.nextInt(streams.size())), random), seed, i);
            byte[] body = bodies.get(random.nextInt(bodies.size()));
            byte[] changed = FuzzInputs.changed(body, bodies.get(random.nextInt(bodies.size())), random);
            try {
                DecoderExercise.runBody(changed);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + ", body " + i + ": " + ByteBufUtil.hexDump(changed), e);
            }
        }
        assertThat(outcomes).as("refused, read, incomplete").doesNotContain(0);
    }

    @Test
    void aStreamGivesTheSamePacketsInAnyPortions() throws DecodeException {
        long seed = 99;
        Random random = new Random(seed);
        RandomPackets packets = new RandomPackets(random, MqttVersion.MQTT_5, Receiver.CLIENT);
        List<Packet> sent = random.ints(500).mapToObj(i -> packets.next()).toList();
        ByteBuf stream = Unpooled.buffer();
        sent.forEach(packet -> PacketEncoder.encode(packet, MqttVersion.MQTT_5, stream));
        byte[] bytes = ByteBufUtil.getBytes(stream);

        PacketDecoder decoder = Sample.decoder(MqttVersion.MQTT_5, Receiver.CLIENT, false);
        ByteBuf in = Unpooled.buffer();
        int received = 0;
        int at = 0;
        while (at < bytes.length) {
            int portion = Math.min(bytes.length - at, 1 + random.nextInt(random.nextBoolean() ? 3 : 200));
            in.writeBytes(Arrays.copyOfRange(bytes, at, at + portion));
            at += portion;
            Packet packet = decoder.decode(in);
            while (packet != null) {
                assertThat(packet).as("seed %d", seed).isEqualTo(sent.get(received++));
                packet = decoder.decode(in);
            }
        }

        assertThat(received).isEqualTo(sent.size());
    }
}
