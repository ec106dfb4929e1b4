// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.broker.session.OverflowRule;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.UserProperty;

/// What a client learns of the messages that it lost.
@Timeout(30)
class DropsToldTest {

    private TestBroker broker;

    @BeforeEach
    void start() throws IOException {
        TestBroker.Options options = new TestBroker.Options();
        broker = options.queueOf(2, OverflowRule.DROP_NEWEST).start();
    }

    @AfterEach
    void stop() {
        broker.close();
    }

    private TestClient resumed(Properties more) throws IOException {
        TestClient client = new TestClient(broker.address(), MqttVersion.MQTT_5);
        client.connect(
                "c",
                false,
                Properties.builder()
                        .integer(Property.SESSION_EXPIRY_INTERVAL, 60)
                        .all(more)
                        .build());
        return client;
    }

    /// A session whose queue of two overflowed: five messages were published, three are lost.
    private void overflow(String payload) throws IOException {
        try (TestClient client = resumed(Properties.NONE)) {
            client.subscribe("acme/t", QoS.AT_LEAST_ONCE);
        }
        // Until then messages would be sent to it, and none would wait.
        await().until(() -> broker.server.connectionCount() == 0);
        try (TestClient publisher = TestClient.connected(broker, MqttVersion.MQTT_5, "p")) {
            publisher.expectNothingButPong();
            Properties properties = Properties.builder().user("k", "v").build();
            for (int i = 0; i < 5; i++) {
                publisher.send(new Publish(
                        "acme/t",
                        payload.getBytes(StandardCharsets.UTF_8),
                        QoS.AT_LEAST_ONCE,
                        false,
                        false,
                        publisher.packetId(),
                        properties));
                publisher.receive(PubAck.class);
            }
        }
    }

    @Test
    void onReturnTheNextPublishTellsOnceHowManyAreLost() throws IOException {
        overflow("x");
        try (TestClient client = resumed(Properties.NONE)) {
            assertThat(client.receive(Publish.class).properties().userProperties())
                    .containsExactly(new UserProperty("k", "v"), new UserProperty("upwell-dropped", "3"));
            assertThat(client.receive(Publish.class).properties().userProperties())
                    .containsExactly(new UserProperty("k", "v"));
        }
        // What was not acknowledged comes again, and tells nothing again.
        try (TestClient client = resumed(Properties.NONE)) {
            assertThat(client.receive(Publish.class).properties().userProperties())
                    .containsExactly(new UserProperty("k", "v"));
        }
    }

    @Test
    void aPublishWithoutRoomForItLeavesItToTheNext() throws IOException {
        overflow("x".repeat(100));
        int publishBytes = 2 + 2 + 6 + 2 + 1 + 7 + 100;
        Properties small = Properties.builder()
                .integer(Property.MAXIMUM_PACKET_SIZE, publishBytes)
                .build();
        try (TestClient client = resumed(small)) {
            for (int i = 0; i < 2; i++) {
                Publish publish = client.receive(Publish.class);
                assertThat(publish.properties().userProperties()).containsExactly(new UserProperty("k", "v"));
                client.send(new PubAck(publish.packetId()));
            }
            try (TestClient publisher = TestClient.connected(broker, MqttVersion.MQTT_5, "p")) {
                publisher.publish("acme/t", "short", QoS.AT_LEAST_ONCE);
            }
            assertThat(client.receive(Publish.class).properties().userProperties())
                    .containsExactly(new UserProperty("upwell-dropped", "3"));
        }
    }

    @Test
    void olderVersionsAreNotToldInAPublish() throws IOException {
        overflow("x");
        try (TestClient client = new TestClient(broker.address(), MqttVersion.MQTT_3_1_1)) {
            client.connect("c", false, Properties.NONE);
            assertThat(client.receive(Publish.class).properties().isEmpty()).isTrue();
        }
        assertThat(broker.broker
                        .sessions()
                        .find("acme", "c")
                        .orElseThrow()
                        .drops()
                        .untold())
                .isEqualTo(3);
    }

    @Test
    void everyPrincipalMayWatchItsOwnSessionButNothingElseOfSys() throws IOException {
        overflow("x");
        try (TestClient client = resumed(Properties.NONE)) {
            client.receive(Publish.class);
            client.receive(Publish.class);
            assertThat(client.subscribe("$SYS/session/dropped/#", QoS.AT_LEAST_ONCE)
                            .reasons())
                    .containsExactly(ReasonCode.GRANTED_QOS_1);
            Publish total = client.receive(Publish.class);
            assertThat(total.topic()).isEqualTo("$SYS/session/dropped");
            assertThat(total.payload()).asString().isEqualTo("3");
            assertThat(total.retain()).isTrue();
            assertThat(client.receive(Publish.class).topic()).isEqualTo("$SYS/session/dropped/queue-full");
            for (String other :
                    new String[] {"$SYS/#", "$SYS/+/dropped", "$share/g/$SYS/session/#", "$SYS/clients/#"}) {
                assertThat(client.subscribe(other, QoS.AT_MOST_ONCE).reasons())
                        .as(other)
                        .containsExactly(ReasonCode.NOT_AUTHORIZED);
            }
        }
        // The subscription goes on with the session, though no role covers it.
        try (TestClient client = resumed(Properties.NONE)) {
            client.receive(Publish.class);
            client.receive(Publish.class);
            assertThat(client.subscribe("$SYS/session/dropped", QoS.AT_MOST_ONCE)
                            .reasons())
                    .containsExactly(ReasonCode.SUCCESS);
        }
    }
}
