// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/// Any bytes as the body of one whole packet of any type, so that each packet's own decoder is reached at once.
/// Without the profile `fuzz` only what is kept is played.
class PacketBodyFuzzTest {

    static Stream<byte[]> bodies() {
        return FuzzInputs.bodies().stream();
    }

    @MethodSource("bodies")
    @FuzzTest(maxDuration = "10m")
    void anyBody(byte[] input) {
        DecoderExercise.runBody(input);
    }
}
