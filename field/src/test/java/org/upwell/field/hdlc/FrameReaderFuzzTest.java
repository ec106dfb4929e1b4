// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.hdlc;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/// Whatever stood on the line, the frame after a pause is found. Without the profile `fuzz` what is kept is played,
/// and a bounded number of changed inputs.
class FrameReaderFuzzTest {
    private static final int CHANGED_INPUTS = 5_000;
    private static final byte[] INFO = {0x60, 0x45, 0x12, 0x34, (byte) 0xFF, 0x7E, (byte) 0xA0, 0x07};

    static Stream<byte[]> lines() {
        byte[] poll = Frame.receiveReady(1).encode();
        byte[] answer = Frame.information(2, 3, INFO).encode();
        byte[] longest = Frame.information(0, 0, new byte[Frame.MAX_INFO_BYTES]).encode();
        return Stream.of(poll, answer, longest, new byte[] {0x7E, (byte) 0xA7, (byte) 0xFF, 3, 3, 0x10});
    }

    @MethodSource("lines")
    @FuzzTest(maxDuration = "10m")
    void anyLine(byte[] line) {
        exercise(line);
    }

    @Test
    void changedLines() {
        long seed = 5_75;
        Random random = new Random(seed);
        byte[][] lines = lines().toArray(byte[][]::new);
        for (int i = 0; i < CHANGED_INPUTS; i++) {
            byte[] line = changed(lines, random);
            try {
                exercise(line);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(
                        "seed " + seed + ", line " + i + ": " + HexFormat.of().formatHex(line), e);
            }
        }
    }

    private static byte[] changed(byte[][] lines, Random random) {
        byte[] first = lines[random.nextInt(lines.length)];
        byte[] second = lines[random.nextInt(lines.length)];
        int cut = random.nextInt(first.length + 1);
        byte[] line = new byte[cut + second.length];
        System.arraycopy(first, 0, line, 0, cut);
        System.arraycopy(second, 0, line, cut, second.length);
        for (int harm = random.nextInt(4); harm > 0; harm--) {
            line[random.nextInt(line.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return line;
    }

    private static void exercise(byte[] line) {
        FrameReader reader = new FrameReader();
        int taken = 0;
        while (taken < line.length) {
            int more = reader.append(line, taken, line.length - taken);
            assertThat(more).as("room after all frames were taken").isPositive();
            taken += more;
            drain(reader);
        }
        long before;
        do {
            before = reader.discardedBytes();
            reader.giveUpPartial();
            drain(reader);
        } while (reader.discardedBytes() != before);
        byte[] good = Frame.information(5, 6, INFO).encode();
        assertThat(reader.append(good, 0, good.length)).isEqualTo(good.length);
        Frame found = drain(reader);
        assertThat(found).isNotNull();
        assertThat(found.info()).isEqualTo(INFO);
        assertThat(found.sendNumber()).isEqualTo(5);
    }

    private static @Nullable Frame drain(FrameReader reader) {
        Frame last = null;
        for (Frame frame = reader.next(); frame != null; frame = reader.next()) {
            last = frame;
        }
        return last;
    }
}
