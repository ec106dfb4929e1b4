// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.upwell.client.ClientFixture.await;
import static org.upwell.client.ClientFixture.message;
import static org.upwell.client.ClientFixture.text;

import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.Properties;
import org.upwell.codec.PubAck;
import org.upwell.codec.PubComp;
import org.upwell.codec.PubRec;
import org.upwell.codec.PubRel;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;

/// Messages in both directions over connections that a server, which keeps its session, cuts at random places:
/// nothing is lost, at QoS 2 nothing comes twice, and the order holds.
@Timeout(60)
class BrokenConnectionsTest {

    private static final int MESSAGES = 600;
    private static final int WINDOW = 10;

    /// The server's half of a session, and its lust for destruction.
    private static final class CuttingServer implements Runnable {

        private final FakeServer server;
        private final Random random;
        private final List<String> received = Collections.synchronizedList(new ArrayList<>());
        private final Set<Integer> open = new HashSet<>();
        /// Packet id to message, null once PUBREC came.
        private final Map<Integer, Publish> sending = new LinkedHashMap<>();
        private final Set<Integer> releasing = new LinkedHashSet<>();
        private int sent;
        private int connections;

        private CuttingServer(FakeServer server, long seed) {
            this.server = server;
            this.random = new Random(seed);
        }

        @Override
        public void run() {
            try {
                while (true) {
                    FakeServer.Peer peer = server.accept();
                    peer.expect(Connect.class);
                    peer.send(new ConnAck(connections++ > 0, ReasonCode.SUCCESS, Properties.NONE));
                    serve(peer);
                    peer.reset();
                }
            } catch (SocketException e) {
                // The test is over and has closed the server.
                assertThat(connections).isPositive();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        private void serve(FakeServer.Peer peer) throws IOException {
            for (int id : releasing) {
                peer.send(new PubRel(id));
            }
            for (Publish each : sending.values()) {
                peer.send(message(text(each), each.qos(), each.packetId(), true));
            }
            int left = 1 + random.nextInt(120);
            while (left-- > 0) {
                sendNew(peer);
                Packet packet = peer.read();
                if (packet == null) {
                    return;
                }
                boolean cutBeforeAnswer = left == 0 && random.nextBoolean();
                Packet answer = handle(packet);
                if (answer != null && !cutBeforeAnswer) {
                    peer.send(answer);
                }
            }
        }

        private void sendNew(FakeServer.Peer peer) throws IOException {
            if (sent < MESSAGES && sending.size() + releasing.size() < WINDOW) {
                int id = 1 + sent % 1000;
                QoS qos = sent % 2 == 0 ? QoS.AT_LEAST_ONCE : QoS.EXACTLY_ONCE;
                Publish next = message("s" + sent++, qos, id, false);
                sending.put(id, next);
                peer.send(next);
            }
        }

        private @Nullable Packet handle(Packet packet) {
            return switch (packet) {
                case Publish publish
                when publish.qos() == QoS.AT_LEAST_ONCE -> {
                    received.add(text(publish));
                    yield new PubAck(publish.packetId());
                }
                case Publish publish -> {
                    if (open.add(publish.packetId())) {
                        received.add(text(publish));
                    }
                    yield new PubRec(publish.packetId());
                }
                case PubRel rel -> {
                    open.remove(rel.packetId());
                    yield new PubComp(rel.packetId());
                }
                case PubAck ack -> {
                    sending.remove(ack.packetId());
                    yield null;
                }
                case PubRec rec -> {
                    sending.remove(rec.packetId());
                    releasing.add(rec.packetId());
                    yield new PubRel(rec.packetId());
                }
                case PubComp comp -> {
                    releasing.remove(comp.packetId());
                    yield null;
                }
                // The end of the test.
                case Disconnect _ -> null;
                default -> throw new AssertionError("unexpected " + packet);
            };
        }
    }

    @ParameterizedTest
    @CsvSource({"MQTT_5, 1", "MQTT_5, 2", "MQTT_5, 3", "MQTT_3_1_1, 4", "MQTT_3_1_1, 5"})
    void nothingIsLostAndNothingAtQos2ComesTwice(MqttVersion version, long seed) throws Exception {
        List<String> heard = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch allHeard = new CountDownLatch(MESSAGES);
        Set<String> firsts = new HashSet<>();
        try (ClientFixture fixture = new ClientFixture()) {
            CuttingServer cutting = new CuttingServer(fixture.server, seed);
            Thread thread = Thread.ofPlatform().start(cutting);
            MqttClient client = fixture.client(fixture.options()
                    .version(version)
                    .cleanStart(false)
                    .sessionExpiry(Duration.ofHours(1))
                    .maxInFlight(WINDOW)
                    .reconnect(new Reconnect(Duration.ofMillis(1), Duration.ofMillis(4), true))
                    .messageListener(MessageListener.of(message -> {
                        heard.add(text(message));
                        if (firsts.add(text(message))) {
                            allHeard.countDown();
                        }
                    })));
            await(client.connect());
            List<CompletionStage<ReasonCode>> stages = new ArrayList<>();
            for (int i = 0; i < MESSAGES; i++) {
                stages.add(fixture.publish("c" + i, i % 2 == 0 ? QoS.AT_LEAST_ONCE : QoS.EXACTLY_ONCE));
            }
            for (CompletionStage<ReasonCode> stage : stages) {
                assertThat(await(stage)).isEqualTo(ReasonCode.SUCCESS);
            }
            assertThat(allHeard.await(30, TimeUnit.SECONDS)).isTrue();
            await(client.disconnect());
            fixture.server.close();
            thread.join();

            assertThat(cutting.connections).as("seed %d", seed).isGreaterThan(10);
            assertRight("c", List.copyOf(cutting.received), seed);
            assertRight("s", List.copyOf(heard), seed);
        }
    }

    private static void assertRight(String prefix, List<String> arrived, long seed) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < MESSAGES; i++) {
            all.add(prefix + i);
        }
        List<String> exactlyOnce = arrived.stream()
                .filter(each -> Integer.parseInt(each.substring(1)) % 2 == 1)
                .toList();

        assertThat(List.copyOf(new LinkedHashSet<>(arrived)))
                .as("seed %d", seed)
                .isEqualTo(all);
        assertThat(exactlyOnce).as("seed %d", seed).doesNotHaveDuplicates();
    }
}
