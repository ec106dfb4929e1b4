// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LoadReportTest {
    @Test
    void isOneLineOfJson() {
        LoadReport report = new LoadReport()
                .text("scenario", "a \"b\" \\ \n")
                .count("lost", 3)
                .number("rate", 1234.56)
                .number("small", 0.00125)
                .number("unknown", Double.NaN)
                .flag("ok", true)
                .part("none", null)
                .part("part", new LoadReport().number("x", 2));
        assertThat(report.json())
                .isEqualTo("{\"scenario\":\"a \\\"b\\\" \\\\ \\u000a\",\"lost\":3,\"rate\":1234.6,\"small\":0.0013,"
                        + "\"unknown\":null,\"ok\":true,\"none\":null,\"part\":{\"x\":2}}");
        assertThat(report.number("part.x")).isEqualTo(2);
        assertThat(report.number("lost")).isEqualTo(3);
        assertThat(report.number("nothing")).isNaN();
        assertThat(report.number("none.x")).isNaN();
    }

    @Test
    void isCleanOnlyIfNothingWentWrong() {
        assertThat(report(0, 0, 0, 0).isClean()).isTrue();
        assertThat(report(0, 1, 0, 0).isClean()).isFalse();
        assertThat(report(0, 0, 1, 0).isClean()).isFalse();
        assertThat(report(2, 0, 0, 1).isClean()).isFalse();
        assertThat(report(1, 0, 0, 1).isClean()).as("QoS 1 may repeat").isTrue();
        assertThat(report(0, 0, 1, 0).text("topology", "shared").isClean())
                .as("no order among members")
                .isTrue();
    }

    private static LoadReport report(long qos, long lost, long outOfOrder, long duplicated) {
        return new LoadReport()
                .count("qos", qos)
                .count("lost", lost)
                .count("out_of_order", outOfOrder)
                .count("duplicated", duplicated);
    }
}
