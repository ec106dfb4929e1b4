// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.upwell.broker.session.OverflowRule;
import org.upwell.broker.session.SessionLimits;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.PubRec;
import org.upwell.codec.PubRel;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.Subscribe;
import org.upwell.codec.UnsubAck;
import org.upwell.codec.Unsubscribe;

/// Shared subscriptions over real sockets (MQTT 5 §4.8.2; here for 3.1.1 too).
@Timeout(60)
class SharedSubscriptionTest {

    private static final String FILTER = "$share/g/acme/a";

    private static Properties properties(MqttVersion version, int receiveMaximum, int expirySeconds) {
        return version.isMqtt5()
                ? Properties.builder()
                        .integer(Property.RECEIVE_MAXIMUM, receiveMaximum)
                        .integer(Property.SESSION_EXPIRY_INTERVAL, expirySeconds)
                        .build()
                : Properties.NONE;
    }

    private static TestClient member(TestBroker broker, MqttVersion version, String id, boolean persistent, QoS qos)
            throws IOException {
        TestClient member = new TestClient(broker.address(), version);
        member.connect(id, !persistent, properties(version, 100, persistent ? 100 : 0));
        member.subscribe(FILTER, qos);
        return member;
    }

    private static void publish(TestClient publisher, QoS qos, String payload) throws IOException {
        int packetId = publisher.publish("acme/a", payload, qos, false);
        if (qos == QoS.AT_LEAST_ONCE) {
            publisher.receive(PubAck.class);
        } else if (qos == QoS.EXACTLY_ONCE) {
            publisher.receive(PubRec.class);
            publisher.send(new PubRel(packetId));
            publisher.receive(org.upwell.codec.PubComp.class);
        }
    }

    /// Each message once, to the members in turn ([MQTT-4.8.2-3] asks for the QoS of each member's own
    /// subscription).
    @ParameterizedTest
    @EnumSource
    void membersTakeTurns(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, version, "publisher");
                TestClient one = member(broker, version, "one", false, QoS.AT_LEAST_ONCE);
                TestClient two = member(broker, version, "two", false, QoS.AT_MOST_ONCE)) {
            for (int i = 0; i < 10; i++) {
                publish(publisher, QoS.AT_LEAST_ONCE, "m" + i);
            }
            assertThat(one.receivePayloads(5)).containsExactly("m0", "m2", "m4", "m6", "m8");
            for (int i = 1; i < 10; i += 2) {
                Publish publish = two.receive(Publish.class);
                assertThat(publish.payload()).asString().isEqualTo("m" + i);
                assertThat(publish.qos()).isEqualTo(QoS.AT_MOST_ONCE);
            }
            one.expectNothingButPong();
            two.expectNothingButPong();
        }
    }

    @Test
    void memberWithoutQuotaIsSkippedUntilItHasRoom() throws IOException {
        MqttVersion version = MqttVersion.MQTT_5;
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, version, "publisher");
                TestClient slow = new TestClient(broker.address(), version);
                TestClient fast = new TestClient(broker.address(), version)) {
            slow.connect("slow", true, properties(version, 1, 0));
            slow.subscribe(FILTER, QoS.AT_LEAST_ONCE);
            fast.connect("fast", true, properties(version, 4, 0));
            fast.subscribe(FILTER, QoS.AT_LEAST_ONCE);
            for (int i = 0; i < 7; i++) {
                publish(publisher, QoS.AT_LEAST_ONCE, "m" + i);
            }
            Publish held = slow.receive(Publish.class);
            assertThat(held.payload()).asString().isEqualTo("m0");
            assertThat(fast.receivePayloads(4)).containsExactly("m1", "m2", "m3", "m4");
            slow.expectNothingButPong();
            fast.expectNothingButPong();
            // Nobody had room for m5; whoever gets some takes it.
            slow.send(new PubAck(held.packetId()));
            assertThat(slow.receivePayload()).isEqualTo("m5");
            fast.send(new PubAck(1));
            assertThat(fast.receivePayload()).isEqualTo("m6");
        }
    }

    /// What was sent at QoS 1 and not acknowledged goes to another member when the session ends, and not before.
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "MQTT_3_1")
    void unacknowledgedQos1GoesToAnotherWhenTheSessionEnds(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, version, "publisher")) {
            try (TestClient one = member(broker, version, "one", true, QoS.AT_LEAST_ONCE)) {
                publish(publisher, QoS.AT_LEAST_ONCE, "m");
                assertThat(one.receivePayload()).isEqualTo("m");
            }
            await().until(() -> broker.server.connectionCount() == 1);
            try (TestClient two = member(broker, version, "two", false, QoS.AT_LEAST_ONCE);
                    TestClient again = new TestClient(broker.address(), version)) {
                two.expectNothingButPong();
                // A clean start ends the session of before.
                again.connect("one", true, properties(version, 100, 0));
                assertThat(two.receivePayload()).isEqualTo("m");
            }
        }
    }

    @Test
    void byOptionUnacknowledgedQos1GoesToAnotherOnceTheConnectionIsLost() throws IOException {
        MqttVersion version = MqttVersion.MQTT_5;
        TestBroker.Options options = new TestBroker.Options();
        options.sessionLimits = new SessionLimits(1_000, 1 << 20, OverflowRule.DROP_NEWEST, 1 << 20, true);
        try (TestBroker broker = options.start();
                TestClient publisher = TestClient.connected(broker, version, "publisher");
                TestClient two = TestClient.connected(broker, version, "two")) {
            try (TestClient one = member(broker, version, "one", true, QoS.AT_LEAST_ONCE)) {
                publish(publisher, QoS.AT_LEAST_ONCE, "m");
                assertThat(one.receivePayload()).isEqualTo("m");
                two.subscribe(FILTER, QoS.AT_LEAST_ONCE);
                two.expectNothingButPong();
            }
            Publish redelivered = two.receive(Publish.class);
            assertThat(redelivered.payload()).asString().isEqualTo("m");
            // [MQTT-3.3.1-3]: for this client it is the first time.
            assertThat(redelivered.dup()).isFalse();
        }
    }

    /// [MQTT-4.8.2-4], [MQTT-4.8.2-5]
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void qos2StaysWithWhomItWasSentTo(boolean sessionEnds) throws IOException {
        MqttVersion version = MqttVersion.MQTT_5;
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, version, "publisher")) {
            int packetId;
            try (TestClient one = member(broker, version, "one", true, QoS.EXACTLY_ONCE)) {
                publish(publisher, QoS.EXACTLY_ONCE, "m");
                packetId = one.receive(Publish.class).packetId();
            }
            await().until(() -> broker.server.connectionCount() == 1);
            try (TestClient two = member(broker, version, "two", false, QoS.EXACTLY_ONCE);
                    TestClient again = new TestClient(broker.address(), version)) {
                again.connect("one", sessionEnds, properties(version, 100, 100));
                if (!sessionEnds) {
                    Publish repeat = again.receive(Publish.class);
                    assertThat(repeat.packetId()).isEqualTo(packetId);
                    assertThat(repeat.dup()).isTrue();
                }
                two.expectNothingButPong();
                again.expectNothingButPong();
            }
        }
    }

    /// MQTT 5 §4.8.2: no retained messages when a shared subscription is made.
    @ParameterizedTest
    @EnumSource
    void retainedMessagesAreNotSent(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, version, "publisher")) {
            publisher.publish("acme/a", "kept", QoS.AT_MOST_ONCE, true);
            publisher.expectNothingButPong();
            try (TestClient one = member(broker, version, "one", false, QoS.AT_LEAST_ONCE)) {
                one.expectNothingButPong();
                one.subscribe("acme/a", QoS.AT_LEAST_ONCE);
                assertThat(one.receivePayload()).isEqualTo("kept");
            }
        }
    }

    /// [MQTT-3.8.3-4]
    @Test
    void noLocalOnASharedSubscriptionIsAProtocolError() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, MqttVersion.MQTT_5, "c")) {
            client.send(new Subscribe(
                    1,
                    List.of(new Subscribe.Request(
                            FILTER, QoS.AT_LEAST_ONCE, true, false, Subscribe.RetainHandling.SEND)),
                    Properties.NONE));
            assertThat(client.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.PROTOCOL_ERROR);
            client.expectClosed();
        }
    }

    /// [MQTT-4.8.2-1], [MQTT-4.8.2-2]
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "MQTT_3_1")
    void wrongShareNamesAreRefusedAlone(MqttVersion version) throws IOException {
        List<String> wrong = List.of(
                "$share//acme/a", "$share/g", "$share/g/", "$share/g+/acme/a", "$share/#/acme/a", "$share/g/acme/#/a");
        ReasonCode refused = version.isMqtt5() ? ReasonCode.TOPIC_FILTER_INVALID : ReasonCode.UNSPECIFIED_ERROR;
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, version, "c")) {
            List<ReasonCode> reasons = client.subscribe(
                            wrong.stream()
                                    .map(filter -> new Subscribe.Request(filter, QoS.AT_LEAST_ONCE))
                                    .toList(),
                            Properties.NONE)
                    .reasons();
            assertThat(reasons).hasSize(wrong.size()).containsOnly(refused);
            assertThat(client.subscribe(FILTER, QoS.AT_LEAST_ONCE).reasons()).containsExactly(ReasonCode.GRANTED_QOS_1);
        }
    }

    /// [MQTT-3.10.4-1]: UNSUBSCRIBE names the filter with its share name.
    @Test
    void unsubscribingNeedsTheWholeFilter() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, MqttVersion.MQTT_5, "c")) {
            client.subscribe(FILTER, QoS.AT_LEAST_ONCE);
            client.send(new Unsubscribe(2, List.of("acme/a", "$share/h/acme/a", FILTER, FILTER), Properties.NONE));
            assertThat(client.receive(UnsubAck.class).reasons())
                    .containsExactly(
                            ReasonCode.NO_SUBSCRIPTION_EXISTED,
                            ReasonCode.NO_SUBSCRIPTION_EXISTED,
                            ReasonCode.SUCCESS,
                            ReasonCode.NO_SUBSCRIPTION_EXISTED);
        }
    }
}
