// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.upwell.broker.session.OverflowRule;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.UnsubAck;
import org.upwell.codec.Unsubscribe;

/// A new subscription gets all retained messages however many they are ([MQTT-3.3.1-9], [MQTT-3.8.4-4]), and in
/// order with what is published meanwhile ([MQTT-4.6.0-6]).
class RetainedFeedTest {

    private static final int QUEUE = 10;
    private static final int RETAINED = 300;
    private static final int WINDOW = 3;

    /// A client that allows few messages in flight, so that most of the feed waits.
    private static TestClient narrow(TestBroker broker, boolean clean) throws IOException {
        TestClient client = new TestClient(broker.address(), MqttVersion.MQTT_5);
        Properties.Builder properties = Properties.builder().integer(Property.RECEIVE_MAXIMUM, WINDOW);
        if (!clean) {
            properties.integer(Property.SESSION_EXPIRY_INTERVAL, 3600);
        }
        client.connect("narrow", clean, properties.build());
        return client;
    }

    private static TestBroker start() throws IOException {
        return new TestBroker.Options().queueOf(QUEUE, OverflowRule.DROP_NEWEST).start();
    }

    private static void retain(TestClient publisher, QoS qos) throws IOException {
        for (int i = 0; i < RETAINED; i++) {
            publisher.publish("acme/" + i, "r" + i, qos, true);
            if (qos != QoS.AT_MOST_ONCE) {
                publisher.receive(PubAck.class);
            }
        }
        // All are in their places.
        publisher.expectNothingButPong();
    }

    /// Takes and acknowledges one message.
    private static Publish take(TestClient client) throws IOException {
        Publish publish = client.receive(Publish.class);
        if (publish.qos() == QoS.AT_LEAST_ONCE) {
            client.send(new PubAck(publish.packetId()));
        }
        return publish;
    }

    private static String text(Publish publish) {
        return new String(publish.payload(), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @EnumSource(names = {"AT_MOST_ONCE", "AT_LEAST_ONCE"})
    void allComeHoweverSmallTheQueueIs(QoS qos) throws IOException {
        try (TestBroker broker = start();
                TestClient publisher = TestClient.connected(broker, MqttVersion.MQTT_3_1_1, "publisher");
                TestClient subscriber = narrow(broker, true)) {
            retain(publisher, qos);
            subscriber.subscribe("acme/#", qos);

            List<String> payloads = new ArrayList<>();
            for (int i = 0; i < RETAINED; i++) {
                Publish publish = take(subscriber);
                assertThat(publish.retain()).isTrue();
                payloads.add(text(publish));
            }

            assertThat(payloads).doesNotHaveDuplicates();
            subscriber.expectNothingButPong();
            assertThat(broker.broker.counters().dropped()).isZero();
        }
    }

    @Test
    void qos0NeedsNoQuota() throws IOException {
        try (TestBroker broker = start();
                TestClient publisher = TestClient.connected(broker, MqttVersion.MQTT_3_1_1, "publisher");
                TestClient subscriber = narrow(broker, true)) {
            retain(publisher, QoS.AT_MOST_ONCE);
            subscriber.subscribe("acme/x/#", QoS.AT_LEAST_ONCE);
            for (int i = 0; i < WINDOW; i++) {
                publisher.publish("acme/x/" + i, "o" + i, QoS.AT_LEAST_ONCE, false);
                publisher.receive(PubAck.class);
                subscriber.receive(Publish.class);
            }

            // Nothing is acknowledged: Receive Maximum is used up.
            subscriber.subscribe("acme/#", QoS.AT_LEAST_ONCE);
            for (int i = 0; i < RETAINED; i++) {
                assertThat(subscriber.receive(Publish.class).qos()).isEqualTo(QoS.AT_MOST_ONCE);
            }
            publisher.publish("acme/live", "live", QoS.AT_MOST_ONCE, false);
            assertThat(text(subscriber.receive(Publish.class))).isEqualTo("live");
            assertThat(broker.broker.counters().dropped()).isZero();
        }
    }

    @Test
    void whatIsPublishedMeanwhileComesAfterTheOlderOneOrInItsPlace() throws IOException {
        try (TestBroker broker = start();
                TestClient publisher = TestClient.connected(broker, MqttVersion.MQTT_3_1_1, "publisher");
                TestClient subscriber = narrow(broker, true)) {
            retain(publisher, QoS.AT_LEAST_ONCE);
            subscriber.subscribe("acme/#", QoS.AT_LEAST_ONCE);
            List<Publish> open = new ArrayList<>();
            for (int i = 0; i < WINDOW; i++) {
                open.add(subscriber.receive(Publish.class));
            }
            // Topics of which nothing was sent yet.
            List<String> sent = open.stream().map(Publish::topic).toList();
            String updated = sent.contains("acme/7") ? "acme/8" : "acme/7";
            String replaced = sent.contains("acme/17") ? "acme/18" : "acme/17";
            publisher.publish(updated, "live", QoS.AT_LEAST_ONCE, false);
            publisher.receive(PubAck.class);
            publisher.publish(replaced, "newer", QoS.AT_LEAST_ONCE, true);
            publisher.receive(PubAck.class);

            List<String> ofUpdated = new ArrayList<>();
            List<String> ofReplaced = new ArrayList<>();
            for (Publish publish : open) {
                subscriber.send(new PubAck(publish.packetId()));
            }
            for (int i = WINDOW; i < RETAINED + 1; i++) {
                Publish publish = take(subscriber);
                if (publish.topic().equals(updated)) {
                    ofUpdated.add(text(publish));
                } else if (publish.topic().equals(replaced)) {
                    ofReplaced.add(text(publish));
                }
            }

            assertThat(ofUpdated).containsExactly("r" + updated.substring("acme/".length()), "live");
            assertThat(ofReplaced).containsExactly("newer");
            subscriber.expectNothingButPong();
        }
    }

    @Test
    void qos0PublishedMeanwhileComesAfterTheOlderOne() throws IOException {
        try (TestBroker broker = start();
                TestClient publisher = TestClient.connected(broker, MqttVersion.MQTT_3_1_1, "publisher");
                TestClient subscriber = narrow(broker, true)) {
            retain(publisher, QoS.AT_LEAST_ONCE);
            subscriber.subscribe("acme/#", QoS.AT_LEAST_ONCE);
            List<Publish> open = new ArrayList<>();
            for (int i = 0; i < WINDOW; i++) {
                open.add(subscriber.receive(Publish.class));
            }
            publisher.publish("acme/live", "live", QoS.AT_MOST_ONCE, false);
            publisher.publish("acme/end", "end", QoS.AT_LEAST_ONCE, false);
            publisher.receive(PubAck.class);

            for (Publish publish : open) {
                subscriber.send(new PubAck(publish.packetId()));
            }
            for (int i = WINDOW; i < RETAINED; i++) {
                assertThat(take(subscriber).retain()).isTrue();
            }
            assertThat(List.of(text(take(subscriber)), text(take(subscriber))))
                    .containsExactlyInAnyOrder("live", "end");
        }
    }

    @Test
    void theRestIsNotSentAfterUnsubscribe() throws IOException {
        try (TestBroker broker = start();
                TestClient publisher = TestClient.connected(broker, MqttVersion.MQTT_3_1_1, "publisher");
                TestClient subscriber = narrow(broker, true)) {
            retain(publisher, QoS.AT_LEAST_ONCE);
            subscriber.subscribe("acme/#", QoS.AT_LEAST_ONCE);
            List<Publish> open = new ArrayList<>();
            for (int i = 0; i < WINDOW; i++) {
                open.add(subscriber.receive(Publish.class));
            }
            subscriber.send(new Unsubscribe(9, List.of("acme/#"), Properties.NONE));
            subscriber.receive(UnsubAck.class);
            for (Publish publish : open) {
                subscriber.send(new PubAck(publish.packetId()));
            }

            // [MQTT-3.10.4-2]
            subscriber.expectNothingButPong();
        }
    }

    @Test
    void theRestComesOnTheNextConnectionOfAPersistentSession() throws IOException {
        try (TestBroker broker = start();
                TestClient publisher = TestClient.connected(broker, MqttVersion.MQTT_3_1_1, "publisher")) {
            retain(publisher, QoS.AT_LEAST_ONCE);
            List<String> payloads = new ArrayList<>();
            try (TestClient subscriber = narrow(broker, false)) {
                subscriber.subscribe("acme/#", QoS.AT_LEAST_ONCE);
                for (int i = 0; i < 50; i++) {
                    payloads.add(text(take(subscriber)));
                }
            }
            try (TestClient subscriber = narrow(broker, false)) {
                while (payloads.stream().distinct().count() < RETAINED) {
                    payloads.add(text(take(subscriber)));
                }
                subscriber.expectNothingButPong();
            }
            // What was in flight as the first connection ended may come again, and nothing else.
            assertThat(payloads).hasSizeLessThanOrEqualTo(RETAINED + WINDOW);
        }
    }
}
