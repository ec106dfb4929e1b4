// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `bench curves` with a server that it starts and ends.
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class BenchCurvesCommandTest {
    @TempDir
    private Path directory;

    @Test
    void shortCurveGivesATableAndAPicture() throws Exception {
        Path pictures = directory.resolve("made/here");
        ToolRun run = ToolRun.of(
                "bench", "curves", "--curve", "levels", "--max", "6", "--quick", "--out", pictures.toString());
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out().lines())
                .startsWith("### Levels of topic names", "", "| n | messages/s | CPU µs/message |")
                .anyMatch(line -> line.matches("\\| 6 \\| [0-9,]+ \\| [0-9.,]+ \\|"))
                .anyMatch(line -> line.matches("\\| exponent \\|  \\| -?[0-9.]+ \\|"));
        try (var files = Files.list(pictures)) {
            assertThat(files).containsExactly(pictures.resolve("levels-cpu.svg"));
        }
        assertThat(DocumentBuilderFactory.newNSInstance()
                        .newDocumentBuilder()
                        .parse(pictures.resolve("levels-cpu.svg").toFile())
                        .getElementsByTagName("circle")
                        .getLength())
                .isEqualTo(3);
        // The server has ended, and its directory with it.
        assertThat(ProcessHandle.current().children().filter(ProcessHandle::isAlive))
                .isEmpty();
    }

    @Test
    void whatIsNoCurveIsNamed() {
        assertThat(ToolRun.of("bench", "curves", "--curve", "messages").err())
                .contains("'messages' is not a curve: subscribers, connections");
        assertThat(ToolRun.of("bench", "curves", "--max", "-1").err()).contains("a curve ends at 1 to 2000000");
        assertThat(ToolRun.of("bench", "curves", "--curve", "levels", "--max", "2")
                        .exitCode())
                .isEqualTo(2);
    }
}
