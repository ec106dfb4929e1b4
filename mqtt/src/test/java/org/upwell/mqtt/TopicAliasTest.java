// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.PacketEncoder;
import org.upwell.codec.PacketType;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.mqtt.hook.Hooks;
import org.upwell.mqtt.hook.Verdict;

/// Topic aliases towards clients, over real sockets.
@Timeout(60)
class TopicAliasTest {

    private static final MqttVersion VERSION = MqttVersion.MQTT_5;

    private static Properties allowing(int aliases) {
        return Properties.builder()
                .integer(Property.TOPIC_ALIAS_MAXIMUM, aliases)
                .integer(Property.SESSION_EXPIRY_INTERVAL, 100)
                .build();
    }

    private static TestClient subscriber(TestBroker broker, Properties properties, QoS qos) throws IOException {
        TestClient client = new TestClient(broker.address(), VERSION);
        client.connect("subscriber", false, properties);
        client.subscribe("acme/#", qos);
        return client;
    }

    private static int alias(Publish publish) {
        return (int) publish.properties().integer(Property.TOPIC_ALIAS, 0);
    }

    @Test
    void topicThatComesAgainGetsAnAliasThatThenStandsForIt() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, VERSION, "publisher");
                TestClient subscriber = subscriber(broker, allowing(5), QoS.AT_MOST_ONCE)) {
            for (int i = 0; i < 4; i++) {
                publisher.publish("acme/meters/1/read", "m" + i, QoS.AT_MOST_ONCE);
            }
            Publish first = subscriber.receive(Publish.class);
            assertThat(first.topic()).isEqualTo("acme/meters/1/read");
            assertThat(alias(first)).isZero();
            Publish second = subscriber.receive(Publish.class);
            assertThat(second.topic()).isEqualTo("acme/meters/1/read");
            assertThat(alias(second)).isEqualTo(1);
            for (int i = 2; i < 4; i++) {
                Publish later = subscriber.receive(Publish.class);
                assertThat(later.topic()).isEmpty();
                assertThat(alias(later)).isEqualTo(1);
                assertThat(later.payload()).asString().isEqualTo("m" + i);
            }
        }
    }

    /// [MQTT-3.1.2-26], [MQTT-3.1.2-27]: none for who allows none, by word or by silence; none if ours are turned
    /// off.
    @ParameterizedTest
    @ValueSource(strings = {"silent", "zero", "off"})
    void noAliasWithoutLeave(String why) throws IOException {
        TestBroker.Options options = new TestBroker.Options();
        options.limits = new TestLimits()
                .maxOutboundTopicAliases(why.equals("off") ? 0 : 10)
                .build();
        Properties properties = switch (why) {
            case "silent" -> Properties.NONE;
            case "zero" -> allowing(0);
            default -> allowing(10);
        };
        try (TestBroker broker = options.start();
                TestClient publisher = TestClient.connected(broker, VERSION, "publisher");
                TestClient subscriber = subscriber(broker, properties, QoS.AT_MOST_ONCE)) {
            for (int i = 0; i < 5; i++) {
                publisher.publish("acme/a", "x", QoS.AT_MOST_ONCE);
                Publish publish = subscriber.receive(Publish.class);
                assertThat(publish.topic()).isEqualTo("acme/a");
                assertThat(publish.properties().isEmpty()).isTrue();
            }
        }
    }

    /// [MQTT-3.3.2-9], [MQTT-3.3.2-10]: whatever comes in whatever order, a client that keeps the table gets the
    /// right names, and no alias beyond either side's maximum.
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 500})
    void clientThatKeepsTheTableKnowsEveryName(int clientMaximum) throws IOException {
        long seed = 20_261_122L + clientMaximum;
        Random random = new Random(seed);
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, VERSION, "publisher");
                TestClient subscriber = subscriber(broker, allowing(clientMaximum), QoS.AT_MOST_ONCE)) {
            Map<Integer, String> table = new HashMap<>();
            int shortened = 0;
            for (int i = 0; i < 600; i++) {
                // Few topics are frequent, many rare.
                String topic = "acme/t" + (int) (Math.pow(random.nextDouble(), 3) * 40);
                publisher.publish(topic, topic, QoS.AT_MOST_ONCE);
                Publish publish = subscriber.receive(Publish.class);
                int alias = alias(publish);
                assertThat(alias).as("seed %d", seed).isBetween(0, Math.min(clientMaximum, 10));
                if (!publish.topic().isEmpty() && alias > 0) {
                    table.put(alias, publish.topic());
                }
                String name = publish.topic().isEmpty() ? table.get(alias) : publish.topic();
                assertThat(name).as("seed %d", seed).isEqualTo(new String(publish.payload(), StandardCharsets.UTF_8));
                shortened += publish.topic().isEmpty() ? 1 : 0;
            }
            assertThat(shortened).as("seed %d", seed).isGreaterThan(20);
        }
    }

    /// [MQTT-3.3.2-7]: an alias dies with its connection; what is sent again on the next names its topic.
    @Test
    void nextConnectionBeginsAnew() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, VERSION, "publisher")) {
            try (TestClient first = subscriber(broker, allowing(5), QoS.AT_LEAST_ONCE)) {
                for (int i = 0; i < 3; i++) {
                    publisher.publish("acme/a", "x", QoS.AT_LEAST_ONCE);
                    publisher.receive(PubAck.class);
                    first.receive(Publish.class);
                }
            }
            try (TestClient second = new TestClient(broker.address(), VERSION)) {
                second.connect("subscriber", false, allowing(5));
                Publish again = second.receive(Publish.class);
                assertThat(again.dup()).isTrue();
                assertThat(again.topic()).isEqualTo("acme/a");
                assertThat(alias(again)).isZero();
                assertThat(second.receive(Publish.class).topic()).isEqualTo("acme/a");
            }
        }
    }

    /// An alias that a hook writes into a message goes no further: it could stand for another topic by then.
    @Test
    void aliasesAreNotForHooksToGive() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, VERSION, "publisher");
                TestClient subscriber = subscriber(broker, allowing(0), QoS.AT_MOST_ONCE)) {
            broker.server
                    .hooks()
                    .replace(Hooks.builder()
                            .outbound(PacketType.PUBLISH, (info, packet) -> {
                                Publish publish = (Publish) packet;
                                return CompletableFuture.completedFuture(new Verdict.Pass(new Publish(
                                        publish.topic(),
                                        publish.payload(),
                                        publish.qos(),
                                        publish.dup(),
                                        publish.retain(),
                                        publish.packetId(),
                                        Properties.builder()
                                                .integer(Property.TOPIC_ALIAS, 7)
                                                .user("seen", "yes")
                                                .build())));
                            })
                            .build());
            publisher.publish("acme/a", "x", QoS.AT_MOST_ONCE);
            Publish received = subscriber.receive(Publish.class);
            assertThat(alias(received)).isZero();
            assertThat(received.properties().userProperties()).hasSize(1);
        }
    }

    /// [MQTT-3.1.2-24]: a message that fits by itself is not made too large by an alias, and one that fits only
    /// with an alias is sent.
    @Test
    void aliasNeverMakesAMessageTooLarge() throws IOException {
        String topic = "acme/a";
        int bytes = PacketEncoder.encodedBytes(
                new Publish(topic, new byte[20], QoS.AT_MOST_ONCE, false, false, 0, Properties.NONE), VERSION);
        Properties exact = Properties.builder()
                .integer(Property.TOPIC_ALIAS_MAXIMUM, 5)
                .integer(Property.MAXIMUM_PACKET_SIZE, bytes)
                .build();
        try (TestBroker broker = TestBroker.start();
                TestClient publisher = TestClient.connected(broker, VERSION, "publisher");
                TestClient subscriber = new TestClient(broker.address(), VERSION)) {
            subscriber.connect("subscriber", true, exact);
            subscriber.subscribe("acme/#", QoS.AT_MOST_ONCE);
            for (int i = 0; i < 3; i++) {
                publisher.publish(topic, "p".repeat(20), QoS.AT_MOST_ONCE);
                Publish whole = subscriber.receive(Publish.class);
                assertThat(whole.topic()).isEqualTo(topic);
                assertThat(alias(whole)).isZero();
            }
            publisher.publish(topic, "short", QoS.AT_MOST_ONCE);
            assertThat(alias(subscriber.receive(Publish.class))).isEqualTo(1);
            // One byte larger than would fit with the name.
            publisher.publish(topic, "p".repeat(21), QoS.AT_MOST_ONCE);
            Publish shortened = subscriber.receive(Publish.class);
            assertThat(shortened.topic()).isEmpty();
            assertThat(shortened.payload()).hasSize(21);
        }
    }
}
