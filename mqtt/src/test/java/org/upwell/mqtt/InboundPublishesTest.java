// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.PacketType;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.PubComp;
import org.upwell.codec.PubRec;
import org.upwell.codec.PubRel;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.Subscribe;
import org.upwell.mqtt.hook.ClientInfo;
import org.upwell.mqtt.hook.Hooks;
import org.upwell.mqtt.hook.Interceptor;
import org.upwell.mqtt.hook.PacketAuthorizer;
import org.upwell.mqtt.hook.Verdict;

/// Topic aliases, prevented publishes and the QoS 2 handshake from the client, over real sockets.
@Timeout(60)
class InboundPublishesTest {

    private static Publish aliased(String topic, int alias, QoS qos, int packetId) {
        Properties properties =
                Properties.builder().integer(Property.TOPIC_ALIAS, alias).build();
        return new Publish(topic, new byte[] {'x'}, qos, false, false, packetId, properties);
    }

    private static Publish plain(QoS qos, int packetId) {
        return new Publish("acme/x", new byte[] {'x'}, qos, false, false, packetId, Properties.NONE);
    }

    private static Interceptor preventing(ReasonCode reason) {
        return (client, packet) -> CompletableFuture.completedFuture(new Verdict.Prevent(reason));
    }

    /// What looks at the packet must not have to know what the alias stands for.
    @Test
    void hooksSeeTheTopicNameBehindAnAlias() throws IOException {
        Queue<String> seen = new ConcurrentLinkedQueue<>();
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, MqttVersion.MQTT_5, "c")) {
            client.subscribe("acme/x", QoS.AT_MOST_ONCE);
            broker.server
                    .hooks()
                    .replace(Hooks.builder()
                            .inbound(PacketType.PUBLISH, (info, packet) -> {
                                seen.add("interceptor " + ((Publish) packet).topic());
                                return CompletableFuture.completedFuture(new Verdict.Pass(packet));
                            })
                            .authorizer(new PacketAuthorizer() {
                                @Override
                                public CompletionStage<Boolean> mayPublish(ClientInfo info, Publish publish) {
                                    seen.add("authorizer " + publish.topic());
                                    return CompletableFuture.completedFuture(true);
                                }

                                @Override
                                public CompletionStage<Boolean> maySubscribe(
                                        ClientInfo info, Subscribe.Request request) {
                                    return CompletableFuture.completedFuture(true);
                                }
                            })
                            .build());
            client.send(aliased("acme/x", 3, QoS.AT_MOST_ONCE, 0), aliased("", 3, QoS.AT_MOST_ONCE, 0));
            assertThat(client.receive(Publish.class).topic()).isEqualTo("acme/x");
            assertThat(client.receive(Publish.class).topic()).isEqualTo("acme/x");
            assertThat(seen)
                    .containsExactly(
                            "interceptor acme/x", "authorizer acme/x", "interceptor acme/x", "authorizer acme/x");
        }
    }

    /// [MQTT-3.3.2-12]: the client goes on to use the alias that it defined, whatever was done to its PUBLISH.
    @ParameterizedTest
    @CsvSource({"AT_MOST_ONCE, 0", "AT_LEAST_ONCE, 7", "EXACTLY_ONCE, 7"})
    void aliasOfAPreventedPublishIsLearned(QoS qos, int packetId) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, MqttVersion.MQTT_5, "c")) {
            client.subscribe("acme/x", QoS.AT_MOST_ONCE);
            broker.server
                    .hooks()
                    .replace(Hooks.builder()
                            .inbound(PacketType.PUBLISH, preventing(ReasonCode.QUOTA_EXCEEDED))
                            .build());
            client.send(aliased("acme/x", 1, qos, packetId));
            switch (qos) {
                case AT_MOST_ONCE -> client.expectNothingButPong();
                case AT_LEAST_ONCE -> client.receive(PubAck.class);
                case EXACTLY_ONCE -> client.receive(PubRec.class);
            }
            broker.server.hooks().replace(Hooks.NONE);
            client.send(aliased("", 1, QoS.AT_MOST_ONCE, 0));
            assertThat(client.receive(Publish.class).topic()).isEqualTo("acme/x");
        }
    }

    /// [MQTT-3.2.2-18], and an alias that stands for nothing, are the client's faults: no hook sees them.
    @Test
    void badAliasesEndTheConnectionBeforeAnyHook() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient high = TestClient.connected(broker, MqttVersion.MQTT_5, "high");
                TestClient unknown = TestClient.connected(broker, MqttVersion.MQTT_5, "unknown")) {
            Queue<String> seen = new ConcurrentLinkedQueue<>();
            broker.server
                    .hooks()
                    .replace(Hooks.builder()
                            .inbound(PacketType.PUBLISH, (info, packet) -> {
                                seen.add(packet.toString());
                                return CompletableFuture.completedFuture(new Verdict.Pass(packet));
                            })
                            .build());
            high.send(aliased("acme/x", MqttLimits.DEFAULT.topicAliasMaximum() + 1, QoS.AT_MOST_ONCE, 0));
            assertThat(high.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.TOPIC_ALIAS_INVALID);
            unknown.send(aliased("", 5, QoS.AT_MOST_ONCE, 0));
            assertThat(unknown.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.PROTOCOL_ERROR);
            assertThat(seen).isEmpty();
        }
    }

    /// 3.x has no word for a refusal and a hook that prevents wants the message gone, so it is acknowledged; MQTT 5
    /// clients are told the hook's reason. Either way it counts as refused.
    @ParameterizedTest
    @EnumSource
    void preventedPublishIsAnsweredInTheWordsOfTheVersion(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, version, "c")) {
            client.subscribe("acme/x", QoS.AT_MOST_ONCE);
            broker.server
                    .hooks()
                    .replace(Hooks.builder()
                            .inbound(PacketType.PUBLISH, preventing(ReasonCode.QUOTA_EXCEEDED))
                            .build());
            client.send(plain(QoS.AT_MOST_ONCE, 0), plain(QoS.AT_LEAST_ONCE, 1), plain(QoS.EXACTLY_ONCE, 2));
            ReasonCode expected = version.isMqtt5() ? ReasonCode.QUOTA_EXCEEDED : ReasonCode.SUCCESS;
            assertThat(client.receive(PubAck.class).reason()).isEqualTo(expected);
            assertThat(client.receive(PubRec.class).reason()).isEqualTo(expected);
            if (!version.isMqtt5()) {
                client.send(new PubRel(2));
                assertThat(client.receive(PubComp.class).packetId()).isEqualTo(2);
            }
            client.expectNothingButPong();
            assertThat(broker.broker.counters().publishesRefused.sum()).isEqualTo(3);
            assertThat(broker.events.stream().filter(BrokerEvent.PublishRefused.class::isInstance))
                    .hasSize(3);
        }
    }

    /// [MQTT-3.4.2-1], [MQTT-3.5.2-1]: a hook may give any reason, PUBACK and PUBREC may not carry any.
    @ParameterizedTest
    @CsvSource({
        "NOT_AUTHORIZED, NOT_AUTHORIZED",
        "PAYLOAD_FORMAT_INVALID, PAYLOAD_FORMAT_INVALID",
        "BANNED, NOT_AUTHORIZED",
        "TOPIC_FILTER_INVALID, TOPIC_NAME_INVALID",
        "MESSAGE_RATE_TOO_HIGH, QUOTA_EXCEEDED",
        "MALFORMED_PACKET, IMPLEMENTATION_SPECIFIC_ERROR",
        "NO_SUBSCRIPTION_EXISTED, SUCCESS"
    })
    void hooksReasonBecomesOneThatTheAnswerMayCarry(ReasonCode given, ReasonCode answered) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, MqttVersion.MQTT_5, "c")) {
            broker.server
                    .hooks()
                    .replace(Hooks.builder()
                            .inbound(PacketType.PUBLISH, preventing(given))
                            .build());
            client.send(plain(QoS.AT_LEAST_ONCE, 1), plain(QoS.EXACTLY_ONCE, 2));
            assertThat(client.receive(PubAck.class).reason()).isEqualTo(answered);
            assertThat(client.receive(PubRec.class).reason()).isEqualTo(answered);
        }
    }

    /// ```text
    /// client --PUBLISH 7--> broker --append--> store (takes its time)
    /// client closes, connects again
    ///        --PUBLISH 7-->                            a repeat
    ///        --PINGREQ-->
    ///        <--PINGRESP--
    ///                              <--committed--
    ///        <--PUBREC 7--
    /// ```
    @Test
    void repeatOfAnUncommittedPublishOfTheLastConnectionGetsItsPubRecWithTheCommit() throws Exception {
        FakeLateStore store = new FakeLateStore();
        TestBroker.Options options = new TestBroker.Options();
        options.store = store;
        try (TestBroker broker = options.start();
                TestClient second = new TestClient(broker.address(), MqttVersion.MQTT_5)) {
            try (TestClient first = new TestClient(broker.address(), MqttVersion.MQTT_5)) {
                first.connect("c", false, expiry(MqttVersion.MQTT_5));
                first.send(plain(QoS.EXACTLY_ONCE, 7));
                store.awaitFirstAppend();
            }
            await().until(() -> broker.server.connectionCount() == 1);
            // For one last time: such a session is opened without waiting for what the store was given before.
            assertThat(second.connect("c", false, Properties.NONE).sessionPresent())
                    .isTrue();
            second.send(plain(QoS.EXACTLY_ONCE, 7));
            second.expectNothingButPong();
            store.commitAll();
            assertThat(second.receive(PubRec.class).packetId()).isEqualTo(7);
            second.send(plain(QoS.EXACTLY_ONCE, 7));
            assertThat(second.receive(PubRec.class).packetId()).isEqualTo(7);
            second.send(new PubRel(7));
            second.expectNothingButPong();
            store.commitAll();
            assertThat(second.receive(PubComp.class).reason()).isEqualTo(ReasonCode.SUCCESS);
            assertThat(broker.broker.counters().messagesReceived.sum()).isEqualTo(1);
        }
    }

    /// What a full store cannot keep is refused and not acknowledged; MQTT 5 goes on, 3.x has no word but closing.
    @ParameterizedTest
    @EnumSource
    void fullStoreRefusesInTheWordsOfTheVersion(MqttVersion version) throws Exception {
        FakeLateStore store = new FakeLateStore();
        TestBroker.Options options = new TestBroker.Options();
        options.store = store;
        try (TestBroker broker = options.start();
                TestClient client = new TestClient(broker.address(), version)) {
            client.connect("c", false, expiry(version));
            client.send(plain(QoS.EXACTLY_ONCE, 7));
            store.awaitFirstAppend();
            client.expectNothingButPong();
            store.refuseAll();
            if (version.isMqtt5()) {
                PubRec refusal = client.receive(PubRec.class);
                assertThat(refusal.packetId()).isEqualTo(7);
                assertThat(refusal.reason()).isEqualTo(ReasonCode.QUOTA_EXCEEDED);
                // The id is free again, and what comes under it is a new message.
                client.send(plain(QoS.EXACTLY_ONCE, 7));
                client.expectNothingButPong();
                store.commitAll();
                assertThat(client.receive(PubRec.class).reason().isError()).isFalse();
            } else {
                client.expectClosed();
                try (TestClient again = new TestClient(broker.address(), version)) {
                    again.connect("c", false, expiry(version));
                    again.send(plain(QoS.EXACTLY_ONCE, 7));
                    again.expectNothingButPong();
                    store.commitAll();
                    assertThat(again.receive(PubRec.class).packetId()).isEqualTo(7);
                }
            }
            assertThat(broker.broker.counters().messagesReceived.sum()).isEqualTo(2);
            assertThat(broker.broker.counters().publishesRefused.sum()).isEqualTo(1);
        }
    }

    /// [MQTT-3.3.4-9]: handshakes of an earlier connection count on the one where they are taken up again, and only
    /// there.
    @Test
    void handshakesOfAnEarlierConnectionCountOnceTheyAreTakenUp() throws IOException {
        TestBroker.Options options = new TestBroker.Options();
        options.limits = new TestLimits().receiveMaximum(3).build();
        try (TestBroker broker = options.start()) {
            try (TestClient first = new TestClient(broker.address(), MqttVersion.MQTT_5)) {
                first.connect("c", false, expiry(MqttVersion.MQTT_5));
                for (int packetId = 1; packetId <= 3; packetId++) {
                    first.send(plain(QoS.EXACTLY_ONCE, packetId));
                    first.receive(PubRec.class);
                }
            }
            try (TestClient second = new TestClient(broker.address(), MqttVersion.MQTT_5)) {
                second.connect("c", false, expiry(MqttVersion.MQTT_5));
                second.send(new PubRel(1));
                second.receive(PubComp.class);
                second.send(plain(QoS.EXACTLY_ONCE, 2), plain(QoS.EXACTLY_ONCE, 2), plain(QoS.EXACTLY_ONCE, 4));
                second.receive(PubRec.class);
                second.receive(PubRec.class);
                second.receive(PubRec.class);
                second.send(plain(QoS.EXACTLY_ONCE, 3));
                second.receive(PubRec.class);
                second.send(plain(QoS.EXACTLY_ONCE, 5));
                assertThat(second.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.RECEIVE_MAXIMUM_EXCEEDED);
            }
        }
    }

    /// [MQTT-3.3.4-9]
    @Test
    void moreHandshakesThanTheReceiveMaximumEndTheConnection() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, MqttVersion.MQTT_5, "c")) {
            for (int packetId = 1; packetId <= 100; packetId++) {
                client.send(plain(QoS.EXACTLY_ONCE, packetId));
                client.receive(PubRec.class);
            }
            client.send(new PubRel(1));
            client.receive(PubComp.class);
            client.send(plain(QoS.EXACTLY_ONCE, 101));
            client.receive(PubRec.class);
            client.send(plain(QoS.EXACTLY_ONCE, 102));
            assertThat(client.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.RECEIVE_MAXIMUM_EXCEEDED);
            client.expectClosed();
        }
    }

    private static Properties expiry(MqttVersion version) {
        return version.isMqtt5()
                ? Properties.builder()
                        .integer(Property.SESSION_EXPIRY_INTERVAL, 100)
                        .build()
                : Properties.NONE;
    }

    /// ```text
    /// client --PUBLISH 7--> broker --append--> store (takes its time)
    ///        --PUBREL 7-->                            a client should not, but may
    ///        --PINGREQ-->
    ///        <--PINGRESP--
    ///        --PUBLISH 7-->                           a repeat, since 7 is not released
    ///                              <--committed--
    ///        <--PUBREC 7--
    ///                              --release-->
    ///                              <--committed--
    ///        <--PUBCOMP 7--
    /// ```
    @ParameterizedTest
    @EnumSource
    void earlyPubRelReleasesNothingBeforeTheCommit(MqttVersion version) throws Exception {
        FakeLateStore store = new FakeLateStore();
        TestBroker.Options options = new TestBroker.Options();
        options.store = store;
        try (TestBroker broker = options.start();
                TestClient client = new TestClient(broker.address(), version)) {
            client.connect("c", false, expiry(version));
            client.send(plain(QoS.EXACTLY_ONCE, 7));
            store.awaitFirstAppend();
            client.send(new PubRel(7));
            client.expectNothingButPong();
            client.send(plain(QoS.EXACTLY_ONCE, 7));
            client.expectNothingButPong();
            assertThat(broker.broker.counters().messagesReceived.sum()).isEqualTo(1);
            store.commitAll();
            assertThat(client.receive(PubRec.class).packetId()).isEqualTo(7);
            client.expectNothingButPong();
            store.commitAll();
            PubComp end = client.receive(PubComp.class);
            assertThat(end.packetId()).isEqualTo(7);
            assertThat(end.reason()).isEqualTo(ReasonCode.SUCCESS);
            client.send(plain(QoS.EXACTLY_ONCE, 7));
            client.expectNothingButPong();
            assertThat(broker.broker.counters().messagesReceived.sum()).isEqualTo(2);
        }
    }

    /// A packet id whose PUBREC waited for an earlier one when the connection ended is not left without one.
    @ParameterizedTest
    @EnumSource
    void pubRecThatWaitedAtTheEndOfItsConnectionComesOnTheNext(MqttVersion version) throws Exception {
        FakeLateStore store = new FakeLateStore();
        TestBroker.Options options = new TestBroker.Options();
        options.store = store;
        try (TestBroker broker = options.start()) {
            Verdict prevent = new Verdict.Prevent(ReasonCode.SUCCESS);
            broker.server
                    .hooks()
                    .replace(Hooks.builder()
                            .inbound(
                                    PacketType.PUBLISH,
                                    (info, packet) -> CompletableFuture.completedFuture(
                                            ((Publish) packet).packetId() == 2 ? prevent : new Verdict.Pass(packet)))
                            .build());
            try (TestClient client = new TestClient(broker.address(), version)) {
                client.connect("c", false, expiry(version));
                client.send(plain(QoS.EXACTLY_ONCE, 1), plain(QoS.EXACTLY_ONCE, 2));
                client.expectNothingButPong();
            }
            await().until(() -> broker.server.connectionCount() == 0);
            store.commitAll();
            try (TestClient client = new TestClient(broker.address(), version)) {
                client.connect("c", false, expiry(version));
                client.send(plain(QoS.EXACTLY_ONCE, 1), plain(QoS.EXACTLY_ONCE, 2));
                assertThat(client.receive(PubRec.class).packetId()).isEqualTo(1);
                assertThat(client.receive(PubRec.class).packetId()).isEqualTo(2);
            }
        }
    }
}
