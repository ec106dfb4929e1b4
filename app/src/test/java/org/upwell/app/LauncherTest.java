// SPDX-License-Identifier: Apache-2.0
package org.upwell.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// The launcher in a tree of its own, with a script in the place of Java: how it trains the start-up cache.
@DisabledOnOs(OS.WINDOWS)
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class LauncherTest {
    /// What the trainer runs leaves a cache and a note; what the user runs waits for the training's end.
    private static final String JAVA = """
            #!/bin/sh
            here=$(dirname "$0")/../..
            generation=$here/app/target/run/1-1
            for word; do
                case $word in
                    -XX:AOTCacheOutput=*)
                        echo trained >>"$here/trainings"
                        echo cache >"${word#*=}"
                        exit 0
                        ;;
                esac
            done
            echo "$@"
            while [ -d "$generation/training-demo" ] && [ ! -f "$generation/training-demo/ended" ]; do sleep 0.05; done
            """;

    @TempDir
    private Path root;

    private Path generation;

    @BeforeEach
    void layOut() throws IOException {
        Path launcher = Path.of("").toAbsolutePath().resolveSibling("upwell");
        Files.copy(launcher, root.resolve("upwell"));
        Files.createDirectories(root.resolve("app/src/main"));
        Files.createDirectories(root.resolve("target"));
        Files.writeString(root.resolve("pom.xml"), "");
        Files.writeString(root.resolve("app/pom.xml"), "");
        Path jdk = root.resolve("jdk");
        Files.createDirectories(jdk.resolve("bin"));
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"25.0.1\"\n");
        for (String program : new String[] {"java", "javac"}) {
            Path file = Files.writeString(jdk.resolve("bin").resolve(program), JAVA);
            assertThat(file.toFile().setExecutable(true)).isTrue();
        }
        generation = Files.createDirectories(root.resolve("app/target/run/1-1"));
        Path jar = Files.writeString(generation.resolve("upwell-app.jar"), "");
        Files.writeString(generation.resolve("class-path"), jar + "\n");
        Path current = Files.writeString(root.resolve("app/target/run/current"), "1-1\n");
        Files.setLastModifiedTime(current, FileTime.from(Instant.parse("2100-01-01T00:00:00Z")));
    }

    @Test
    void firstStartTrainsAndTheNextUsesTheCache() throws Exception {
        assertThat(demo()).doesNotContain("-XX:AOTCache=");
        assertThat(generation.resolve("start-up-demo.aot")).hasContent("cache");

        assertThat(demo()).contains("-XX:AOTCache=" + generation.toRealPath().resolve("start-up-demo.aot"));
        assertThat(root.resolve("trainings")).hasContent("trained");
    }

    @Test
    void onlyAServerIsGivenTheCompileCommandsOfItsBuild() throws Exception {
        assertThat(run("server", Map.of("UPWELL_TRAINING", "off")))
                .contains("-XX:CompileCommandFile=" + generation.toRealPath().resolve("compile-commands"));
        assertThat(demo()).doesNotContain("-XX:CompileCommandFile=");
    }

    @Test
    void trainingThatWasKilledIsCleanedUpAndDoneAgain() throws Exception {
        Process dead = new ProcessBuilder("true").start();
        dead.waitFor();
        Path training = Files.createDirectory(generation.resolve("training-demo"));
        Files.writeString(training.resolve("pid"), dead.pid() + "\n");
        Files.writeString(generation.resolve("start-up-demo.new.config"), "half");

        demo();

        assertThat(generation.resolve("start-up-demo.aot")).hasContent("cache");
        assertThat(generation.resolve("start-up-demo.new.config")).doesNotExist();
    }

    /// Its process id was given to another process after the machine's restart.
    @Test
    void oldTrainingIsDoneAgainWhoeverHasItsProcessId() throws Exception {
        Path training = Files.createDirectory(generation.resolve("training-demo"));
        Files.writeString(training.resolve("pid"), ProcessHandle.current().pid() + "\n");
        Files.setLastModifiedTime(training, FileTime.from(Instant.parse("2020-01-01T00:00:00Z")));

        demo();

        assertThat(generation.resolve("start-up-demo.aot")).hasContent("cache");
    }

    @Test
    void trainingThatEndedWithoutACacheIsNotTriedAgain() throws Exception {
        Path training = Files.createDirectory(generation.resolve("training-demo"));
        Files.writeString(training.resolve("ended"), "");

        demo();

        assertThat(root.resolve("trainings")).doesNotExist();
    }

    private String demo() throws IOException, InterruptedException {
        return run("demo", Map.of());
    }

    private String run(String command, Map<String, String> environment) throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder("sh", root.toRealPath().resolve("upwell").toString(), command);
        builder.environment().put("JAVA_HOME", root.resolve("jdk").toString());
        builder.environment().putAll(environment);
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }
}
