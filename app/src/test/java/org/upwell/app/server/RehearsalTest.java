// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.app.config.UpwellConfig;
import org.upwell.broker.session.SessionLimits;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class RehearsalTest {

    @TempDir
    private Path directory;

    private UpwellServer start() throws Exception {
        String text = """
                mqtt: {listeners: [{name: tcp, type: tcp, port: 0}]}
                http: {port: 0}
                https: {port: 0}
                """;
        Path file = directory.resolve("upwell.yaml");
        Files.writeString(file, text + "data-directory: " + directory.resolve("data") + "\n");
        return UpwellServer.start(UpwellConfig.load(file), InstantSource.system());
    }

    @Test
    void allIsPlayedAndTheServerSeesNothingOfIt() throws Exception {
        try (UpwellServer server = start()) {
            Rehearsal rehearsal =
                    Rehearsal.start(server.access(), SessionLimits.DEFAULT, InstantSource.system(), () -> 0);

            assertThat(rehearsal.await()).isTrue();

            assertThat(metrics(server).lines())
                    .contains(
                            "upwell_broker_sessions_opened_total 0.0",
                            "upwell_broker_messages_received_total 0.0",
                            "upwell_logins_total{kind=\"anonymous\",outcome=\"admitted\"} 0.0");
        }
    }

    @Test
    void waitsWhileClientsConnect() throws Exception {
        try (UpwellServer server = start()) {
            AtomicLong looks = new AtomicLong();
            // Each look finds that another client has connected, until the tenth; from then on nobody does.
            LongSupplier connects = () -> Math.min(looks.incrementAndGet(), 10);
            Rehearsal rehearsal =
                    Rehearsal.start(server.access(), SessionLimits.DEFAULT, InstantSource.system(), connects);
            assertThat(rehearsal.await()).isTrue();

            // One look for each round from then on.
            assertThat(looks.get()).isEqualTo(11 + 20);
        }
    }

    @Test
    void endsWithTheServerWhereverItIs() throws Exception {
        UpwellServer server = start();
        server.rehearse();

        server.close();

        assertThat(Thread.getAllStackTraces().keySet())
                .filteredOn(thread -> thread.getName().equals("upwell-rehearsal"))
                .isEmpty();
    }

    private static String metrics(UpwellServer server) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            URI uri = URI.create("http://127.0.0.1:" + server.httpAddress().getPort() + "/metrics");
            return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }
}
