// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/// Any bytes as a stream of packets: framing, limits, order. Without the profile `fuzz` only what is kept is
/// played.
class PacketStreamFuzzTest {

    static Stream<byte[]> streams() {
        return FuzzInputs.streams().stream();
    }

    @MethodSource("streams")
    @FuzzTest(maxDuration = "10m")
    void anyStream(byte[] input) {
        DecoderExercise.run(input);
    }
}
