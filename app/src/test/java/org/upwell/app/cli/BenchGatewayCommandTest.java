// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `bench gateway` in short, with all that it starts.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class BenchGatewayCommandTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private static ToolRun run(String options) {
        return ToolRun.of(("bench gateway --devices 50 " + options).split(" "));
    }

    @Test
    @EnabledOnOs(OS.LINUX) // as the field of many NICs
    void bothWaysAreMeasuredAndNothingIsLost() {
        JsonNode report = measured();
        // A machine that is busy may hold up a second, but hardly each of five.
        for (int i = 1; i < 5 && !isRate(report); i++) {
            report = measured();
        }
        assertThat(isRate(report)).as("%s", report).isTrue();
        JsonNode up = report.path("notifications");
        assertThat(report.path("made").asLong()).isGreaterThanOrEqualTo(200);
        assertThat(report.path("delivered").asLong())
                .isEqualTo(report.path("made").asLong());
        for (String fault : List.of("lost", "duplicated", "unacknowledged")) {
            assertThat(report.path(fault).asLong(-1)).as(fault).isZero();
        }
        JsonNode down = report.path("gets");
        assertThat(down.path("count").asLong()).isGreaterThan(100);
        assertThat(down.path("failed").asLong(-1)).isZero();
        assertThat(down.path("p99_ms").asDouble())
                .isGreaterThanOrEqualTo(down.path("p50_ms").asDouble())
                .isPositive();
        for (String part : List.of("nics", "gateway", "broker")) {
            assertThat(up.path("cpu_us_each").path(part).asDouble()).as(part).isPositive();
        }
        assertThat(down.path("cpu_us_each").path("applications").asDouble()).isPositive();
    }

    private static JsonNode measured() {
        ToolRun run = run("-r 200 --in-flight 6 --applications 3 -W 0.3 -D 1 --qos EXACTLY_ONCE --json");
        assertThat(run.exitCode()).as(run.err() + run.out()).isZero();
        assertThat(run.out().lines()).hasSize(1);
        return JSON.readTree(run.out());
    }

    private static boolean isRate(JsonNode report) {
        double rate = report.path("notifications").path("per_second").asDouble();
        return rate > 120 && rate < 280;
    }

    @ParameterizedTest
    @ValueSource(strings = {"-r -1", "-r 501", "-D 0", "--applications 0", "--in-flight -1"})
    void whatMakesNoSenseIsRefused(String options) {
        ToolRun run = run(options);
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("number");
    }
}
