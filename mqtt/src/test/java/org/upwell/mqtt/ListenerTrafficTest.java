// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.PingReq;
import org.upwell.codec.PingResp;
import org.upwell.codec.Properties;
import org.upwell.codec.QoS;

/// Each listener counts the bytes of its own connections, to the byte, and the broker those of all.
@Timeout(30)
class ListenerTrafficTest {

    private static final String ONE = TestBroker.LISTENER;
    private static final String OTHER = TestBroker.OTHER_LISTENER;
    private static final int PINGS = 50;

    private static List<Long> counts(TestBroker broker) {
        return List.of(
                broker.server.bytesReceived(ONE),
                broker.server.bytesSent(ONE),
                broker.server.bytesReceived(OTHER),
                broker.server.bytesSent(OTHER));
    }

    private static void awaitMore(TestBroker broker, List<Long> before, long... more) {
        await().untilAsserted(() -> {
            List<Long> now = counts(broker);
            for (int i = 0; i < more.length; i++) {
                assertThat(now.get(i) - before.get(i)).as("count %d", i).isEqualTo(more[i]);
            }
        });
    }

    @Test
    void bytesAreCountedWhereTheyCameInAndWentOut() throws IOException {
        TestBroker.Options options = new TestBroker.Options();
        options.otherListener = true;
        try (TestBroker broker = options.start();
                TestClient here = TestClient.connected(broker, MqttVersion.MQTT_3_1_1, "here");
                TestClient there = new TestClient(broker.server.boundAddress(OTHER), MqttVersion.MQTT_3_1_1)) {
            // 2 bytes of fixed header, 10 of variable header, 2 + 4 of client id; CONNACK has 4 bytes.
            awaitMore(broker, List.of(0L, 0L, 0L, 0L), 18, 4, 0, 0);
            there.connect(TestClient.connectPacket(MqttVersion.MQTT_3_1_1, "there", true, Properties.NONE));
            awaitMore(broker, List.of(0L, 0L, 0L, 0L), 18, 4, 19, 4);
            there.subscribe("acme/t", QoS.AT_MOST_ONCE);

            List<Long> before = counts(broker);
            for (int i = 0; i < PINGS; i++) {
                here.send(PingReq.INSTANCE);
                here.receive(PingResp.class);
            }
            awaitMore(broker, before, 2 * PINGS, 2 * PINGS, 0, 0);

            // Fixed header 2, topic 2 + 6, payload 5: in here, out there.
            before = counts(broker);
            here.publish("acme/t", "hello", QoS.AT_MOST_ONCE);
            assertThat(there.receivePayload()).isEqualTo("hello");
            awaitMore(broker, before, 15, 0, 0, 15);

            List<Long> now = counts(broker);
            assertThat(broker.broker.counters().bytesReceived.sum()).isEqualTo(now.get(0) + now.get(2));
            assertThat(broker.broker.counters().bytesSent.sum()).isEqualTo(now.get(1) + now.get(3));
        }
    }
}
