// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.eclipse.paho.client.mqttv3.IMqttDeliveryToken;
import org.eclipse.paho.client.mqttv3.MqttCallback;
import org.eclipse.paho.client.mqttv3.MqttClient;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.MqttMessage;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.field.simulation.SentNotification;
import org.upwell.field.simulation.SimulatedField;

/// Broker and gateway as processes of their own, the field in this one, and `kill -9` in mid-run: what was not yet
/// acknowledged to the NICs arrives after the restart, none of it is lost.
@Timeout(180)
class KillIT {

    private static final String TENANT = "acme";
    private static final int DEVICES = 8;

    @TempDir
    private Path directory;

    private final Queue<SentNotification> sent = new ConcurrentLinkedQueue<>();
    private final Queue<String> delivered = new ConcurrentLinkedQueue<>();

    @Test
    void killedBrokerLosesNothingThatWasNotAcknowledgedToTheField() throws Exception {
        Installation installation = install();
        Path password = installation.addUser("bridge", "long enough", "BUBBLE_UP_PRODUCER", "PRESENCE_PRODUCER");
        UpwellProcess broker = installation.startServer(false);
        // Subscribed before the field speaks: what nobody subscribes to is discarded by rule. From then on the
        // subscription is in the store.
        MqttClient subscriber = subscribe(installation);
        try (UpwellProcess _ = installation.startGateway("bridge", password);
                SimulatedField field = startField(installation)) {
            await().atMost(Duration.ofSeconds(40)).until(() -> delivered.size() >= 2 * DEVICES);

            broker.kill();
            subscriber.close(true);
            broker = installation.startServer(false);
            MqttClient again = subscribe(installation);

            int before = delivered.size();
            await().atMost(Duration.ofSeconds(60)).until(() -> delivered.size() >= before + 2 * DEVICES);
            endAndCompare(field);
            again.disconnectForcibly(0, 1000);
            again.close(true);
        } finally {
            broker.close();
        }
    }

    @Test
    void killedGatewayLosesNothing() throws Exception {
        Installation installation = install();
        Path password = installation.addUser("bridge", "long enough", "BUBBLE_UP_PRODUCER", "PRESENCE_PRODUCER");
        try (UpwellProcess broker = installation.startServer(false)) {
            assertThat(broker.isAlive()).isTrue();
            MqttClient subscriber = subscribe(installation);
            UpwellProcess gateway = installation.startGateway("bridge", password);
            try (SimulatedField field = startField(installation)) {
                await().atMost(Duration.ofSeconds(40)).until(() -> delivered.size() >= 2 * DEVICES);
                gateway.kill();
                gateway = installation.startGateway("bridge", password);
                int before = delivered.size();
                await().atMost(Duration.ofSeconds(60)).until(() -> delivered.size() >= before + 2 * DEVICES);
                endAndCompare(field);
                subscriber.disconnectForcibly(0, 1000);
                subscriber.close(true);
            } finally {
                gateway.close();
            }
        }
    }

    /// Killed twice in mid-run, with many readings under way each time; then each has come once, no more and no
    /// less.
    @Test
    void killedGatewayDeliversExactlyOnce() throws Exception {
        Installation installation = install();
        Path password = installation.addUser("bridge", "long enough", "BUBBLE_UP_PRODUCER", "PRESENCE_PRODUCER");
        String settings = """
                  gateway_coap_mqtt_bridge_default_message_qos: EXACTLY_ONCE
                  bridge: {instances: 2, first-instance: 7}
                """;
        try (UpwellProcess broker = installation.startServer(false)) {
            assertThat(broker.isAlive()).isTrue();
            MqttClient subscriber = subscribe(installation, 2);
            UpwellProcess gateway = installation.startGateway("bridge", password, settings);
            try (SimulatedField field = startField(installation, Duration.ofSeconds(1))) {
                for (int kills = 0; kills < 2; kills++) {
                    int before = delivered.size();
                    await().atMost(Duration.ofSeconds(40)).until(() -> delivered.size() >= before + 2 * DEVICES);
                    gateway.kill();
                    gateway = installation.startGateway("bridge", password, settings);
                }
                int before = delivered.size();
                await().atMost(Duration.ofSeconds(60)).until(() -> delivered.size() >= before + 2 * DEVICES);
                endAndCompare(field);
                assertThat(delivered).as("each once").hasSameSizeAs(sent);
                subscriber.disconnectForcibly(0, 1000);
                subscriber.close(true);
            } finally {
                gateway.close();
            }
        }
    }

    private Installation install() throws IOException, InterruptedException {
        Installation installation = new Installation(directory);
        installation.addTenant(TENANT);
        installation.addDevices(TENANT, SimulatedField.macs(1, DEVICES));
        return installation;
    }

    private SimulatedField startField(Installation installation) throws IOException {
        return startField(installation, Duration.ofSeconds(2));
    }

    private SimulatedField startField(Installation installation, Duration period) throws IOException {
        return SimulatedField.start(
                SimulatedField.Settings.of(installation.fieldAddress(), SimulatedField.macs(1, DEVICES), period, 1),
                InstantSource.system(),
                sent::add);
    }

    private MqttClient subscribe(Installation installation)
            throws MqttException, IOException, InterruptedException, GeneralSecurityException {
        return subscribe(installation, 1);
    }

    private MqttClient subscribe(Installation installation, int qos)
            throws MqttException, IOException, InterruptedException, GeneralSecurityException {
        MqttClient client =
                new MqttClient("ssl://localhost:" + installation.tlsPort, "watcher", new MemoryPersistence());
        MqttConnectOptions options = new MqttConnectOptions();
        options.setUserName("notused");
        options.setPassword(Tokens.of(installation, TENANT).toCharArray());
        options.setSocketFactory(Tokens.trusting(installation.ca()).getSocketFactory());
        options.setMaxInflight(1000);
        options.setCleanSession(false);
        // Before it connects: what waits for a resumed session comes at once.
        client.setCallback(new MqttCallback() {
            @Override
            public void connectionLost(Throwable cause) {
                // As the test wants it.
            }

            @Override
            public void messageArrived(String topic, MqttMessage message) {
                delivered.add(topic.split("/", -1)[2] + " " + text(message.getPayload()));
            }

            @Override
            public void deliveryComplete(IMqttDeliveryToken token) {
                // It publishes nothing.
            }
        });
        client.connect(options);
        client.subscribe(TENANT + "/read/#", qos);
        return client;
    }

    private static String text(byte[] payload) {
        return new String(payload, StandardCharsets.ISO_8859_1);
    }

    private void endAndCompare(SimulatedField field) throws InterruptedException {
        field.stopProducing();
        assertThat(field.flush(Duration.ofSeconds(60))).as("all acknowledged").isTrue();
        assertThat(field.acknowledged()).as("none given up by its NIC").isEqualTo(field.sent());
        Set<String> expected = new TreeSet<>();
        for (SentNotification each : sent) {
            expected.add(each.mac() + " " + text(each.payload()));
        }
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(new TreeSet<>(delivered)).containsAll(expected));
        List<String> foreign = new ArrayList<>(delivered);
        foreign.removeAll(expected);
        assertThat(foreign).as("delivered but never sent").isEmpty();
    }
}
