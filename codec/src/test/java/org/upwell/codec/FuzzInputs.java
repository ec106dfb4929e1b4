// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.upwell.codec.PacketDecoder.Receiver;

/// What fuzzing begins with: every sample packet, in the form that [DecoderExercise] takes; and how inputs are
/// changed where no fuzzer is at hand. Crashers that a fuzzer finds are kept as files beside, by its own rule:
/// `src/test/resources/org/upwell/codec/<class>Inputs/<method>/`.
final class FuzzInputs {

    private static final byte[] TELLING = {0, 1, 2, 4, 0x10, 0x26, 0x7F, (byte) 0x80, (byte) 0xC3, (byte) 0xFF};

    private FuzzInputs() {}

    /// First receiver and version, then the packet.
    static List<byte[]> streams() {
        List<byte[]> inputs = new ArrayList<>();
        for (Sample sample : SampleTest.samples()) {
            byte[] input = new byte[1 + sample.bytes().length];
            boolean fresh = sample.packet().type() == PacketType.CONNECT;
            input[0] = choice(sample, fresh);
            System.arraycopy(sample.bytes(), 0, input, 1, sample.bytes().length);
            inputs.add(input);
        }
        return inputs;
    }

    /// First receiver and version, then the first byte of the packet, then its body without the length.
    static List<byte[]> bodies() {
        List<byte[]> inputs = new ArrayList<>();
        for (Sample sample : SampleTest.samples()) {
            byte[] packet = sample.bytes();
            int at = 1;
            while (packet[at] < 0) {
                at++;
            }
            byte[] body = Arrays.copyOfRange(packet, at + 1, packet.length);
            byte[] input = new byte[2 + body.length];
            input[0] = choice(sample, false);
            input[1] = packet[0];
            System.arraycopy(body, 0, input, 2, body.length);
            inputs.add(input);
        }
        return inputs;
    }

    private static byte choice(Sample sample, boolean fresh) {
        int version = fresh
                ? MqttVersion.values().length
                : Arrays.asList(MqttVersion.values()).indexOf(sample.version());
        return (byte) ((version << 1) | (sample.receiver() == Receiver.SERVER ? 0 : 1));
    }

    /// A change or a few: a bit, a byte, a cut, a doubling, a piece of another input.
    static byte[] changed(byte[] input, byte[] other, Random random) {
        byte[] changed = input.clone();
        for (int changes = 1 + random.nextInt(3); changes > 0 && changed.length > 1; changes--) {
            int at = random.nextInt(changed.length);
            switch (random.nextInt(6)) {
                case 0 -> changed[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> changed[at] = TELLING[random.nextInt(TELLING.length)];
                case 2 -> changed[at] += (byte) (random.nextInt(9) - 4);
                case 3 -> changed = Arrays.copyOf(changed, 1 + at);
                case 4 -> changed = joined(changed, at, changed, random.nextInt(changed.length));
                default -> changed = joined(changed, at, other, random.nextInt(other.length));
            }
        }
        return changed;
    }

    private static byte[] joined(byte[] head, int to, byte[] tail, int from) {
        byte[] joined = Arrays.copyOf(head, to + tail.length - from);
        System.arraycopy(tail, from, joined, to, tail.length - from);
        return joined;
    }
}
