// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Authenticator;
import org.upwell.broker.access.Credentials;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.access.Principal;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.message.Message;
import org.upwell.broker.session.Session;
import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.store.Store;
import org.upwell.broker.topic.InvalidTopicException;
import org.upwell.broker.topic.TopicFilter;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;

/// A change of tenants, users or roles reaches live connections, what is queued for them, and offline sessions.
@Timeout(30)
class AccessChangeTest {

    private final Set<String> disabled = ConcurrentHashMap.newKeySet();
    private final Set<String> closedTopics = ConcurrentHashMap.newKeySet();
    private volatile int mostQos = 2;
    private final Store store = new InMemoryStore();
    private TestBroker server;

    @BeforeEach
    void start() throws IOException {
        TestBroker.Options options = new TestBroker.Options();
        options.store = store;
        Authenticator known = options.authenticator;
        options.authenticator = new Authenticator() {
            @Override
            public CompletionStage<Authentication> authenticate(Credentials credentials) {
                return known.authenticate(credentials);
            }

            @Override
            public Optional<Principal> readmit(Principal principal) {
                return Optional.of(principal).filter(p -> !disabled.contains(p.tenant()));
            }
        };
        options.authorizer =
                principal -> new Open(TestBroker.permissions(principal), Set.copyOf(closedTopics), mostQos);
        server = options.start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    /// Everything that `all` grants but for some topics, up to a QoS.
    private record Open(Permissions all, Set<String> closed, int mostQos) implements Permissions {

        @Override
        public boolean isEmpty() {
            return all.isEmpty();
        }

        @Override
        public boolean mayPublish(String topicName, int qos, boolean retain) {
            return !closed.contains(topicName) && all.mayPublish(topicName, qos, retain);
        }

        @Override
        public int grantedQos(TopicFilter filter, int requestedQos) {
            return closed.stream().anyMatch(topic -> matches(filter, topic))
                    ? -1
                    : Math.min(mostQos, all.grantedQos(filter, requestedQos));
        }

        private static boolean matches(TopicFilter filter, String topic) {
            try {
                return filter.covers(TopicFilter.parse(topic));
            } catch (InvalidTopicException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public boolean mayReceive(String topicName) {
            return !closed.contains(topicName) && all.mayReceive(topicName);
        }
    }

    private void change(Runnable edit) {
        edit.run();
        server.broker.accessChanged(key -> key.tenant().equals("acme"));
    }

    private TestClient client(MqttVersion version) throws IOException {
        return new TestClient(server.address(), version);
    }

    private static Connect of(MqttVersion version, String clientId, String user, boolean persistent) {
        Properties properties = persistent && version.isMqtt5()
                ? Properties.builder()
                        .integer(Property.SESSION_EXPIRY_INTERVAL, 600)
                        .build()
                : Properties.NONE;
        return TestClient.withPassword(
                TestClient.connectPacket(version, clientId, !persistent, properties), user, "secret");
    }

    @ParameterizedTest
    @EnumSource(
            value = MqttVersion.class,
            names = {"MQTT_3_1_1", "MQTT_5"})
    void whoMayNotConnectAnyMoreIsDisconnectedAndNobodyElse(MqttVersion version) throws IOException {
        try (TestClient client = client(version);
                TestClient other = client(version)) {
            client.connect(of(version, "c", "acme.meter", false));
            other.connect(of(version, "c", "other.meter", false));

            change(() -> disabled.add("acme"));

            if (version.isMqtt5()) {
                assertThat(client.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
            }
            client.expectClosed();
            other.expectNothingButPong();
        }
    }

    /// What is queued stays for whoever may resume the session; what comes meanwhile is dropped and counted.
    @Test
    void persistentSessionStaysAndTakesNothingInMeanwhile() throws IOException {
        try (TestClient publisher = client(MqttVersion.MQTT_5)) {
            publisher.connect(of(MqttVersion.MQTT_5, "p", "other.p", false));
            try (TestClient first = client(MqttVersion.MQTT_5)) {
                first.connect(of(MqttVersion.MQTT_5, "c", "acme.meter", true));
                first.subscribe("acme/#", QoS.AT_LEAST_ONCE);
            }
            awaitOffline();
            server.broker.publish(Message.of("acme/1", new byte[] {'1'}, 1));
            await().until(() -> session().queuedMessages() == 1);

            change(() -> disabled.add("acme"));
            await().until(() -> session().permissions().isEmpty());
            server.broker.publish(Message.of("acme/2", new byte[] {'2'}, 1));
            await().until(() -> server.broker.counters().droppedBy(DropCause.NOT_PERMITTED) == 1);

            change(() -> disabled.remove("acme"));
            await().until(() -> !session().permissions().isEmpty());
            server.broker.publish(Message.of("acme/3", new byte[] {'3'}, 1));
            try (TestClient again = client(MqttVersion.MQTT_5)) {
                assertThat(again.connect(of(MqttVersion.MQTT_5, "c", "acme.meter", true))
                                .sessionPresent())
                        .isTrue();
                assertThat(again.receivePayloads(2)).containsExactly("1", "3");
            }
        }
    }

    /// SUBACK's word holds again once the rights do, on the connection that there is and on a later one.
    @Test
    void qosThatWasLoweredIsRaisedToWhatWasGranted() throws IOException {
        try (TestClient client = client(MqttVersion.MQTT_5)) {
            client.connect(of(MqttVersion.MQTT_5, "c", "acme.meter", true));
            assertThat(client.subscribe("acme/#", QoS.AT_LEAST_ONCE).reasons())
                    .containsExactly(ReasonCode.GRANTED_QOS_1);
            assertThat(nextQos(client)).isEqualTo(QoS.AT_LEAST_ONCE);
            grant(0);
            assertThat(nextQos(client)).isEqualTo(QoS.AT_MOST_ONCE);
            grant(2);
            assertThat(nextQos(client)).as("no more than was granted").isEqualTo(QoS.AT_LEAST_ONCE);
            grant(0);
        }
        awaitOffline();
        try (TestClient again = client(MqttVersion.MQTT_5)) {
            again.connect(of(MqttVersion.MQTT_5, "c", "acme.meter", true));
            assertThat(nextQos(again)).isEqualTo(QoS.AT_MOST_ONCE);
            grant(1);
            assertThat(nextQos(again)).isEqualTo(QoS.AT_LEAST_ONCE);
        }
    }

    private void grant(int qos) {
        Permissions before = session().permissions();
        change(() -> mostQos = qos);
        awaitOtherRights(before);
    }

    /// At which QoS a message of QoS 2 comes.
    private QoS nextQos(TestClient client) throws IOException {
        server.broker.publish(Message.of("acme/1", new byte[] {'1'}, 2));
        Publish publish = client.receive(Publish.class);
        if (publish.qos() == QoS.AT_LEAST_ONCE) {
            client.send(new PubAck(publish.packetId()));
        }
        return publish.qos();
    }

    private Session session() {
        return server.broker.sessions().find("acme", "c").orElseThrow();
    }

    @SuppressWarnings("ReferenceEquality") // Each look-up gives an object of its own here.
    private void awaitOtherRights(Permissions before) {
        await().until(() -> session().permissions() != before);
    }

    private void awaitOffline() {
        await().until(() -> !session().isOnline());
    }

    @Test
    void publishIsCheckedAgainstTheNewRights() throws IOException {
        try (TestClient client = client(MqttVersion.MQTT_5)) {
            client.connect(of(MqttVersion.MQTT_5, "c", "acme.meter", false));
            assertThat(publish(client, "acme/app/1")).isEqualTo(ReasonCode.NO_MATCHING_SUBSCRIBERS);

            Permissions before = session().permissions();
            change(() -> closedTopics.add("acme/app/1"));
            awaitOtherRights(before);

            assertThat(publish(client, "acme/app/1")).isEqualTo(ReasonCode.NOT_AUTHORIZED);
            assertThat(publish(client, "acme/app/2")).isEqualTo(ReasonCode.NO_MATCHING_SUBSCRIBERS);
        }
    }

    private static ReasonCode publish(TestClient client, String topic) throws IOException {
        client.publish(topic, "x", QoS.AT_LEAST_ONCE);
        return client.receive(PubAck.class).reason();
    }

    /// A live session keeps its connection and its subscription; of what that brings it gets what is still granted.
    @Test
    void deliveriesThatAreNoLongerGrantedAreDroppedAndCounted() throws IOException {
        try (TestClient client = client(MqttVersion.MQTT_3_1_1)) {
            client.connect(of(MqttVersion.MQTT_3_1_1, "c", "acme.meter", false));
            client.subscribe("acme/#", QoS.AT_LEAST_ONCE);
            Permissions before = session().permissions();

            change(() -> closedTopics.add("acme/closed"));
            awaitOtherRights(before);
            for (int qos = 0; qos <= 2; qos++) {
                server.broker.publish(Message.of("acme/closed", new byte[] {'c'}, qos));
                server.broker.publish(Message.of("acme/open", new byte[] {'o'}, qos));
            }

            assertThat(client.receivePayloads(3)).containsExactly("o", "o", "o");
            await().until(() -> server.broker.counters().droppedBy(DropCause.NOT_PERMITTED) == 3);

            Permissions narrowed = session().permissions();
            change(closedTopics::clear);
            awaitOtherRights(narrowed);
            server.broker.publish(Message.of("acme/closed", new byte[] {'c'}, 0));
            assertThat(client.receivePayload()).isEqualTo("c");
        }
    }

    private void publish(String topic) {
        server.broker.publish(Message.of(topic, topic.getBytes(UTF_8), 1));
    }

    /// The send quota of 1 keeps the rest in the queue of a live session.
    @Test
    void whatIsQueuedForALiveSessionIsCheckedAgain() throws IOException {
        Properties quota =
                Properties.builder().integer(Property.RECEIVE_MAXIMUM, 1).build();
        try (TestClient client = client(MqttVersion.MQTT_5)) {
            client.connect(TestClient.withPassword(
                    TestClient.connectPacket(MqttVersion.MQTT_5, "c", true, quota), "acme.meter", "secret"));
            client.subscribe("acme/#", QoS.AT_LEAST_ONCE);
            // Each topic has an event loop of its own to be published on: one after the other keeps them in order.
            publish("acme/1");
            Publish first = client.receive(Publish.class);
            publish("acme/closed");
            await().until(() -> session().queuedMessages() == 1);
            publish("acme/2");
            await().until(() -> session().queuedMessages() == 2);
            Permissions before = session().permissions();

            change(() -> closedTopics.add("acme/closed"));
            awaitOtherRights(before);
            client.send(new PubAck(first.packetId()));

            assertThat(client.receivePayload()).isEqualTo("acme/2");
            await().until(() -> server.broker.counters().droppedBy(DropCause.NOT_PERMITTED) == 1);
        }
    }

    /// The change was told before the session was there to be told.
    @ParameterizedTest
    @EnumSource(
            value = MqttVersion.class,
            names = {"MQTT_3_1_1", "MQTT_5"})
    void changeWhileTheSessionIsBeingOpenedRefusesTheConnect(MqttVersion version) throws IOException {
        disabled.add("acme");
        try (TestClient client = client(version)) {
            ConnAck answer = client.connect(of(version, "c", "acme.meter", false));

            assertThat(answer.reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
            client.expectClosed();
            await().until(() -> server.broker.sessions().all().isEmpty());
        }
    }

    @Test
    void whoWasRemovedWhileNothingRanIsFoundOutAtTheStart() throws IOException {
        try (TestClient client = client(MqttVersion.MQTT_5)) {
            client.connect(of(MqttVersion.MQTT_5, "c", "acme.meter", true));
            client.subscribe("acme/#", QoS.AT_LEAST_ONCE);
        }
        awaitOffline();
        server.server.close();
        disabled.add("acme");

        start();
        await().until(() -> session().permissions().isEmpty());
        server.broker.publish(Message.of("acme/1", new byte[] {'1'}, 1));
        await().until(() -> server.broker.counters().droppedBy(DropCause.NOT_PERMITTED) == 1);
    }

    /// More than are looked at in one go.
    @Test
    void allSessionsAreReached() throws IOException {
        for (int i = 0; i < 700; i++) {
            try (TestClient client = client(MqttVersion.MQTT_3_1_1)) {
                client.connect(of(MqttVersion.MQTT_3_1_1, "c" + i, "acme.meter", true));
            }
        }
        change(() -> disabled.add("acme"));
        await().until(() -> server.broker.sessions().all().stream()
                .allMatch(session -> session.permissions().isEmpty()));
        assertThat(server.broker.sessions().all()).hasSize(700);
    }

    /// A will is checked again when it is due.
    @Test
    void willOfWhoMayNotConnectAnyMoreIsNotPublished() throws IOException {
        Connect.Will will = new Connect.Will("acme/will", new byte[] {'w'}, QoS.AT_LEAST_ONCE, true, Properties.NONE);
        try (TestClient client = client(MqttVersion.MQTT_3_1_1)) {
            client.connect(TestClient.withWill(of(MqttVersion.MQTT_3_1_1, "c", "acme.meter", false), will));
            change(() -> disabled.add("acme"));
            Packet last = client.receive();
            assertThat(last).isNull();
            await().until(() -> server.broker.counters().publishesRefused.sum() == 1);
            assertThat(server.broker.retained().size()).isZero();
        }
    }
}
