// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Principal;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.broker.message.SessionKey;
import org.upwell.codec.Connect;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.Properties;
import org.upwell.codec.PubRel;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.Subscribe;
import org.upwell.mqtt.hook.ClientInfo;
import org.upwell.mqtt.hook.Hooks;
import org.upwell.mqtt.hook.PacketAuthorizer;

/// A client that is gone before a late answer came: what it sent before takes effect all the same.
@Timeout(60)
class HeldConnectionTest {

    private static final MqttVersion VERSION = MqttVersion.MQTT_5;

    /// How a client may end its side.
    enum End {
        CLOSE,
        HALF_CLOSE,
        RESET
    }

    static Stream<Arguments> endsAndTransports() {
        return Stream.of(End.values())
                .flatMap(end ->
                        Stream.of(Transport.best(), Transport.nio()).map(transport -> Arguments.of(end, transport)));
    }

    /// Answers the first question of the client `gone` late, long after a close was noticed, and all others at
    /// once.
    private static final class LateOnce implements PacketAuthorizer {
        private final CompletableFuture<Void> asked = new CompletableFuture<>();

        @Override
        public CompletionStage<Boolean> mayPublish(ClientInfo client, Publish publish) {
            boolean first = client.session().clientId().equals("gone") && asked.complete(null);
            return first
                    ? new CompletableFuture<Boolean>().completeOnTimeout(true, 150, TimeUnit.MILLISECONDS)
                    : CompletableFuture.completedFuture(true);
        }

        @Override
        public CompletionStage<Boolean> maySubscribe(ClientInfo client, Subscribe.Request request) {
            return CompletableFuture.completedFuture(true);
        }
    }

    private static Publish publish(String payload, QoS qos, int packetId) {
        return new Publish(
                "acme/x", payload.getBytes(StandardCharsets.UTF_8), qos, false, false, packetId, Properties.NONE);
    }

    private static Connect connectWithWill(String clientId) {
        return TestClient.withWill(
                TestClient.connectPacket(VERSION, clientId, true, Properties.NONE),
                new Connect.Will("acme/will", new byte[] {'w'}, QoS.AT_MOST_ONCE, false, Properties.NONE));
    }

    /// Sends `packets` in one segment as the client `gone` and ends as told once the first is being decided on.
    private static void sendAndEnd(TestBroker broker, End end, Packet... packets) throws Exception {
        LateOnce late = new LateOnce();
        broker.server.hooks().replace(Hooks.builder().authorizer(late).build());
        try (TestClient gone = new TestClient(broker.address(), VERSION)) {
            gone.connect(connectWithWill("gone"));
            gone.send(packets);
            late.asked.get(10, TimeUnit.SECONDS);
            switch (end) {
                case CLOSE -> {}
                case RESET -> gone.resetOnClose();
                case HALF_CLOSE -> {
                    gone.halfClose();
                    while (gone.receive() != null) {
                        // What it is told on the way is not the point here.
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("endsAndTransports")
    void publishesSentBeforeTheCloseAreRoutedAndThenTheWill(End end, Transport transport) throws Exception {
        TestBroker.Options options = new TestBroker.Options();
        options.transport = transport;
        try (TestBroker broker = options.start();
                TestClient watcher = TestClient.connected(broker, VERSION, "watcher")) {
            watcher.subscribe("acme/#", QoS.AT_MOST_ONCE);
            sendAndEnd(
                    broker,
                    end,
                    publish("held", QoS.AT_LEAST_ONCE, 1),
                    publish("zero", QoS.AT_MOST_ONCE, 0),
                    publish("one", QoS.AT_LEAST_ONCE, 2),
                    publish("two", QoS.EXACTLY_ONCE, 3),
                    new PubRel(3));
            assertThat(watcher.receivePayloads(5)).containsExactly("held", "zero", "one", "two", "w");
            watcher.expectNothingButPong();
        }
    }

    /// [MQTT-3.14.4-3]
    @ParameterizedTest
    @MethodSource("endsAndTransports")
    void disconnectSentBeforeTheCloseDiscardsTheWill(End end, Transport transport) throws Exception {
        TestBroker.Options options = new TestBroker.Options();
        options.transport = transport;
        try (TestBroker broker = options.start();
                TestClient watcher = TestClient.connected(broker, VERSION, "watcher")) {
            watcher.subscribe("acme/#", QoS.AT_MOST_ONCE);
            sendAndEnd(
                    broker,
                    end,
                    publish("held", QoS.AT_MOST_ONCE, 0),
                    publish("zero", QoS.AT_MOST_ONCE, 0),
                    new Disconnect(ReasonCode.SUCCESS, Properties.NONE));
            assertThat(watcher.receivePayloads(2)).containsExactly("held", "zero");
            awaitClosed(broker, "gone");
            watcher.expectNothingButPong();
            await().until(() -> broker.server.connectionCount() == 1);
        }
    }

    private static void awaitClosed(TestBroker broker, String clientId) {
        SessionKey key = new SessionKey("acme", clientId);
        await().until(() -> broker.events.stream()
                .anyMatch(
                        event -> event instanceof BrokerEvent.ConnectionClosed closed && key.equals(closed.session())));
    }

    /// What was still in the kernel when the client closed counts as much as what we had read.
    @ParameterizedTest
    @EnumSource(names = {"CLOSE", "HALF_CLOSE"})
    void megabytesBehindALateAnswerAllArrive(End end) throws Exception {
        try (TestBroker broker = TestBroker.start();
                TestClient watcher = TestClient.connected(broker, VERSION, "watcher")) {
            watcher.subscribe("acme/x", QoS.AT_MOST_ONCE);
            List<Packet> packets = new ArrayList<>();
            packets.add(publish("held", QoS.AT_MOST_ONCE, 0));
            String large = "x".repeat(1000);
            for (int i = 0; i < 500; i++) {
                packets.add(publish(i + large, QoS.AT_MOST_ONCE, 0));
            }
            sendAndEnd(broker, end, packets.toArray(Packet[]::new));
            assertThat(watcher.receivePayload()).isEqualTo("held");
            for (int i = 0; i < 500; i++) {
                assertThat(watcher.receivePayload()).isEqualTo(i + large);
            }
        }
    }

    /// [MQTT-3.1.4-5] lets a client go on before CONNACK, and so it may also be gone by then.
    @Test
    void packetsBehindAConnectThatIsDecidedLateTakeEffect() throws Exception {
        TestBroker.Options options = new TestBroker.Options();
        CompletableFuture<Void> asked = new CompletableFuture<>();
        Authentication admitted = new Authentication.Admitted(Principal.of("acme", "x", Set.of("all")));
        options.authenticator = credentials -> {
            asked.complete(null);
            return new CompletableFuture<Authentication>().completeOnTimeout(admitted, 150, TimeUnit.MILLISECONDS);
        };
        try (TestBroker broker = options.start();
                TestClient watcher = TestClient.connected(broker, VERSION, "watcher")) {
            watcher.subscribe("acme/#", QoS.AT_MOST_ONCE);
            try (TestClient gone = new TestClient(broker.address(), VERSION)) {
                gone.send(
                        TestClient.withPassword(connectWithWill("gone"), "x", "x"),
                        publish("zero", QoS.AT_MOST_ONCE, 0),
                        new Disconnect(ReasonCode.SUCCESS, Properties.NONE));
                asked.get(10, TimeUnit.SECONDS);
            }
            assertThat(watcher.receivePayload()).isEqualTo("zero");
            awaitClosed(broker, "gone");
            watcher.expectNothingButPong();
        }
    }

    /// A client that is back takes its session over from the connection whose rest is still being handled.
    @Test
    void returningClientDoesNotWaitForTheRestOfItsLastConnection() throws Exception {
        try (TestBroker broker = TestBroker.start()) {
            CompletableFuture<Void> asked = new CompletableFuture<>();
            broker.server
                    .hooks()
                    .replace(Hooks.builder()
                            .authorizer(new PacketAuthorizer() {
                                @Override
                                public CompletionStage<Boolean> mayPublish(ClientInfo client, Publish publish) {
                                    asked.complete(null);
                                    return new CompletableFuture<>();
                                }

                                @Override
                                public CompletionStage<Boolean> maySubscribe(
                                        ClientInfo client, Subscribe.Request request) {
                                    return CompletableFuture.completedFuture(true);
                                }
                            })
                            .build());
            try (TestClient gone = TestClient.connected(broker, VERSION, "c")) {
                gone.send(publish("held", QoS.AT_MOST_ONCE, 0));
                asked.get(10, TimeUnit.SECONDS);
            }
            try (TestClient back = TestClient.connected(broker, VERSION, "c")) {
                back.expectNothingButPong();
                awaitClosed(broker, "c");
                await().until(() -> broker.server.connectionCount() == 1);
            }
        }
    }
}
