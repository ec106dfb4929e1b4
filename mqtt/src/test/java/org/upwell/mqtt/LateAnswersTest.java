// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Principal;
import org.upwell.codec.ConnAck;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PacketType;
import org.upwell.codec.PingReq;
import org.upwell.codec.Properties;
import org.upwell.codec.PubAck;
import org.upwell.codec.PubComp;
import org.upwell.codec.PubRec;
import org.upwell.codec.PubRel;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;
import org.upwell.codec.Unsubscribe;
import org.upwell.mqtt.hook.ClientInfo;
import org.upwell.mqtt.hook.Hooks;
import org.upwell.mqtt.hook.Interceptor;
import org.upwell.mqtt.hook.PacketAuthorizer;
import org.upwell.mqtt.hook.Verdict;

/// Every step may answer later: the client concerned keeps its order, and nobody else notices.
@Timeout(120)
class LateAnswersTest {

    private static final String SLOW = "slow";

    /// What the slow client waits for, until the test lets it go.
    private final Queue<Runnable> held = new ConcurrentLinkedQueue<>();

    private volatile boolean isLetGo;

    /// Completes `value` at once, for the slow client when it is let go; from then on always a little later.
    private <T> CompletionStage<T> late(boolean slow, T value) {
        CompletableFuture<T> stage = new CompletableFuture<>();
        if (!slow) {
            stage.complete(value);
        } else if (isLetGo) {
            stage.completeOnTimeout(value, 5, TimeUnit.MILLISECONDS);
        } else {
            held.add(() -> stage.complete(value));
        }
        return stage;
    }

    /// Ends the wait, once the slow client did run into it.
    private void letGo() {
        await().until(() -> !held.isEmpty());
        isLetGo = true;
        for (Runnable next = held.poll(); next != null; next = held.poll()) {
            next.run();
        }
    }

    private static boolean isSlow(ClientInfo client) {
        return client.session().clientId().equals(SLOW);
    }

    @Test
    void lateAuthenticationDelaysNobodyElse() throws IOException {
        TestBroker.Options options = new TestBroker.Options();
        options.authenticator = credentials -> late(
                SLOW.equals(credentials.userName()),
                new Authentication.Admitted(Principal.of("acme", "x", Set.of("all"))));
        try (TestBroker broker = options.start();
                TestClient slow = new TestClient(broker.address(), MqttVersion.MQTT_5);
                TestClient other = TestClient.connected(broker, MqttVersion.MQTT_5, "other")) {
            slow.send(
                    TestClient.withPassword(
                            TestClient.connectPacket(MqttVersion.MQTT_5, SLOW, true, Properties.NONE), SLOW, "x"),
                    new Subscribe(1, List.of(new Subscribe.Request("acme/a", QoS.AT_MOST_ONCE)), Properties.NONE));
            for (int i = 0; i < 20; i++) {
                other.expectNothingButPong();
            }
            letGo();
            assertThat(slow.receive()).isInstanceOf(ConnAck.class);
            assertThat(slow.receive()).isInstanceOf(SubAck.class);
        }
    }

    @Test
    void lateAuthorisationKeepsTheClientsOrderAndDelaysNobodyElse() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient slow = TestClient.connected(broker, MqttVersion.MQTT_5, SLOW);
                TestClient other = TestClient.connected(broker, MqttVersion.MQTT_5, "other")) {
            broker.server
                    .hooks()
                    .replace(Hooks.builder()
                            .authorizer(new PacketAuthorizer() {
                                @Override
                                public CompletionStage<Boolean> mayPublish(ClientInfo client, Publish publish) {
                                    return late(isSlow(client) && publish.payload()[0] == 'a', true);
                                }

                                @Override
                                public CompletionStage<Boolean> maySubscribe(
                                        ClientInfo client, Subscribe.Request request) {
                                    return late(
                                            isSlow(client), !request.filter().endsWith("secret"));
                                }
                            })
                            .build());
            other.subscribe("acme/x", QoS.AT_LEAST_ONCE);
            slow.send(
                    new Subscribe(
                            1,
                            List.of(
                                    new Subscribe.Request("acme/secret", QoS.AT_LEAST_ONCE),
                                    new Subscribe.Request("acme/open", QoS.AT_LEAST_ONCE)),
                            Properties.NONE),
                    publish("acme/x", "a", 2),
                    publish("acme/x", "b", 3),
                    PingReq.INSTANCE);
            for (int i = 0; i < 20; i++) {
                other.send(new Unsubscribe(9, List.of("acme/none"), Properties.NONE));
                assertThat(other.receive()).isInstanceOf(org.upwell.codec.UnsubAck.class);
            }
            letGo();
            assertThat(slow.receive(SubAck.class).reasons())
                    .containsExactly(ReasonCode.NOT_AUTHORIZED, ReasonCode.GRANTED_QOS_1);
            assertThat(slow.receive(PubAck.class).packetId()).isEqualTo(2);
            assertThat(slow.receive(PubAck.class).packetId()).isEqualTo(3);
            slow.receive(org.upwell.codec.PingResp.class);
            assertThat(other.receivePayloads(2)).containsExactly("a", "b");
        }
    }

    private static Publish publish(String topic, String payload, int packetId) {
        return new Publish(
                topic,
                payload.getBytes(StandardCharsets.UTF_8),
                QoS.AT_LEAST_ONCE,
                false,
                false,
                packetId,
                Properties.NONE);
    }

    /// Each kind of packet to the slow client is held back in turn. Its packets come in the order in which they
    /// would have come, and the other client's deliveries go on.
    @ParameterizedTest
    @EnumSource(
            value = PacketType.class,
            names = {"PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBACK", "UNSUBACK", "PINGRESP"})
    void lateOutboundPacketKeepsOrderAndDelaysNobodyElse(PacketType type) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient slow = TestClient.connected(broker, MqttVersion.MQTT_5, SLOW);
                TestClient other = TestClient.connected(broker, MqttVersion.MQTT_5, "other")) {
            Queue<PacketType> seen = new ConcurrentLinkedQueue<>();
            broker.server
                    .hooks()
                    .replace(Hooks.builder()
                            .outbound(type, (client, packet) -> {
                                if (isSlow(client)) {
                                    seen.add(packet.type());
                                }
                                return late(isSlow(client), new Verdict.Pass(packet));
                            })
                            .build());
            other.subscribe("acme/#", QoS.AT_MOST_ONCE);
            slow.send(
                    new Subscribe(1, List.of(new Subscribe.Request("acme/x", QoS.EXACTLY_ONCE)), Properties.NONE),
                    new Publish("acme/x", new byte[] {'x'}, QoS.EXACTLY_ONCE, false, false, 2, Properties.NONE),
                    publish("acme/y", "y", 3),
                    new PubRel(2),
                    new Unsubscribe(4, List.of("acme/x"), Properties.NONE),
                    PingReq.INSTANCE);
            assertThat(other.receivePayloads(2)).containsExactly("x", "y");
            for (int i = 0; i < 10; i++) {
                other.expectNothingButPong();
            }
            if (type != PacketType.PUBREL) {
                letGo();
            }
            assertThat(drainHandshakes(slow))
                    .containsExactly(
                            "SUBACK", "PUBLISH", "PUBREC", "PUBACK", "PUBCOMP", "UNSUBACK", "PINGRESP", "PUBREL");
            assertThat(seen).containsOnly(type).isNotEmpty();
        }
    }

    /// Receives until the PUBREL of the own message, answering as a subscriber does, and names what came in order.
    private List<String> drainHandshakes(TestClient client) throws IOException {
        List<String> order = new ArrayList<>();
        Set<PacketType> due = EnumSet.of(
                PacketType.SUBACK,
                PacketType.PUBLISH,
                PacketType.PUBREC,
                PacketType.PUBACK,
                PacketType.PUBCOMP,
                PacketType.UNSUBACK,
                PacketType.PINGRESP,
                PacketType.PUBREL);
        while (!due.isEmpty()) {
            if (!isLetGo && due.equals(Set.of(PacketType.PUBREL))) {
                // It is sent to who has all the others, and only then held.
                letGo();
            }
            Packet packet = client.receive();
            assertThat(packet).isNotNull();
            due.remove(packet.type());
            order.add(packet.type().name());
            if (packet instanceof Publish publish) {
                client.send(new PubRec(publish.packetId()));
            } else if (packet instanceof PubRel rel) {
                client.send(new PubComp(rel.packetId()));
            }
        }
        return order;
    }

    @Test
    void interceptorsMayChangeAndPrevent() throws IOException {
        Interceptor change = (client, packet) -> {
            Publish publish = (Publish) packet;
            if (publish.payload()[0] == 'n') {
                return CompletableFuture.completedFuture(new Verdict.Prevent(ReasonCode.QUOTA_EXCEEDED));
            }
            return CompletableFuture.completedFuture(
                    new Verdict.Pass(publish("acme/changed", "c", publish.packetId())));
        };
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, MqttVersion.MQTT_5, "c")) {
            client.subscribe("acme/#", QoS.AT_MOST_ONCE);
            broker.server
                    .hooks()
                    .replace(Hooks.builder().inbound(PacketType.PUBLISH, change).build());
            client.send(publish("acme/x", "no", 1));
            assertThat(client.receive(PubAck.class).reason()).isEqualTo(ReasonCode.QUOTA_EXCEEDED);
            client.send(publish("acme/x", "yes", 2));
            assertThat(client.receive(Publish.class).topic()).isEqualTo("acme/changed");
            assertThat(client.receive(PubAck.class).packetId()).isEqualTo(2);
            broker.server
                    .hooks()
                    .replace(Hooks.builder()
                            .outbound(
                                    PacketType.PUBLISH,
                                    (info, packet) ->
                                            CompletableFuture.completedFuture(new Verdict.Prevent(ReasonCode.SUCCESS)))
                            .build());
            client.send(publish("acme/x", "unseen", 3));
            assertThat(client.receive(PubAck.class).packetId()).isEqualTo(3);
            client.expectNothingButPong();
        }
    }
}
