// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The demo in bad weather, as a user runs it: broker and gateway are processes that are killed twice each while
/// datagrams are lost, addresses change and an access point is out.
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class ChaosIT {
    private static final int PATIENCE_SECONDS = 280;

    @TempDir
    Path directory;

    /// The stronger promise; both in a long run (`-Plong-runs`), which has more kills of all kinds.
    static Stream<Arguments> promises() {
        Arguments exactly = Arguments.of("EXACTLY_ONCE", "lost=0 duplicated=0");
        Arguments atLeast = Arguments.of("AT_LEAST_ONCE", "lost=0 duplicated=\\d+");
        return Integer.getInteger("upwell.kills", 0) > 0 ? Stream.of(exactly, atLeast) : Stream.of(exactly);
    }

    @ParameterizedTest
    @MethodSource("promises")
    void nothingIsLostWhenEverythingIsKilledTwice(String qos, String promise) throws Exception {
        try (UpwellProcess demo = UpwellProcess.start(
                directory,
                "upwell ready",
                "demo",
                "--any-ports",
                "--weather",
                "--devices",
                "40",
                "--period",
                "2s",
                "--for",
                "15s",
                "--qos",
                qos)) {
            int exitCode = demo.await(PATIENCE_SECONDS);

            String out = demo.output();
            assertThat(exitCode).as(out).isZero();
            assertThat(out.lines().toList().getLast()).matches("sent=\\d+ delivered=\\d+ " + promise);
            assertThat(out.split("-- server is back after", -1)).hasSize(3);
            assertThat(out.split("-- gateway is back after", -1)).hasSize(3);
            assertThat(out).contains("-- access point 2 is out", "-- access point 2 is back");
        }
    }
}
