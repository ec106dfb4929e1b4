// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.app.server.Parts;
import org.upwell.codec.QoS;

/// The whole path, from the sensor's bytes to a tenant's subscriber over TLS.
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class DemoTest {
    @Test
    void everyReadingReachesItsTenantOnceAndNothingIsLeftBehind() throws Exception {
        StringWriter text = new StringWriter();
        DemoSettings settings = new DemoSettings(
                6,
                2,
                Duration.ofSeconds(2),
                Optional.of(Duration.ofSeconds(8)),
                Optional.empty(),
                true,
                QoS.AT_LEAST_ONCE,
                false);

        boolean kept;
        try (Parts parts = new Parts()) {
            Demo demo = Demo.start(settings, InstantSource.system(), new PrintWriter(text, true), parts);
            kept = demo.run(new CountDownLatch(1));
            assertAnybodyMayRead(Path.of(authority(text.toString())));
        }

        String out = text.toString();
        assertThat(kept).as(out).isTrue();
        Matcher summary = Pattern.compile("sent=(\\d+) delivered=(\\d+) lost=0 duplicated=0\n$")
                .matcher(out);
        assertThat(summary.find()).as(out).isTrue();
        assertThat(summary.group(1)).isEqualTo(summary.group(2));
        assertThat(Integer.parseInt(summary.group(1))).isGreaterThanOrEqualTo(6);
        assertThat(out).startsWith("upwell ready\n").contains("mosquitto_sub", "curl", "coap-client", "demo1", "demo2");
        assertThat(Files.exists(Path.of(authority(out)))).isFalse();
    }

    private static String authority(String out) {
        Matcher ca = Pattern.compile("CA=(\\S+)").matcher(out);
        assertThat(ca.find()).isTrue();
        return ca.group(1);
    }

    /// Programs of other users are to try the commands too, but get at nothing else.
    private static void assertAnybodyMayRead(Path file) throws IOException {
        assertThat(Files.getPosixFilePermissions(file)).contains(PosixFilePermission.OTHERS_READ);
        Path tls = file.resolveSibling(".").normalize();
        Path data = tls.resolveSibling(".").normalize();
        assertThat(Files.getPosixFilePermissions(tls)).contains(PosixFilePermission.OTHERS_EXECUTE);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data)))
                .isEqualTo("rwx--x--x");
        try (Stream<Path> all = Files.walk(data)) {
            List<Path> readable = all.filter(each -> Files.isRegularFile(each) && isReadable(each))
                    .map(Path::getFileName)
                    .toList();
            assertThat(readable).extracting(Path::toString).containsOnly("ca.pem", "server.pem", "server.lock");
        }
    }

    private static boolean isReadable(Path file) {
        try {
            return Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void demoThatIsToldToEndIsJudgedByWhatWasSent() throws Exception {
        StringWriter text = new StringWriter();
        DemoSettings settings = new DemoSettings(
                2, 1, Duration.ofSeconds(60), Optional.empty(), Optional.empty(), true, QoS.AT_LEAST_ONCE, false);
        CountDownLatch end = new CountDownLatch(1);
        end.countDown();

        boolean kept;
        try (Parts parts = new Parts()) {
            kept = Demo.start(settings, InstantSource.system(), new PrintWriter(text, true), parts)
                    .run(end);
        }

        assertThat(kept).as(text.toString()).isTrue();
        assertThat(text.toString()).containsPattern("sent=\\d+ delivered=\\d+ lost=0 duplicated=0\n$");
    }

    @Test
    void promiseThatAllowsLossHasNoDemo() {
        assertThatThrownBy(() -> new DemoSettings(
                        2, 1, Duration.ofSeconds(1), Optional.empty(), Optional.empty(), true, QoS.AT_MOST_ONCE, true))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("AT_MOST_ONCE");
    }

    @Test
    void largeFieldReadsLessOften() {
        assertThat(DemoSettings.usualPeriod(50)).isEqualTo(Duration.ofSeconds(10));
        assertThat(DemoSettings.usualPeriod(5_000)).isEqualTo(Duration.ofSeconds(50));
    }
}
