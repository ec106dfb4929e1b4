// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.QoS;

/// A backup is made under load and restored elsewhere: the server there serves what was queued when the backup was
/// asked for, in order, to the sessions that it was queued for.
@Timeout(180)
class BackupIT {

    private static final int BEFORE = 500;
    private static final String PASSWORD = "long enough";

    @TempDir
    private Path directory;

    private static int backup(Installation installation, String name) throws IOException, InterruptedException {
        String credentials = Base64.getEncoder().encodeToString(("root:" + PASSWORD).getBytes(StandardCharsets.UTF_8));
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(
                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + installation.httpPort
                                            + "/api/admin/store/backups/" + name))
                                    .header("Authorization", "Basic " + credentials)
                                    .PUT(HttpRequest.BodyPublishers.noBody())
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .statusCode();
        }
    }

    @Test
    void backupUnderLoadIsServedByAnotherServer() throws Exception {
        Installation first = new Installation(directory.resolve("first"));
        first.addUser("root", PASSWORD, "ADMIN");
        Ledger ledger = new Ledger("backup", true);
        PersistentSubscriber subscriber = new PersistentSubscriber(
                "subscriber", MqttVersion.MQTT_5, "acme/app/publisher/#", QoS.EXACTLY_ONCE, ledger);
        PersistentPublisher publisher =
                new PersistentPublisher("publisher", MqttVersion.MQTT_5, QoS.EXACTLY_ONCE, false, ledger);
        int acknowledged;
        try (UpwellProcess server = first.startLean("sync")) {
            subscriber.connect(first.tcpPort);
            subscriber.drop();
            publisher.connect(first.tcpPort);
            while (publisher.sent() < BEFORE) {
                publisher.publish(50);
                publisher.settle(0);
            }
            acknowledged = publisher.acknowledged();
            AtomicBoolean isLoading = new AtomicBoolean(true);
            Thread load = Thread.ofPlatform().start(() -> {
                try {
                    while (isLoading.get()) {
                        publisher.publish(5);
                        publisher.settle(0);
                    }
                } catch (IOException e) {
                    ledger.fault("publishing broke: " + e);
                }
            });
            assertThat(backup(first, "monday")).isEqualTo(201);
            assertThat(backup(first, "monday")).as("there already").isEqualTo(409);
            isLoading.set(false);
            load.join();
            server.kill();
        }
        publisher.drop();

        Path saved = first.data.resolve("backups/monday");
        Installation second = new Installation(directory.resolve("second"));
        assertThat(second.upwell("store", "verify", "--store", saved.toString()))
                .contains("no damage");
        assertThat(second.upwell("store", "restore", "--from", saved.toString(), "--data-directory", "" + second.data))
                .contains("restored");
        assertThat(second.upwell("store", "stat", "--data-directory", second.data.toString()))
                .contains("messages\t");
        try (UpwellProcess server = second.startLean("sync")) {
            assertThat(server.isAlive()).isTrue();
            // It finds its session, and its queue from the first message on.
            subscriber.connect(second.tcpPort);
            subscriber.drain(publisher.topic, acknowledged);
        }
        assertThat(ledger.faults()).isEmpty();
        assertThat(acknowledged).isEqualTo(BEFORE);
    }
}
