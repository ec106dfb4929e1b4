// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/// The line always recovers, whatever happened on it. Without the profile `fuzz` what is kept is played, and a
/// bounded number of random lives.
class BadLineFuzzTest {
    private static final int RANDOM_LIVES = 400;
    private static final int LONGEST_LIFE = 60;

    /// Each kind of harm alone, to each firmware.
    static Stream<byte[]> lives() {
        return Stream.iterate(0, i -> i < 2 * 12, i -> i + 1).map(i -> {
            byte[] life = new byte[12];
            for (int at = 1; at < life.length; at++) {
                life[at] = (byte) (i / 2 + 16 * at);
            }
            life[0] = (byte) (i & 1);
            return life;
        });
    }

    @MethodSource("lives")
    @FuzzTest(maxDuration = "10m")
    void anyLife(byte[] life) {
        // Longer ones say nothing new and take long in turned time.
        if (life.length <= 4 * LONGEST_LIFE) {
            LineExercise.run(life);
        }
    }

    @Test
    void randomLives() {
        long seed = 5_74;
        Random random = new Random(seed);
        for (int i = 0; i < RANDOM_LIVES; i++) {
            byte[] life = new byte[1 + random.nextInt(LONGEST_LIFE)];
            random.nextBytes(life);
            try {
                LineExercise.run(life);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(
                        "seed " + seed + ", life " + i + ": " + HexFormat.of().formatHex(life), e);
            }
        }
    }
}
