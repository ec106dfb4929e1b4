// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.hdlc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.upwell.field.Vectors;

/// The reader against noise, cut-off frames and frames back to back; every random run is named by its seed.
class FrameReaderTest {
    private final FrameReader reader = new FrameReader();

    @Test
    void framesBackToBackAndSharingAFlagAreAllFound() {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        line.writeBytes(Vectors.UA);
        line.writeBytes(Vectors.GET_TEMP_ANSWER);
        line.write(Vectors.RR_1, 1, Vectors.RR_1.length - 1);
        assertThat(read(line.toByteArray(), new Random(7)))
                .containsExactly(hex(Vectors.UA), hex(Vectors.GET_TEMP_ANSWER), hex(Vectors.RR_1));
        assertThat(reader.discardedBytes()).isZero();
    }

    @Test
    void flagInsideDataDoesNotEndAFrame() {
        byte[] frame = Frame.information(0, 0, new byte[] {0x7E, 0x7E, (byte) 0xA0, 0x07, 3, 3, 0x7E})
                .encode();
        assertThat(read(frame, new Random(7))).containsExactly(hex(frame));
    }

    @Test
    void frameBehindACutOffOneIsFound() {
        byte[] cut = Arrays.copyOf(Vectors.GET_TEMP_ANSWER, 20);
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        line.writeBytes(cut);
        line.writeBytes(Vectors.RR_0);
        // The cut-off frame still claims more bytes than have come.
        assertThat(read(line.toByteArray(), new Random(7))).isEmpty();
        reader.giveUpPartial();
        assertThat(hex(next().getFirst().encode())).isEqualTo(hex(Vectors.RR_0));
    }

    @Test
    void overlongLengthsAreNotWaitedFor() {
        byte[] overlong = Vectors.hex("7E A7 FF 03 03 93 8C 11");
        assertThat(read(overlong, new Random(7))).isEmpty();
        assertThat(read(Vectors.SNRM, new Random(7))).containsExactly(hex(Vectors.SNRM));
    }

    /// Noise between good frames never costs one of them: after each frame and its noise there is a pause, as on a
    /// line where one side speaks at a time.
    @RepeatedTest(30)
    void noiseBetweenFramesNeverCostsAFrame(RepetitionInfo repetition) {
        long seed = repetition.getCurrentRepetition();
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            byte[] noise = new byte[random.nextInt(40)];
            random.nextBytes(noise);
            for (int i = 0; i < noise.length; i++) {
                if (random.nextInt(4) == 0) {
                    noise[i] = (byte) (random.nextBoolean() ? 0x7E : 0xA0);
                }
            }
            byte[] info = new byte[random.nextInt(Frame.MAX_INFO_BYTES + 1)];
            random.nextBytes(info);
            byte[] good = Frame.information(random.nextInt(8), random.nextInt(8), info)
                    .encode();
            List<String> found = read(noise, random);
            found.addAll(read(good, random));
            long discarded;
            do {
                discarded = reader.discardedBytes();
                reader.giveUpPartial();
                next().forEach(frame -> found.add(hex(frame.encode())));
            } while (reader.discardedBytes() != discarded);
            assertThat(found).as("seed %d round %d", seed, round).contains(hex(good));
        }
    }

    /// Whatever a line brings, the reader gives only frames whose checks are right and never grows.
    @RepeatedTest(20)
    void harmedFramesAreNeverHandedOut(RepetitionInfo repetition) {
        long seed = 1_000L + repetition.getCurrentRepetition();
        Random random = new Random(seed);
        for (int round = 0; round < 250; round++) {
            byte[] info = new byte[1 + random.nextInt(60)];
            random.nextBytes(info);
            byte[] good = Frame.information(0, 0, info).encode();
            byte[] bad = good.clone();
            bad[1 + random.nextInt(bad.length - 2)] ^= (byte) (1 << random.nextInt(8));
            assertThat(read(bad, random)).as("seed %d round %d", seed, round).doesNotContain(hex(good));
        }
    }

    private List<String> read(byte[] line, Random random) {
        List<String> found = new ArrayList<>();
        int at = 0;
        while (at < line.length) {
            int portion = Math.min(line.length - at, 1 + random.nextInt(50));
            int taken = reader.append(line, at, portion);
            at += taken;
            next().forEach(frame -> found.add(hex(frame.encode())));
        }
        return found;
    }

    private List<Frame> next() {
        List<Frame> frames = new ArrayList<>();
        for (Frame frame = reader.next(); frame != null; frame = reader.next()) {
            frames.add(frame);
        }
        return frames;
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
