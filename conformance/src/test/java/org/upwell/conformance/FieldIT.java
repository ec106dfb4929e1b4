// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// `./upwell field` in seeded bad weather against a broker and a gateway in processes of their own; a gateway that
/// is killed meanwhile; and the proof by numbers that everything arrived.
@Timeout(value = 240, unit = TimeUnit.SECONDS)
@EnabledOnOs(OS.LINUX)
class FieldIT {
    private static final String FIELD = "field";
    private static final String WEATHER = """
            seed: 11
            air: { hops: 1-3, delay-per-hop: 20ms, loss: 5%, duplicates: 2%, reorders: 2% }
            weather:
              - { at: 2s, what: address-changes, share: 30%, over: 6s }
              - { at: 3s, what: access-point-outage, access-points: 1, for: 3s }
            """;

    @TempDir
    Path directory;

    @Test
    void nothingIsLostInTheWeatherOfTheSeedWhileTheGatewayIsKilled() throws Exception {
        Installation upwell = new Installation(directory);
        upwell.addTenant("acme");
        Path macs =
                Files.writeString(directory.resolve("macs"), upwell.upwell(FIELD, "--devices", "60", "--list-macs"));
        upwell.upwell("device", "add", "--tenant", "acme", "@" + macs, "--data-directory", upwell.data.toString());
        Path bridge = upwell.addUser("bridge", "bridge-secret", "BUBBLE_UP_PRODUCER", "PRESENCE_PRODUCER");
        Path operator = upwell.addUser("operator", "operator-secret", "OPERATOR");
        Path scenario = Files.writeString(directory.resolve("weather.yaml"), WEATHER);

        try (UpwellProcess _ = upwell.startServer(false);
                UpwellProcess first = upwell.startGateway("bridge", bridge);
                UpwellProcess field = UpwellProcess.start(
                        directory,
                        "field of 60 NICs behind 3 access points, gateway 127.0.0.1:" + upwell.fieldPort,
                        FIELD,
                        "--devices",
                        "60",
                        "--access-points",
                        "3",
                        "--period",
                        "1s",
                        "--start-over",
                        "1s",
                        "--for",
                        "12s",
                        "--flush",
                        "120s",
                        "--scenario",
                        scenario.toString(),
                        "--gateway",
                        "127.0.0.1:" + upwell.fieldPort,
                        "--verify",
                        "acme/read/#",
                        "--url",
                        "tcp://127.0.0.1:" + upwell.tcpPort,
                        "--user",
                        "operator",
                        "--password-file",
                        operator.toString())) {
            field.awaitReady();
            first.kill();
            try (UpwellProcess _ = upwell.startGateway("bridge", bridge)) {
                int exitCode = field.await(200);

                String out = field.output();
                assertThat(exitCode).as(out).isZero();
                assertThat(out.lines().toList().getLast())
                        .as(out)
                        .matches("sent=(?!0 )\\d+ delivered=\\d+ lost=0 duplicated=\\d+");
            }
        }
    }
}
