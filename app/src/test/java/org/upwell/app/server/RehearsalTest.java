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
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.app.config.UpwellConfig;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class RehearsalTest {

    @TempDir
    private Path directory;

    private UpwellServer start(boolean rehearsal) throws Exception {
        String text = """
                mqtt: {rehearsal: $rehearsal, listeners: [{name: tcp, type: tcp, port: 0}]}
                http: {port: 0}
                https: {port: 0}
                """.replace("$rehearsal", Boolean.toString(rehearsal));
        Path file = directory.resolve("upwell.yaml");
        Files.writeString(file, text + "data-directory: " + directory.resolve("data") + "\n");
        return UpwellServer.start(UpwellConfig.load(file), InstantSource.system());
    }

    private static Rehearsal rehearse(LongSupplier arrivals) {
        return Rehearsal.start(InstantSource.system(), arrivals);
    }

    @Test
    void allIsPlayedAndTheServerSeesNothingOfIt() throws Exception {
        try (UpwellServer server = start(true)) {
            assertThat(rehearse(() -> 0).await()).isTrue();

            assertThat(metrics(server).lines())
                    .contains(
                            "upwell_broker_sessions_opened_total 0.0",
                            "upwell_broker_messages_received_total 0.0",
                            "upwell_logins_total{kind=\"password\",outcome=\"admitted\"} 0.0");
        }
    }

    @Test
    void looksForClientsUntilNobodyCame() throws Exception {
        AtomicLong looks = new AtomicLong();
        // Each look finds that another client has come, until the tenth.
        assertThat(rehearse(() -> Math.min(looks.incrementAndGet(), 10)).await())
                .isTrue();

        // The eleventh sees that nobody came since, and then there is one before each round.
        assertThat(looks.get()).isEqualTo(11 + Rehearsal.ROUNDS);
    }

    @Test
    void givesUpWhenClientsWereRehearsalEnough() throws Exception {
        assertThat(rehearse(() -> 4_000).await()).isFalse();
    }

    @Test
    void endsInTheMidst() throws Exception {
        CountDownLatch inTheMidst = new CountDownLatch(1);
        AtomicLong looks = new AtomicLong();
        Rehearsal rehearsal = rehearse(() -> {
            if (looks.incrementAndGet() == 5) {
                inTheMidst.countDown();
                while (!Thread.currentThread().isInterrupted()) {
                    LockSupport.park();
                }
            }
            return 0;
        });
        inTheMidst.await();

        rehearsal.close();

        assertThat(rehearsal.await()).isFalse();
        assertThat(threads("upwell-rehearsal")).isEmpty();
    }

    @Test
    void endsWithItsServer() throws Exception {
        UpwellServer server = start(true);
        server.rehearse();

        server.close();

        assertThat(threads("upwell-rehearsal")).isEmpty();
    }

    @Test
    void isLeftOutIfSoConfigured() throws Exception {
        try (UpwellServer server = start(false)) {
            server.rehearse();

            assertThat(threads("upwell-rehearsal")).isEmpty();
        }
    }

    private static List<Thread> threads(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(name))
                .toList();
    }

    private static String metrics(UpwellServer server) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            URI uri = URI.create("http://127.0.0.1:" + server.httpAddress().getPort() + "/metrics");
            return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }
}
