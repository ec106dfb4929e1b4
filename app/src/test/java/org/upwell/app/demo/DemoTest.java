// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.app.server.Parts;

/// The whole path, from the sensor's bytes to a tenant's subscriber over TLS.
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class DemoTest {
    @Test
    void everyReadingReachesItsTenantOnceAndNothingIsLeftBehind() throws Exception {
        StringWriter text = new StringWriter();
        DemoSettings settings = new DemoSettings(
                6, 2, Duration.ofSeconds(2), Optional.of(Duration.ofSeconds(8)), Optional.empty(), true);

        boolean kept;
        try (Parts parts = new Parts()) {
            kept = Demo.start(settings, InstantSource.system(), new PrintWriter(text, true), parts)
                    .run();
        }

        String out = text.toString();
        assertThat(kept).as(out).isTrue();
        Matcher summary = Pattern.compile("sent=(\\d+) delivered=(\\d+) lost=0 duplicated=0\n$")
                .matcher(out);
        assertThat(summary.find()).as(out).isTrue();
        assertThat(summary.group(1)).isEqualTo(summary.group(2));
        assertThat(Integer.parseInt(summary.group(1))).isGreaterThanOrEqualTo(6);
        assertThat(out).startsWith("upwell ready\n").contains("mosquitto_sub", "curl", "coap-client", "demo1", "demo2");
        Matcher ca = Pattern.compile("CA=(\\S+)").matcher(out);
        assertThat(ca.find()).isTrue();
        assertThat(Files.exists(Path.of(ca.group(1)))).isFalse();
    }

    @Test
    void largeFieldReadsLessOften() {
        assertThat(DemoSettings.usualPeriod(50)).isEqualTo(Duration.ofSeconds(10));
        assertThat(DemoSettings.usualPeriod(5_000)).isEqualTo(Duration.ofSeconds(50));
    }
}
