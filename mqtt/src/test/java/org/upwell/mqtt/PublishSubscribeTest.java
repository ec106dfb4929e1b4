// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.session.OverflowRule;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PingReq;
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
import org.upwell.codec.UnsubAck;
import org.upwell.codec.Unsubscribe;

/// Messages from publishers to subscribers over real sockets, in all versions.
@Timeout(60)
class PublishSubscribeTest {

    private static Properties expiry(MqttVersion version, long seconds) {
        return version.isMqtt5()
                ? Properties.builder()
                        .integer(Property.SESSION_EXPIRY_INTERVAL, seconds)
                        .build()
                : Properties.NONE;
    }

    @ParameterizedTest
    @EnumSource
    void qos0ReachesEverySubscriberAtTheLesserQos(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, version, "publisher");
                TestClient one = TestClient.connected(broker, version, "one");
                TestClient two = TestClient.connected(broker, version, "two")) {
            one.subscribe("acme/read/+", QoS.EXACTLY_ONCE);
            two.subscribe("acme/#", QoS.AT_MOST_ONCE);
            publisher.publish("acme/read/x", "hello", QoS.AT_MOST_ONCE);
            for (TestClient subscriber : List.of(one, two)) {
                Publish received = subscriber.receive(Publish.class);
                assertThat(received.topic()).isEqualTo("acme/read/x");
                assertThat(received.qos()).isEqualTo(QoS.AT_MOST_ONCE);
                assertThat(new String(received.payload(), java.nio.charset.StandardCharsets.UTF_8))
                        .isEqualTo("hello");
                subscriber.expectNothingButPong();
            }
        }
    }

    /// ```text
    /// publisher --PUBLISH 1--> broker --PUBLISH 1--> subscriber
    ///           <---PUBACK----        <---PUBACK----
    /// ```
    @ParameterizedTest
    @EnumSource
    void qos1IsAcknowledgedOnBothSides(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, version, "publisher");
                TestClient subscriber = TestClient.connected(broker, version, "subscriber")) {
            subscriber.subscribe("acme/a", QoS.AT_LEAST_ONCE);
            int packetId = publisher.publish("acme/a", "1", QoS.AT_LEAST_ONCE, false);
            assertThat(publisher.receive(PubAck.class).packetId()).isEqualTo(packetId);
            Publish received = subscriber.receive(Publish.class);
            assertThat(received.qos()).isEqualTo(QoS.AT_LEAST_ONCE);
            subscriber.send(new PubAck(received.packetId()));
            subscriber.expectNothingButPong();
        }
    }

    /// [MQTT-4.3.3-10]: until PUBREL a PUBLISH with the same packet id is a repeat.
    @ParameterizedTest
    @EnumSource
    void repeatedQos2PublishIsAcknowledgedButNotRoutedTwice(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, version, "publisher");
                TestClient subscriber = TestClient.connected(broker, version, "subscriber")) {
            subscriber.subscribe("acme/a", QoS.EXACTLY_ONCE);
            Publish publish = new Publish("acme/a", new byte[] {1}, QoS.EXACTLY_ONCE, false, false, 7, Properties.NONE);
            publisher.send(publish);
            assertThat(publisher.receive(PubRec.class).packetId()).isEqualTo(7);
            publisher.send(new Publish("acme/a", new byte[] {1}, QoS.EXACTLY_ONCE, true, false, 7, Properties.NONE));
            assertThat(publisher.receive(PubRec.class).packetId()).isEqualTo(7);
            publisher.send(new PubRel(7));
            assertThat(publisher.receive(PubComp.class).packetId()).isEqualTo(7);
            publisher.send(publish);
            publisher.receive(PubRec.class);
            List<Publish> both = List.of(subscriber.receive(Publish.class), subscriber.receive(Publish.class));
            for (Publish received : both) {
                subscriber.send(new PubRec(received.packetId()));
                assertThat(subscriber.receive(PubRel.class).packetId()).isEqualTo(received.packetId());
                subscriber.send(new PubComp(received.packetId()));
            }
            subscriber.expectNothingButPong();
        }
    }

    @ParameterizedTest
    @EnumSource
    void offlineSessionGetsWhatItMissedAtQos1And2InOrder(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, version, "publisher")) {
            try (TestClient subscriber = new TestClient(broker.address(), version)) {
                assertThat(subscriber.connect("s", false, expiry(version, 100)).sessionPresent())
                        .isFalse();
                subscriber.subscribe("acme/#", QoS.EXACTLY_ONCE);
                subscriber.send(new Disconnect(ReasonCode.SUCCESS, Properties.NONE));
                subscriber.expectClosed();
            }
            for (int i = 0; i < 300; i++) {
                publisher.publish("acme/0", "qos0", QoS.AT_MOST_ONCE);
                publisher.publish("acme/1", "m" + i, QoS.AT_LEAST_ONCE);
                publisher.receive(PubAck.class);
            }
            try (TestClient subscriber = new TestClient(broker.address(), version)) {
                // 3.1 has no such flag in its CONNACK.
                assertThat(subscriber.connect("s", false, expiry(version, 100)).sessionPresent())
                        .isEqualTo(version != MqttVersion.MQTT_3_1);
                for (int i = 0; i < 300; i++) {
                    Publish received = subscriber.receive(Publish.class);
                    assertThat(new String(received.payload(), java.nio.charset.StandardCharsets.UTF_8))
                            .isEqualTo("m" + i);
                    subscriber.send(new PubAck(received.packetId()));
                }
                subscriber.expectNothingButPong();
            }
        }
    }

    /// [MQTT-4.4.0-1], [MQTT-3.3.1-1]: what was not acknowledged comes again, in order, with DUP and its packet id.
    @ParameterizedTest
    @EnumSource
    void unacknowledgedMessagesComeAgainOnTheNextConnection(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, version, "publisher")) {
            Publish first;
            Publish second;
            try (TestClient subscriber = new TestClient(broker.address(), version)) {
                subscriber.connect("s", false, expiry(version, 100));
                subscriber.subscribe("acme/#", QoS.EXACTLY_ONCE);
                publisher.publish("acme/1", "one", QoS.AT_LEAST_ONCE);
                publisher.publish("acme/2", "two", QoS.EXACTLY_ONCE);
                publisher.publish("acme/2", "three", QoS.EXACTLY_ONCE);
                first = subscriber.receive(Publish.class);
                second = subscriber.receive(Publish.class);
                Publish third = subscriber.receive(Publish.class);
                subscriber.send(new PubRec(third.packetId()));
                subscriber.receive(PubRel.class);
            }
            try (TestClient subscriber = new TestClient(broker.address(), version)) {
                // 3.1 has no such flag in its CONNACK.
                assertThat(subscriber.connect("s", false, expiry(version, 100)).sessionPresent())
                        .isEqualTo(version != MqttVersion.MQTT_3_1);
                for (Publish expected : List.of(first, second)) {
                    Publish again = subscriber.receive(Publish.class);
                    assertThat(again.packetId()).isEqualTo(expected.packetId());
                    assertThat(again.dup()).isTrue();
                    assertThat(again.payload()).isEqualTo(expected.payload());
                }
                assertThat(subscriber.receive()).isInstanceOf(PubRel.class);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void sendWindowIsNeverExceededAndTheRestFollows(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, version, "publisher");
                TestClient subscriber = new TestClient(broker.address(), version)) {
            int window = version.isMqtt5() ? 7 : MqttLimits.DEFAULT.sendWindow3x();
            int messages = window + 40;
            Properties properties = version.isMqtt5()
                    ? Properties.builder()
                            .integer(Property.RECEIVE_MAXIMUM, window)
                            .build()
                    : Properties.NONE;
            subscriber.connect("s", true, properties);
            subscriber.subscribe("acme/#", QoS.AT_LEAST_ONCE);
            for (int i = 0; i < messages; i++) {
                publisher.publish("acme/1", "m" + i, QoS.AT_LEAST_ONCE);
                publisher.receive(PubAck.class);
            }
            List<Publish> open = new java.util.ArrayList<>();
            for (int i = 0; i < window; i++) {
                open.add(subscriber.receive(Publish.class));
            }
            subscriber.expectNothingButPong();
            for (int i = 0; i < messages; i++) {
                Publish oldest = open.removeFirst();
                assertThat(new String(oldest.payload(), java.nio.charset.StandardCharsets.UTF_8))
                        .isEqualTo("m" + i);
                subscriber.send(new PubAck(oldest.packetId()));
                if (i + window < messages) {
                    open.add(subscriber.receive(Publish.class));
                }
            }
            subscriber.expectNothingButPong();
        }
    }

    @ParameterizedTest
    @EnumSource(OverflowRule.class)
    void fullQueueDropsByItsRuleAndCounts(OverflowRule rule) throws IOException {
        MqttVersion version = MqttVersion.MQTT_3_1_1;
        try (TestBroker broker = new TestBroker.Options().queueOf(10, rule).start();
                TestClient publisher = TestClient.connected(broker, version, "publisher")) {
            try (TestClient subscriber = new TestClient(broker.address(), version)) {
                subscriber.connect("s", false, Properties.NONE);
                subscriber.subscribe("acme/#", QoS.AT_LEAST_ONCE);
                subscriber.send(new Disconnect(ReasonCode.SUCCESS, Properties.NONE));
                subscriber.expectClosed();
            }
            for (int i = 0; i < 15; i++) {
                publisher.publish("acme/1", "m" + i, QoS.AT_LEAST_ONCE);
                publisher.receive(PubAck.class);
            }
            List<String> expected = IntStream.range(
                            rule == OverflowRule.DROP_NEWEST ? 0 : 5, rule == OverflowRule.DROP_NEWEST ? 10 : 15)
                    .mapToObj(i -> "m" + i)
                    .toList();
            try (TestClient subscriber = new TestClient(broker.address(), version)) {
                subscriber.connect("s", false, Properties.NONE);
                assertThat(subscriber.receivePayloads(10)).isEqualTo(expected);
                subscriber.expectNothingButPong();
            }
            assertThat(broker.broker.counters().droppedBy(DropCause.QUEUE_FULL)).isEqualTo(5);
            assertThat(broker.events.stream().filter(BrokerEvent.MessageDropped.class::isInstance))
                    .hasSize(5);
        }
    }

    @ParameterizedTest
    @EnumSource
    void retainedMessageIsSentToLaterSubscribersUntilCleared(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, version, "publisher")) {
            publisher.publish("acme/a/b", "kept", QoS.AT_LEAST_ONCE, true);
            publisher.receive(PubAck.class);
            try (TestClient subscriber = TestClient.connected(broker, version, "s1")) {
                subscriber.subscribe("acme/+/b", QoS.AT_MOST_ONCE);
                Publish received = subscriber.receive(Publish.class);
                assertThat(received.retain()).isTrue();
                publisher.publish("acme/a/b", "live", QoS.AT_MOST_ONCE, true);
                // [MQTT-3.3.1-12]: to a subscription that is there already it goes without the flag.
                assertThat(subscriber.receive(Publish.class).retain()).isFalse();
            }
            publisher.publish("acme/a/b", "", QoS.AT_MOST_ONCE, true);
            publisher.expectNothingButPong();
            try (TestClient subscriber = TestClient.connected(broker, version, "s2")) {
                subscriber.subscribe("acme/#", QoS.AT_MOST_ONCE);
                subscriber.expectNothingButPong();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void unsubscribedFilterDeliversNoMore(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, version, "c")) {
            client.subscribe("acme/a", QoS.AT_MOST_ONCE);
            client.send(new Unsubscribe(9, List.of("acme/a", "acme/never"), Properties.NONE));
            UnsubAck answer = client.receive(UnsubAck.class);
            assertThat(answer.packetId()).isEqualTo(9);
            if (version.isMqtt5()) {
                assertThat(answer.reasons()).containsExactly(ReasonCode.SUCCESS, ReasonCode.NO_SUBSCRIPTION_EXISTED);
            }
            client.publish("acme/a", "x", QoS.AT_MOST_ONCE);
            client.expectNothingButPong();
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "MQTT_3_1")
    void forbiddenFilterIsRefusedAloneAndOthersGranted(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, version, "c")) {
            List<ReasonCode> reasons = client.subscribe(
                            List.of(
                                    new Subscribe.Request("acme/a", QoS.AT_LEAST_ONCE),
                                    new Subscribe.Request("#", QoS.AT_LEAST_ONCE),
                                    new Subscribe.Request("+/a", QoS.AT_LEAST_ONCE),
                                    new Subscribe.Request("$share/g/other/a", QoS.AT_LEAST_ONCE),
                                    new Subscribe.Request("acme/+", QoS.EXACTLY_ONCE)),
                            Properties.NONE)
                    .reasons();
            ReasonCode refused = version.isMqtt5() ? ReasonCode.NOT_AUTHORIZED : ReasonCode.UNSPECIFIED_ERROR;
            assertThat(reasons)
                    .containsExactly(ReasonCode.GRANTED_QOS_1, refused, refused, refused, ReasonCode.GRANTED_QOS_2);
        }
    }

    @ParameterizedTest
    @EnumSource
    void forbiddenPublishIsRefusedInTheWordsOfTheVersion(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, version, "c")) {
            int packetId = client.publish("other/a", "x", QoS.AT_LEAST_ONCE, false);
            if (version.isMqtt5()) {
                PubAck refusal = client.receive(PubAck.class);
                assertThat(refusal.packetId()).isEqualTo(packetId);
                assertThat(refusal.reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
                client.publish("other/a", "x", QoS.AT_MOST_ONCE);
                assertThat(client.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
            }
            client.expectClosed();
            assertThat(broker.broker.counters().publishesRefused.sum()).isEqualTo(version.isMqtt5() ? 2 : 1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void pipelinedPacketsInOneSegmentAreAllHandledInOrder(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = new TestClient(broker.address(), version)) {
            Packet[] packets = {
                TestClient.connectPacket(version, "c", true, Properties.NONE),
                new Subscribe(1, List.of(new Subscribe.Request("acme/a", QoS.AT_MOST_ONCE)), Properties.NONE),
                new Publish("acme/a", new byte[] {5}, QoS.AT_MOST_ONCE, false, false, 0, Properties.NONE),
                PingReq.INSTANCE
            };
            client.send(packets);
            assertThat(client.receive()).isInstanceOf(org.upwell.codec.ConnAck.class);
            assertThat(client.receive()).isInstanceOf(org.upwell.codec.SubAck.class);
            // A delivery joins the batch's end and a PINGRESP may pass it; both must come.
            assertThat(List.of(
                            String.valueOf(client.receive().type()),
                            String.valueOf(client.receive().type())))
                    .containsExactlyInAnyOrder("PUBLISH", "PINGRESP");
        }
    }

    @ParameterizedTest
    @EnumSource
    void messageLargerThanTheReadBufferArrivesWhole(MqttVersion version) throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, version, "publisher");
                TestClient subscriber = TestClient.connected(broker, version, "subscriber")) {
            subscriber.subscribe("acme/big", QoS.AT_MOST_ONCE);
            byte[] payload = new byte[1_000_000];
            new java.util.Random(42).nextBytes(payload);
            publisher.send(new Publish("acme/big", payload, QoS.AT_MOST_ONCE, false, false, 0, Properties.NONE));
            assertThat(subscriber.receive(Publish.class).payload()).isEqualTo(payload);
        }
    }
}
