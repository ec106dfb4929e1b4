// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.io.EOFException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.app.process.LastingPorts;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PingReq;
import org.upwell.codec.PingResp;
import org.upwell.codec.Properties;
import org.upwell.codec.PubAck;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;

/// A queue limit that an operator raised for one role: the queue of an offline client that has the role holds a
/// burst which the default limit cuts, over a `kill -9` too, and what the default cuts is counted and told.
@Timeout(120)
class QueueLimitIT {

    private static final String TOPIC = "acme/app/burst";
    private static final int DEFAULT_LIMIT = 50_000;
    private static final int BURST = 60_000;
    private static final int WINDOW = 100;

    @TempDir
    private Path directory;

    @Test
    void roleRaisesTheLimitAndWhatTheDefaultDropsIsCounted() throws Exception {
        Installation installation = new Installation(directory);
        int morePort = LastingPorts.tcp();
        String role = "  DEEP_QUEUE: {queue-messages: 2000000, queue-bytes: 1073741824}\n";
        try (UpwellProcess server = installation.startLeanWithRole(role, "DEEP_QUEUE", morePort)) {
            subscribe(installation.tcpPort, "plain");
            subscribe(morePort, "deep");
            publish(installation.tcpPort);
            // The subscriber's loop may be behind the publisher's.
            await().untilAsserted(() -> assertThat(
                            metric(installation, "upwell_broker_messages_dropped_total{cause=\"queue-full\"} "))
                    .isEqualTo(BURST - DEFAULT_LIMIT));
            // The newest went, by the default rule.
            assertThat(drain(installation.tcpPort, "plain", DEFAULT_LIMIT))
                    .as("told of its losses")
                    .isEqualTo(BURST - DEFAULT_LIMIT);
            server.kill();
        }
        try (UpwellProcess server = installation.startLeanWithRole(role, "DEEP_QUEUE", morePort)) {
            assertThat(server.isAlive()).isTrue();
            assertThat(drain(morePort, "deep", BURST)).as("told of none").isZero();
            assertThat(metric(installation, "upwell_broker_messages_dropped_total{cause=\"queue-full\"} "))
                    .isZero();
        }
    }

    private static PacketLine connect(int port, String clientId) throws IOException {
        PacketLine line = new PacketLine(port, MqttVersion.MQTT_5);
        line.send(new Connect(
                MqttVersion.MQTT_5,
                clientId,
                false,
                0,
                null,
                null,
                null,
                PersistentClient.expiry(MqttVersion.MQTT_5, 36_000)));
        assertThat(line.receive(ConnAck.class).reason()).isEqualTo(ReasonCode.SUCCESS);
        return line;
    }

    private static void subscribe(int port, String clientId) throws IOException {
        try (PacketLine line = connect(port, clientId)) {
            line.send(new Subscribe(1, List.of(new Subscribe.Request(TOPIC, QoS.AT_LEAST_ONCE)), Properties.NONE));
            line.receive(SubAck.class);
            // Away by then: nothing of the burst is on its way to this connection.
            line.send(new Disconnect(ReasonCode.SUCCESS, Properties.NONE));
            assertThatExceptionOfType(EOFException.class).isThrownBy(line::receive);
        }
    }

    /// 64 to 256 bytes, the number first.
    private static byte[] payload(int number) {
        return ByteBuffer.allocate(64 + number * 37 % 193).putInt(number).array();
    }

    private static void publish(int port) throws IOException {
        try (PacketLine line = connect(port, "publisher")) {
            Packet[] window = new Packet[WINDOW];
            for (int sent = 0; sent < BURST; sent += WINDOW) {
                for (int i = 0; i < WINDOW; i++) {
                    window[i] = new Publish(
                            TOPIC, payload(sent + i), QoS.AT_LEAST_ONCE, false, false, i + 1, Properties.NONE);
                }
                line.send(window);
                for (int i = 0; i < WINDOW; i++) {
                    assertThat(line.receive(PubAck.class).reason()).isEqualTo(ReasonCode.SUCCESS);
                }
            }
        }
    }

    /// Takes the first `expected` messages of the burst, in order, and sees that no more come. Returns how many
    /// lost ones the client was told of.
    private static int drain(int port, String clientId, int expected) throws IOException {
        int told = 0;
        try (PacketLine line = connect(port, clientId)) {
            for (int number = 0; number < expected; number++) {
                Publish publish = line.receive(Publish.class);
                assertThat(publish.payload()).as("message %d", number).isEqualTo(payload(number));
                told += told(publish);
                line.send(new PubAck(publish.packetId()));
            }
            line.send(PingReq.INSTANCE);
            line.receive(PingResp.class);
        }
        return told;
    }

    private static int told(Publish publish) {
        return publish.properties().userProperties().stream()
                .filter(each -> each.name().equals("upwell-dropped"))
                .mapToInt(each -> Integer.parseInt(each.value()))
                .sum();
    }

    private static long metric(Installation installation, String name) throws IOException, InterruptedException {
        try (HttpClient http = HttpClient.newHttpClient()) {
            URI metrics = URI.create("http://127.0.0.1:" + installation.httpPort + "/metrics");
            String page = http.send(HttpRequest.newBuilder(metrics).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
            return page.lines()
                    .filter(line -> line.startsWith(name))
                    .mapToLong(line -> (long) Double.parseDouble(line.substring(name.length())))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no " + name + "in:\n" + page));
        }
    }
}
