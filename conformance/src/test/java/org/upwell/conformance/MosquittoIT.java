// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `mosquitto_sub -c` loses nothing over a `kill -9` of the server. Skipped where these clients are not installed.
@Timeout(180)
class MosquittoIT {

    private static final int MESSAGES = 200;

    @TempDir
    private Path directory;

    @BeforeAll
    static void findClients() {
        for (String client : List.of("mosquitto_sub", "mosquitto_pub")) {
            Assumptions.assumeTrue(
                    Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                            .anyMatch(path -> Files.isExecutable(Path.of(path, client))),
                    client + " is not on this machine");
        }
    }

    private Path run(Path input, Installation installation, String client, String... options)
            throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(client, "-h", "127.0.0.1", "-p", Integer.toString(installation.tcpPort)));
        command.addAll(List.of(options));
        Path output = directory.resolve(client + ".out");
        Process process = new ProcessBuilder(command)
                .redirectInput(input.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS))
                    .as("%s ended", client)
                    .isTrue();
            assertThat(process.exitValue())
                    .as("%s: %s", client, Files.readString(output))
                    .isZero();
        } finally {
            process.destroyForcibly();
        }
        return output;
    }

    @ParameterizedTest
    @CsvSource({"mqttv311, 1", "mqttv311, 2", "mqttv5, 1", "mqttv5, 2"})
    void persistentSubscriberLosesNothingOverAKill(String version, String qos) throws Exception {
        Installation installation = new Installation(directory);
        Path nothing = Files.writeString(directory.resolve("nothing"), "");
        List<String> lines =
                IntStream.range(0, MESSAGES).mapToObj(i -> "reading " + i).toList();
        Path readings = Files.write(directory.resolve("readings"), lines);
        List<String> subscribe = new ArrayList<>(
                List.of("-V", version, "-c", "-i", "keeper", "-q", qos, "-t", "acme/app/#", "-W", "50"));
        if (version.equals("mqttv5")) {
            subscribe.addAll(List.of("-x", "3600"));
        }
        try (UpwellProcess server = installation.startLean("sync")) {
            List<String> once = new ArrayList<>(subscribe);
            once.add("-E");
            run(nothing, installation, "mosquitto_sub", once.toArray(String[]::new));
            run(
                    readings,
                    installation,
                    "mosquitto_pub",
                    "-V",
                    version,
                    "-i",
                    "meter",
                    "-q",
                    qos,
                    "-t",
                    "acme/app/a",
                    "-l");
            server.kill();
        }
        try (UpwellProcess server = installation.startLean("sync")) {
            assertThat(server.isAlive()).isTrue();
            List<String> all = new ArrayList<>(subscribe);
            all.addAll(List.of("-C", Integer.toString(MESSAGES)));
            Path received = run(nothing, installation, "mosquitto_sub", all.toArray(String[]::new));
            assertThat(Files.readAllLines(received)).isEqualTo(lines);
        }
    }
}
