// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;

/// The topic names of what clients publish, over real sockets.
@Timeout(60)
class InboundTopicsTest {

    private static final int ALIASES = MqttLimits.DEFAULT.topicAliasMaximum();
    private static final int LONGEST = MqttLimits.DEFAULT.maxTopicBytes();

    private int packetId;

    private void publish(TestClient client, String topic, int alias) throws IOException {
        packetId++;
        client.send(new Publish(
                topic,
                new byte[] {'x'},
                QoS.AT_LEAST_ONCE,
                false,
                false,
                packetId,
                Properties.builder().integer(Property.TOPIC_ALIAS, alias).build()));
    }

    private void publishAcknowledged(TestClient client, String topic, int alias) throws IOException {
        publish(client, topic, alias);
        assertThat(client.receive(PubAck.class).packetId()).isEqualTo(packetId);
    }

    private static String name(int number, int bytes) {
        String start = "acme/" + number + "/";
        return start + "n".repeat(bytes - start.length());
    }

    /// [MQTT-3.3.2-12]: every alias that was announced may be used, with long names at that, and again for others.
    @Test
    void everyAliasMayStandForALongName() throws IOException {
        int bytes = LONGEST / ALIASES;
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, MqttVersion.MQTT_5, "c")) {
            for (int round = 0; round < 3; round++) {
                for (int alias = 1; alias <= ALIASES; alias++) {
                    publishAcknowledged(client, name(round * ALIASES + alias, bytes), alias);
                }
            }
            client.subscribe(name(2 * ALIASES + 7, bytes), QoS.AT_MOST_ONCE);
            publish(client, "", 7);
            client.receive(Publish.class);
            client.receive(PubAck.class);
            assertThat(broker.broker.counters().topicAliasesRefused.sum()).isZero();
        }
    }

    @Test
    void oneAliasMayStandForTheLongestName() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, MqttVersion.MQTT_5, "c")) {
            publishAcknowledged(client, name(1, LONGEST), 1);
            publishAcknowledged(client, name(2, LONGEST), 1);
            publishAcknowledged(client, "", 1);
        }
    }

    /// What one client makes the server remember is bounded: 32 of the longest names would be 2 MB. Bytes count,
    /// not characters.
    @Test
    void namesBehindAliasesAreBoundedTogether() throws IOException {
        try (TestBroker broker = TestBroker.start();
                TestClient client = TestClient.connected(broker, MqttVersion.MQTT_5, "c")) {
            publishAcknowledged(client, name(1, LONGEST / 2), 1);
            publish(client, "acme/" + "é".repeat(LONGEST / 4), 2);
            Disconnect last = client.receive(Disconnect.class);
            assertThat(last.reason()).isEqualTo(ReasonCode.QUOTA_EXCEEDED);
            assertThat(last.properties().string(Property.REASON_STRING)).contains(LONGEST + " bytes");
            client.expectClosed();
            assertThat(broker.broker.counters().topicAliasesRefused.sum()).isEqualTo(1);
        }
    }
}
