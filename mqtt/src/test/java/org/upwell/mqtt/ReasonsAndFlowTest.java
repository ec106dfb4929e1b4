// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.upwell.broker.message.Message;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
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
import org.upwell.codec.UnsubAck;
import org.upwell.codec.Unsubscribe;
import org.upwell.mqtt.hook.Hooks;
import org.upwell.mqtt.hook.Verdict;

/// Reasons that clients are told, sessions that they come back to, and how much is under way at once, over real
/// sockets.
@Timeout(60)
class ReasonsAndFlowTest {

    private static final MqttVersion VERSION = MqttVersion.MQTT_5;

    private static Properties integer(Property property, long value) {
        return Properties.builder().integer(property, value).build();
    }

    private static Publish plain(QoS qos, int packetId, String topic) {
        return new Publish(topic, new byte[] {'x'}, qos, false, false, packetId, Properties.NONE);
    }

    /// An answer that the handshake does not have next ([MQTT-4.3.2-1], [MQTT-4.3.3-1]) ends the connection; the
    /// message comes again on the next one ([MQTT-4.4.0-1]).
    @ParameterizedTest
    @CsvSource({"1, PUBREC", "1, PUBCOMP", "2, PUBACK", "2, PUBCOMP"})
    void answerOfTheWrongKindEndsTheConnection(int qos, PacketType answer) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, VERSION, "publisher")) {
            try (TestClient client = new TestClient(broker.address(), VERSION)) {
                client.connect("wrong", false, integer(Property.SESSION_EXPIRY_INTERVAL, 60));
                client.subscribe("acme/t", QoS.of(qos));
                publisher.publish("acme/t", "m", QoS.of(qos), false);
                int packetId = client.receive(Publish.class).packetId();
                client.send(
                        switch (answer) {
                            case PUBACK -> new PubAck(packetId);
                            case PUBREC -> new PubRec(packetId);
                            default -> new PubComp(packetId);
                        });
                assertThat(client.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.PROTOCOL_ERROR);
            }
            try (TestClient client = new TestClient(broker.address(), VERSION)) {
                client.connect("wrong", false, integer(Property.SESSION_EXPIRY_INTERVAL, 60));
                assertThat(client.receive(Publish.class).dup()).isTrue();
            }
        }
    }

    @Test
    void theLongestConnectIsTaken() throws IOException {
        String longest = "i".repeat(65_535);
        try (TestBroker broker = TestBroker.start();
                TestClient client = new TestClient(broker.address(), MqttVersion.MQTT_3_1_1)) {
            client.connect(longest, true, Properties.NONE);
        }
    }

    /// 0x10 says that nobody subscribed, and only of a message that was accepted (sections 3.4.2.1 and 3.5.2.1).
    @Test
    void publisherLearnsThatNobodySubscribed() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, VERSION, "c")) {
            client.send(plain(QoS.AT_LEAST_ONCE, 1, "acme/a"));
            assertThat(client.receive(PubAck.class).reason()).isEqualTo(ReasonCode.NO_MATCHING_SUBSCRIBERS);
            client.send(plain(QoS.EXACTLY_ONCE, 2, "acme/a"));
            assertThat(client.receive(PubRec.class).reason()).isEqualTo(ReasonCode.NO_MATCHING_SUBSCRIBERS);
            client.send(new PubRel(2));
            assertThat(client.receive(PubComp.class).reason()).isEqualTo(ReasonCode.SUCCESS);
            client.send(plain(QoS.AT_LEAST_ONCE, 3, "other/a"));
            assertThat(client.receive(PubAck.class).reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
            client.subscribe("acme/a", QoS.AT_MOST_ONCE);
            client.send(plain(QoS.AT_LEAST_ONCE, 4, "acme/a"));
            client.receive(Publish.class);
            assertThat(client.receive(PubAck.class).reason()).isEqualTo(ReasonCode.SUCCESS);
        }
    }

    /// [MQTT-3.11.3-1], [MQTT-3.11.3-2]
    @Test
    void unsubAckSaysWhatThereWas() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, VERSION, "c")) {
            client.subscribe("acme/a", QoS.AT_MOST_ONCE);
            client.send(new Unsubscribe(9, List.of("acme/b", "acme/a", "acme/#/b"), Properties.NONE));
            assertThat(client.receive(UnsubAck.class).reasons())
                    .containsExactly(
                            ReasonCode.NO_SUBSCRIPTION_EXISTED, ReasonCode.SUCCESS, ReasonCode.TOPIC_FILTER_INVALID);
        }
    }

    /// [MQTT-3.6.2-1], [MQTT-3.7.2-1]: packet ids that nobody knows are told so, and nothing ends.
    @Test
    void unknownPacketIdsAreToldSo() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, VERSION, "c")) {
            client.send(new PubRel(5));
            assertThat(client.receive(PubComp.class).reason()).isEqualTo(ReasonCode.PACKET_IDENTIFIER_NOT_FOUND);
            client.send(new PubRec(6));
            assertThat(client.receive(PubRel.class).reason()).isEqualTo(ReasonCode.PACKET_IDENTIFIER_NOT_FOUND);
            client.send(new PubAck(7), new PubComp(8));
            client.expectNothingButPong();
        }
    }

    private interface Fault {
        void commit(TestClient client) throws IOException;
    }

    private static Fault faultFor(ReasonCode reason) {
        return switch (reason) {
            case MALFORMED_PACKET -> client -> client.sendBytes(Unpooled.wrappedBuffer(new byte[] {(byte) 0xC1, 0}));
            case PROTOCOL_ERROR -> client -> client.send(TestClient.connectPacket(VERSION, "c", true, Properties.NONE));
            case TOPIC_NAME_INVALID ->
                client -> client.send(
                        plain(QoS.AT_MOST_ONCE, 0, "acme" + "/x".repeat(MqttLimits.DEFAULT.maxTopicLevels())));
            case TOPIC_ALIAS_INVALID ->
                client -> client.send(new Publish(
                        "acme/a",
                        new byte[1],
                        QoS.AT_MOST_ONCE,
                        false,
                        false,
                        0,
                        integer(Property.TOPIC_ALIAS, MqttLimits.DEFAULT.topicAliasMaximum() + 1)));
            case PACKET_TOO_LARGE ->
                client -> client.sendBytes(
                        Unpooled.wrappedBuffer(new byte[] {0x30, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x7F}));
            default -> throw new IllegalArgumentException(reason.name());
        };
    }

    /// [MQTT-4.13.1-1], [MQTT-4.13.2-1]; the reason string comes only to who wants it ([MQTT-3.1.2-29] leaves it to
    /// us in DISCONNECT).
    @ParameterizedTest
    @EnumSource(
            names = {
                "MALFORMED_PACKET",
                "PROTOCOL_ERROR",
                "TOPIC_NAME_INVALID",
                "TOPIC_ALIAS_INVALID",
                "PACKET_TOO_LARGE"
            })
    void faultIsNamedInDisconnect(ReasonCode reason) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient curious = TestClient.connected(broker, VERSION, "curious");
                TestClient brief = new TestClient(broker.address(), VERSION)) {
            brief.connect("brief", true, integer(Property.REQUEST_PROBLEM_INFORMATION, 0));
            for (TestClient client : List.of(curious, brief)) {
                faultFor(reason).commit(client);
                Disconnect last = client.receive(Disconnect.class);
                assertThat(last.reason()).isEqualTo(reason);
                assertThat(last.properties().has(Property.REASON_STRING)).isEqualTo(client == curious);
                client.expectClosed();
            }
        }
    }

    /// [MQTT-3.14.2-3], [MQTT-3.2.2-19]: words are left out where they would make the packet too large.
    @Test
    void reasonStringGivesWayToTheMaximumPacketSize() throws IOException {
        Properties small = integer(Property.MAXIMUM_PACKET_SIZE, 40);
        try (TestBroker broker = TestBroker.start();
                TestClient client = new TestClient(broker.address(), VERSION);
                TestClient refused = new TestClient(broker.address(), VERSION)) {
            client.connect("c", true, small);
            faultFor(ReasonCode.TOPIC_ALIAS_INVALID).commit(client);
            Disconnect last = client.receive(Disconnect.class);
            assertThat(last.reason()).isEqualTo(ReasonCode.TOPIC_ALIAS_INVALID);
            assertThat(last.properties().isEmpty()).isTrue();
            Connect.Will will = new Connect.Will("other/a", new byte[0], QoS.AT_MOST_ONCE, false, Properties.NONE);
            ConnAck refusal = refused.connect(TestClient.withWill(
                    TestClient.connectPacket(VERSION, "r", true, integer(Property.MAXIMUM_PACKET_SIZE, 20)), will));
            assertThat(refusal.reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
            assertThat(refusal.properties().isEmpty()).isTrue();
        }
    }

    /// [MQTT-3.4.2-2], [MQTT-3.4.2-3]: what a hook adds to an answer gives way too.
    @Test
    void wordsOfHooksGiveWayToTheMaximumPacketSize() throws IOException {
        Properties words = Properties.builder()
                .string(Property.REASON_STRING, "r".repeat(30))
                .user("name", "v".repeat(20))
                .build();
        try (TestBroker broker = TestBroker.start();
                TestClient wide = new TestClient(broker.address(), VERSION);
                TestClient narrow = new TestClient(broker.address(), VERSION)) {
            broker.server
                    .hooks()
                    .replace(Hooks.builder()
                            .outbound(
                                    PacketType.PUBACK,
                                    (info, packet) -> CompletableFuture.completedFuture(
                                            new Verdict.Pass(new PubAck(1, ReasonCode.SUCCESS, words))))
                            .build());
            wide.connect("wide", true, integer(Property.MAXIMUM_PACKET_SIZE, 50));
            narrow.connect("narrow", true, integer(Property.MAXIMUM_PACKET_SIZE, 30));
            wide.send(plain(QoS.AT_LEAST_ONCE, 1, "acme/a"));
            Properties left = wide.receive(PubAck.class).properties();
            assertThat(left.has(Property.REASON_STRING)).isFalse();
            assertThat(left.userProperties()).hasSize(1);
            narrow.send(plain(QoS.AT_LEAST_ONCE, 1, "acme/a"));
            assertThat(narrow.receive(PubAck.class).properties().isEmpty()).isTrue();
        }
    }

    /// [MQTT-3.1.2-29]: a client that wants no problem information gets no words of hooks either, but in PUBLISH,
    /// CONNACK and DISCONNECT.
    @Test
    void clientThatWantsNoWordsGetsNone() throws IOException {
        Properties words = Properties.builder()
                .string(Property.REASON_STRING, "why")
                .user("name", "value")
                .build();
        try (TestBroker broker = TestBroker.start();
                TestClient client = new TestClient(broker.address(), VERSION)) {
            broker.server
                    .hooks()
                    .replace(Hooks.builder()
                            .outbound(
                                    PacketType.PUBACK,
                                    (info, packet) -> CompletableFuture.completedFuture(
                                            new Verdict.Pass(new PubAck(1, ReasonCode.SUCCESS, words))))
                            .build());
            client.connect("c", true, integer(Property.REQUEST_PROBLEM_INFORMATION, 0));
            client.send(plain(QoS.AT_LEAST_ONCE, 1, "acme/a"));
            assertThat(client.receive(PubAck.class).properties().isEmpty()).isTrue();
        }
    }

    /// [MQTT-3.1.2-24]: a client that takes nothing as large as CONNACK is not left to wait for it.
    @Test
    void clientThatCannotTakeItsAnswerIsClosed() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = new TestClient(broker.address(), VERSION)) {
            client.send(TestClient.connectPacket(VERSION, "c", true, integer(Property.MAXIMUM_PACKET_SIZE, 4)));
            client.expectClosed();
        }
    }

    /// [MQTT-3.2.2-2], [MQTT-3.2.2-3], [MQTT3-3.2.2-1] to [MQTT3-3.2.2-3]
    @ParameterizedTest
    @CsvSource({"MQTT_5, 100", "MQTT_5, 0", "MQTT_3_1_1, 100"})
    void sessionPresentIsToldOfASessionThatGoesOn(MqttVersion version, int expirySeconds) throws IOException {
        Properties expiry =
                version.isMqtt5() ? integer(Property.SESSION_EXPIRY_INTERVAL, expirySeconds) : Properties.NONE;
        try (TestBroker broker = TestBroker.start()) {
            boolean[] cleanStart = {false, false, true, false};
            boolean[] present = {false, expirySeconds > 0, false, false};
            for (int round = 0; round < cleanStart.length; round++) {
                try (TestClient client = new TestClient(broker.address(), version)) {
                    ConnAck answer = client.connect("c", cleanStart[round], expiry);
                    // In 3.1.1 a clean session ends with its connection; in 5 its expiry decides.
                    boolean expected = round == 3 ? version.isMqtt5() && expirySeconds > 0 : present[round];
                    assertThat(answer.sessionPresent()).as("round %d", round).isEqualTo(expected);
                }
                await().until(() -> broker.server.connectionCount() == 0);
            }
        }
    }

    /// Section 3.2.2.3.2: said only where it differs from what the client asked for.
    @Test
    void connAckSaysTheSessionExpiryThatIsShorterThanAsked() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient longer = new TestClient(broker.address(), VERSION);
                TestClient shorter = new TestClient(broker.address(), VERSION)) {
            assertThat(longer.connect("a", true, integer(Property.SESSION_EXPIRY_INTERVAL, 0xFFFF_FFFFL))
                            .properties()
                            .integer(Property.SESSION_EXPIRY_INTERVAL))
                    .hasValue(MqttLimits.DEFAULT.maxSessionExpirySeconds());
            assertThat(shorter.connect("b", true, integer(Property.SESSION_EXPIRY_INTERVAL, 60))
                            .properties()
                            .has(Property.SESSION_EXPIRY_INTERVAL))
                    .isFalse();
        }
    }

    /// Section 3.14.2.2.2: from 0 it cannot be raised, else DISCONNECT decides.
    @ParameterizedTest
    @CsvSource({"0, 60, PROTOCOL_ERROR", "60, 0, ENDS", "60, 120, STAYS", "60, -1, STAYS", "0, 0, ENDS"})
    void disconnectMayChangeTheSessionExpiry(int before, int after, String outcome) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = new TestClient(broker.address(), VERSION)) {
            client.connect("c", true, integer(Property.SESSION_EXPIRY_INTERVAL, before));
            client.send(new Disconnect(
                    ReasonCode.SUCCESS,
                    after < 0 ? Properties.NONE : integer(Property.SESSION_EXPIRY_INTERVAL, after)));
            if (outcome.equals("PROTOCOL_ERROR")) {
                assertThat(client.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.PROTOCOL_ERROR);
            }
            client.expectClosed();
            await().untilAsserted(() -> assertThat(
                            broker.broker.sessions().find("acme", "c").isPresent())
                    .isEqualTo(outcome.equals("STAYS")));
        }
    }

    /// [MQTT-4.4.0-1], [MQTT-4.9.0-1] to [MQTT-4.9.0-3]: a client that comes back with less room gets what was in
    /// flight in portions, and nothing new before the last of it.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7})
    void resendingKeepsWithinASmallerReceiveMaximum(int receiveMaximum) throws IOException {
        Properties wide = integer(Property.SESSION_EXPIRY_INTERVAL, 100);
        Properties narrow = Properties.builder()
                .all(wide)
                .integer(Property.RECEIVE_MAXIMUM, receiveMaximum)
                .build();
        try (TestBroker broker = TestBroker.start();
                TestClient second = new TestClient(broker.address(), VERSION)) {
            Set<Integer> released = new HashSet<>();
            try (TestClient first = new TestClient(broker.address(), VERSION)) {
                first.connect("c", true, wide);
                first.subscribe("acme/a", QoS.EXACTLY_ONCE);
                for (int i = 0; i < 10; i++) {
                    broker.broker.publish(Message.of("acme/a", ("m" + i).getBytes(StandardCharsets.UTF_8), 1 + i % 2));
                }
                // Two of QoS 2 get as far as PUBREL, which is to be sent again too ([MQTT-4.4.0-1]).
                for (int i = 0; i < 10; i++) {
                    Publish publish = first.receive(Publish.class);
                    if (publish.qos() == QoS.EXACTLY_ONCE && released.size() < 2) {
                        released.add(publish.packetId());
                    }
                }
                for (int packetId : released) {
                    first.send(new PubRec(packetId));
                    assertThat(first.receive(PubRel.class).packetId()).isEqualTo(packetId);
                }
            }
            await().until(() -> broker.server.connectionCount() == 1);
            broker.broker.publish(Message.of("acme/a", "new".getBytes(StandardCharsets.UTF_8), 1));
            second.connect("c", false, narrow);
            Deque<Publish> open = new ArrayDeque<>();
            Set<String> payloads = new HashSet<>();
            Set<Integer> answered = new HashSet<>();
            while (payloads.size() < 9 || !released.isEmpty() || !open.isEmpty()) {
                switch (second.receive()) {
                    case Publish publish -> {
                        open.add(publish);
                        assertThat(open).hasSizeLessThanOrEqualTo(receiveMaximum);
                        String payload = new String(publish.payload(), StandardCharsets.UTF_8);
                        assertThat(publish.dup()).isEqualTo(!payload.equals("new"));
                        assertThat(payloads.add(payload)).isTrue();
                        assertThat(payload.equals("new")).isEqualTo(payloads.size() == 9);
                    }
                    case PubRel release -> {
                        second.send(new PubComp(release.packetId()));
                        released.remove(release.packetId());
                        open.removeIf(each -> each.packetId() == release.packetId());
                    }
                    case null, default -> throw new AssertionError("unexpected packet");
                }
                boolean more = true;
                while (more) {
                    int all = Math.min(receiveMaximum, 9 - payloads.size() + open.size());
                    more = answerOldest(second, open, all, answered);
                }
            }
            second.expectNothingButPong();
        }
    }

    /// Answers once `all` that may be open is open. True if one less is open now.
    private static boolean answerOldest(TestClient client, Deque<Publish> open, int all, Set<Integer> answered)
            throws IOException {
        Publish oldest = open.peekFirst();
        if (oldest == null || open.size() < all || !answered.add(oldest.packetId())) {
            return false;
        }
        if (oldest.qos() == QoS.AT_LEAST_ONCE) {
            client.send(new PubAck(oldest.packetId()));
            open.removeFirst();
            return true;
        }
        client.send(new PubRec(oldest.packetId()));
        return false;
    }

    /// [MQTT-3.1.3-9]: a will with a delay waits for its client, and no longer than the session.
    @ParameterizedTest
    @CsvSource({"1, 100, true", "100, 1, true", "100, 100, false"})
    void delayedWillComesWhenDelayOrSessionIsOver(int delaySeconds, int expirySeconds, boolean comes)
            throws IOException {
        Connect.Will will = new Connect.Will(
                "acme/will",
                new byte[] {'w'},
                QoS.AT_LEAST_ONCE,
                false,
                integer(Property.WILL_DELAY_INTERVAL, delaySeconds));
        Properties expiry = integer(Property.SESSION_EXPIRY_INTERVAL, expirySeconds);
        try (TestBroker broker = TestBroker.start();
                TestClient watcher = TestClient.connected(broker, VERSION, "watcher");
                TestClient back = new TestClient(broker.address(), VERSION)) {
            watcher.subscribe("acme/will", QoS.AT_MOST_ONCE);
            try (TestClient dying = new TestClient(broker.address(), VERSION)) {
                dying.connect(TestClient.withWill(TestClient.connectPacket(VERSION, "c", true, expiry), will));
            }
            await().until(() -> broker.server.connectionCount() == 2);
            watcher.expectNothingButPong();
            if (comes) {
                assertThat(watcher.receivePayload()).isEqualTo("w");
            } else {
                assertThat(back.connect("c", false, expiry).sessionPresent()).isTrue();
                watcher.expectNothingButPong();
            }
        }
    }
}
