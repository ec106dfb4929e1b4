// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.load.LoadReport;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class TrainingTest {

    @Test
    void everyKindOfLoadRunsAndLosesNothing() throws Exception {
        List<LoadReport> reports = new Training(Duration.ofMillis(50)).server();

        for (LoadReport report : reports.subList(0, 7)) {
            assertThat(report.number("lost")).as(report.json()).isZero();
        }
        List<LoadReport> connections = reports.subList(7, reports.size());
        assertThat(connections).isNotEmpty();
        for (LoadReport report : connections) {
            assertThat(report.number("connect.ok")).as(report.json()).isEqualTo(250);
        }
    }
}
