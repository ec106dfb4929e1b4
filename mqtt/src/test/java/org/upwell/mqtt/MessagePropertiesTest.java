// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.upwell.broker.event.DropCause;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.PubRec;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.Subscribe;
import org.upwell.codec.UserProperty;

/// What MQTT 5 says of a message besides its payload, over real sockets.
@Timeout(60)
class MessagePropertiesTest {

    private static final MqttVersion VERSION = MqttVersion.MQTT_5;

    private final AtomicLong nowMillis = new AtomicLong(1_700_000_000_000L);

    private TestBroker started() throws IOException {
        TestBroker.Options options = new TestBroker.Options();
        options.clock = () -> Instant.ofEpochMilli(nowMillis.get());
        return options.start();
    }

    private static Properties integer(Property property, long value) {
        return Properties.builder().integer(property, value).build();
    }

    private static Publish message(QoS qos, boolean retain, String payload, Properties properties) {
        return new Publish(
                "acme/a",
                payload.getBytes(StandardCharsets.UTF_8),
                qos,
                false,
                retain,
                qos == QoS.AT_MOST_ONCE ? 0 : 1,
                properties);
    }

    private static Subscribe.Request request(boolean asPublished, Subscribe.RetainHandling handling) {
        return new Subscribe.Request("acme/a", QoS.AT_LEAST_ONCE, false, asPublished, handling);
    }

    /// [MQTT-3.3.2-5], [MQTT-3.3.2-6]: what waited is sent with what is left of its time, or not at all.
    @Test
    void expiryCountsWhileAMessageIsQueued() throws IOException {
        try (TestBroker broker = started();
                TestClient publisher = TestClient.connected(broker, VERSION, "publisher");
                TestClient again = new TestClient(broker.address(), VERSION)) {
            Properties persistent = integer(Property.SESSION_EXPIRY_INTERVAL, 1000);
            try (TestClient subscriber = new TestClient(broker.address(), VERSION)) {
                subscriber.connect("c", true, persistent);
                subscriber.subscribe("acme/a", QoS.AT_LEAST_ONCE);
            }
            await().until(() -> broker.server.connectionCount() == 2);
            for (int seconds : new int[] {10, 60}) {
                publisher.send(message(
                        QoS.AT_LEAST_ONCE,
                        false,
                        "lives " + seconds,
                        integer(Property.MESSAGE_EXPIRY_INTERVAL, seconds)));
                publisher.receive(PubAck.class);
            }
            nowMillis.addAndGet(20_000);
            assertThat(again.connect("c", false, persistent).sessionPresent()).isTrue();
            Publish left = again.receive(Publish.class);
            assertThat(left.payload()).asString().isEqualTo("lives 60");
            assertThat(left.properties().integer(Property.MESSAGE_EXPIRY_INTERVAL))
                    .hasValue(40);
            again.expectNothingButPong();
            assertThat(broker.broker.counters().droppedBy(DropCause.EXPIRED)).isEqualTo(1);
        }
    }

    /// The same for retained messages.
    @Test
    void expiryCountsWhileAMessageIsRetained() throws IOException {
        try (TestBroker broker = started();
                TestClient client = TestClient.connected(broker, VERSION, "c")) {
            client.send(message(QoS.AT_LEAST_ONCE, true, "kept", integer(Property.MESSAGE_EXPIRY_INTERVAL, 30)));
            client.receive(PubAck.class);
            nowMillis.addAndGet(12_000);
            client.subscribe("acme/a", QoS.AT_MOST_ONCE);
            Publish kept = client.receive(Publish.class);
            assertThat(kept.retain()).isTrue();
            assertThat(kept.properties().integer(Property.MESSAGE_EXPIRY_INTERVAL))
                    .hasValue(18);
            nowMillis.addAndGet(18_000);
            client.subscribe("acme/a", QoS.AT_MOST_ONCE);
            client.expectNothingButPong();
        }
    }

    /// A persistent session's queue takes retained messages at once; those that expired are none.
    @Test
    void retainedMessageThatExpiredIsNotSentToAPersistentSession() throws IOException {
        try (TestBroker broker = started();
                TestClient publisher = TestClient.connected(broker, VERSION, "p");
                TestClient client = new TestClient(broker.address(), VERSION)) {
            publisher.send(message(QoS.AT_LEAST_ONCE, true, "kept", integer(Property.MESSAGE_EXPIRY_INTERVAL, 30)));
            publisher.receive(PubAck.class);
            client.connect("c", true, integer(Property.SESSION_EXPIRY_INTERVAL, 1000));
            nowMillis.addAndGet(30_000);
            client.subscribe("acme/a", QoS.AT_LEAST_ONCE);
            client.expectNothingButPong();
            assertThat(broker.broker.counters().dropped()).isZero();
        }
    }

    /// [MQTT-3.3.2-4], [MQTT-3.3.2-15] to [MQTT-3.3.2-18], [MQTT-3.3.2-20]: all of it unaltered and in order, also
    /// when it was queued; nothing of it for 3.x.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void propertiesOfAMessageArriveAsTheyWereSent(boolean queued) throws IOException {
        Properties all = Properties.builder()
                .integer(Property.PAYLOAD_FORMAT_INDICATOR, 1)
                .string(Property.CONTENT_TYPE, "text/plain")
                .string(Property.RESPONSE_TOPIC, "acme/answers")
                .binary(Property.CORRELATION_DATA, new byte[] {1, 0, 2})
                .user("b", "1")
                .user("a", "2")
                .user("b", "3")
                .build();
        Properties persistent = integer(Property.SESSION_EXPIRY_INTERVAL, 1000);
        try (TestBroker broker = started();
                TestClient publisher = TestClient.connected(broker, VERSION, "publisher");
                TestClient old = TestClient.connected(broker, MqttVersion.MQTT_3_1_1, "old");
                TestClient first = new TestClient(broker.address(), VERSION);
                TestClient second = new TestClient(broker.address(), VERSION)) {
            old.subscribe("acme/a", QoS.AT_MOST_ONCE);
            first.connect("c", true, persistent);
            first.subscribe("acme/a", QoS.AT_LEAST_ONCE);
            if (queued) {
                first.send(new Disconnect(ReasonCode.SUCCESS, Properties.NONE));
                first.expectClosed();
            }
            publisher.send(message(QoS.AT_LEAST_ONCE, false, "x", all));
            publisher.receive(PubAck.class);
            if (queued) {
                second.connect("c", false, persistent);
            }
            Properties received =
                    (queued ? second : first).receive(Publish.class).properties();
            assertThat(received).isEqualTo(all);
            assertThat(received.userProperties())
                    .containsExactly(
                            new UserProperty("b", "1"), new UserProperty("a", "2"), new UserProperty("b", "3"));
            assertThat(old.receive(Publish.class).properties().isEmpty()).isTrue();
        }
    }

    /// [MQTT-3.3.4-3], [MQTT-3.3.4-4]: one copy with the identifiers of all that match, and no others.
    @Test
    void allMatchingSubscriptionIdentifiersComeInOnePublish() throws IOException {
        try (TestBroker broker = started();
                TestClient client = TestClient.connected(broker, VERSION, "c")) {
            List<String> filters = List.of("acme/a", "acme/+", "acme/#", "acme/b");
            for (int i = 0; i < filters.size(); i++) {
                client.subscribe(
                        List.of(new Subscribe.Request(filters.get(i), QoS.AT_MOST_ONCE)),
                        integer(Property.SUBSCRIPTION_IDENTIFIER, 10L + i));
            }
            client.subscribe("+/a", QoS.AT_MOST_ONCE);
            client.publish("acme/a", "x", QoS.AT_MOST_ONCE);
            Properties received = client.receive(Publish.class).properties();
            List<Object> ids = new ArrayList<>();
            for (int i = 0; i < received.size(); i++) {
                assertThat(received.key(i)).isEqualTo(Property.SUBSCRIPTION_IDENTIFIER);
                ids.add(received.value(i));
            }
            assertThat(ids).containsExactlyInAnyOrder(10L, 11L, 12L);
            client.expectNothingButPong();
        }
    }

    /// [MQTT-3.3.1-12], [MQTT-3.3.1-13]
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void retainFlagIsKeptForWhoAsksForIt(boolean asPublished) throws IOException {
        try (TestBroker broker = started();
                TestClient client = TestClient.connected(broker, VERSION, "c")) {
            client.subscribe(List.of(request(asPublished, Subscribe.RetainHandling.SEND)), Properties.NONE);
            client.publish("acme/a", "x", QoS.AT_MOST_ONCE, true);
            assertThat(client.receive(Publish.class).retain()).isEqualTo(asPublished);
        }
    }

    /// [MQTT-3.3.1-9] to [MQTT-3.3.1-11]
    @ParameterizedTest
    @EnumSource
    void retainHandlingSaysWhenRetainedMessagesCome(Subscribe.RetainHandling handling) throws IOException {
        try (TestBroker broker = started();
                TestClient client = TestClient.connected(broker, VERSION, "c")) {
            client.publish("acme/a", "kept", QoS.AT_MOST_ONCE, true);
            for (int round = 1; round <= 2; round++) {
                client.subscribe(List.of(request(false, handling)), Properties.NONE);
                boolean comes = handling == Subscribe.RetainHandling.SEND
                        || (handling == Subscribe.RetainHandling.SEND_IF_NEW && round == 1);
                if (comes) {
                    assertThat(client.receive(Publish.class).retain()).isTrue();
                }
                client.expectNothingButPong();
            }
        }
    }

    /// [MQTT-3.8.3-3]
    @Test
    void noLocalKeepsOwnMessagesAway() throws IOException {
        try (TestBroker broker = started();
                TestClient other = TestClient.connected(broker, VERSION, "other");
                TestClient client = TestClient.connected(broker, VERSION, "c")) {
            client.subscribe(
                    List.of(new Subscribe.Request(
                            "acme/a", QoS.AT_MOST_ONCE, true, false, Subscribe.RetainHandling.SEND)),
                    Properties.NONE);
            client.publish("acme/a", "mine", QoS.AT_MOST_ONCE);
            client.expectNothingButPong();
            other.publish("acme/a", "theirs", QoS.AT_MOST_ONCE);
            assertThat(client.receivePayload()).isEqualTo("theirs");
        }
    }

    /// Section 3.3.2.3.2 lets a receiver look whether a payload is the UTF-8 it is said to be; here by option.
    @Test
    void payloadThatIsNotAsSaidIsRefusedByOption() throws IOException {
        Properties text = integer(Property.PAYLOAD_FORMAT_INDICATOR, 1);
        byte[] noText = {(byte) 0xC3, 0x28};
        TestBroker.Options options = new TestBroker.Options();
        options.limits = new TestLimits().checkPayloadFormat(true).build();
        try (TestBroker broker = options.start();
                TestClient client = TestClient.connected(broker, VERSION, "c");
                TestClient dying = new TestClient(broker.address(), VERSION)) {
            client.subscribe("acme/a", QoS.AT_MOST_ONCE);
            client.send(new Publish("acme/a", noText, QoS.AT_LEAST_ONCE, false, false, 1, text));
            assertThat(client.receive(PubAck.class).reason()).isEqualTo(ReasonCode.PAYLOAD_FORMAT_INVALID);
            client.send(new Publish("acme/a", noText, QoS.EXACTLY_ONCE, false, false, 2, text));
            assertThat(client.receive(PubRec.class).reason()).isEqualTo(ReasonCode.PAYLOAD_FORMAT_INVALID);
            client.send(message(QoS.AT_MOST_ONCE, false, "Größe", text));
            assertThat(client.receivePayload()).isEqualTo("Größe");
            client.send(new Publish("acme/a", noText, QoS.AT_MOST_ONCE, false, false, 0, Properties.NONE));
            assertThat(client.receive(Publish.class).payload()).isEqualTo(noText);
            client.send(new Publish("acme/a", noText, QoS.AT_MOST_ONCE, false, false, 0, text));
            assertThat(client.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.PAYLOAD_FORMAT_INVALID);
            Connect.Will will = new Connect.Will("acme/a", noText, QoS.AT_MOST_ONCE, false, text);
            ConnAck refusal = dying.connect(
                    TestClient.withWill(TestClient.connectPacket(VERSION, "dying", true, Properties.NONE), will));
            assertThat(refusal.reason()).isEqualTo(ReasonCode.PAYLOAD_FORMAT_INVALID);
        }
    }

    /// Unless asked for, nobody looks.
    @Test
    void payloadIsNotLookedAtByDefault() throws IOException {
        byte[] noText = {(byte) 0xC3, 0x28};
        try (TestBroker broker = started();
                TestClient client = TestClient.connected(broker, VERSION, "c")) {
            client.subscribe("acme/a", QoS.AT_MOST_ONCE);
            client.send(new Publish(
                    "acme/a",
                    noText,
                    QoS.AT_MOST_ONCE,
                    false,
                    false,
                    0,
                    integer(Property.PAYLOAD_FORMAT_INDICATOR, 1)));
            assertThat(client.receive(Publish.class).payload()).isEqualTo(noText);
        }
    }
}
