// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.script;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.BugDetectors;
import com.code_intelligence.jazzer.api.SilentCloseable;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/// The state machine of a connection against any bytes. Without the profile `fuzz` what is kept is played, and a
/// bounded number of changed inputs.
class ConnectionFuzzTest {

    private static final int CHANGED_INPUTS = 1_500;

    private static ConnectionExercise exercise;

    @BeforeAll
    static void start() throws IOException {
        exercise = new ConnectionExercise();
    }

    @AfterAll
    static void stop() {
        exercise.close();
    }

    static Stream<byte[]> lives() {
        return ConnectionInputs.all().stream();
    }

    @MethodSource("lives")
    @FuzzTest(maxDuration = "10m")
    void anyBytes(byte[] input) throws IOException {
        // Jazzer takes a connection for a finding, and ends at the first; ours are the test's own.
        try (SilentCloseable _ = BugDetectors.allowNetworkConnections()) {
            exercise.run(input);
        }
    }

    @Test
    void changedLives() throws IOException {
        long seed = 31_1;
        Random random = new Random(seed);
        List<byte[]> inputs = ConnectionInputs.all();
        int answers = 0;
        for (int i = 0; i < CHANGED_INPUTS; i++) {
            byte[] input = inputs.get(random.nextInt(inputs.size()));
            byte[] changed = ConnectionInputs.changed(input, inputs.get(random.nextInt(inputs.size())), random);
            try {
                answers += exercise.run(changed);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(
                        "seed " + seed + ", input " + i + ": " + HexFormat.of().formatHex(changed), e);
            }
        }
        assertThat(answers).as("packets that the broker answered with").isGreaterThan(CHANGED_INPUTS);
    }
}
