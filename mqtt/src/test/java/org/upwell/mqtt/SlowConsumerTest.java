// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.session.OverflowRule;
import org.upwell.broker.session.QueueMemory;
import org.upwell.broker.session.Session;
import org.upwell.broker.session.SessionLimits;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PingReq;
import org.upwell.codec.Properties;
import org.upwell.codec.PubAck;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;

/// Subscribers that never read, among one that does.
@Timeout(60)
class SlowConsumerTest {

    private static final int MESSAGES = 2_400;
    private static final int AT_ONCE = 10;
    private static final String FILLER = "x".repeat(8 << 10);
    private static final long QUEUE_BYTES = 1 << 20;
    private static final long QOS_0_BYTES = 256 << 10;
    /// Less than all stalled queues together may hold.
    private static final long ALL_QUEUES_BYTES = 4 << 20;
    private static final int STALLED = 6;

    private final QueueMemory memory = new QueueMemory(QUEUE_BYTES, ALL_QUEUES_BYTES, ALL_QUEUES_BYTES);

    private TestBroker start() throws IOException {
        return start(QUEUE_BYTES);
    }

    private TestBroker start(long queueBytes) throws IOException {
        TestBroker.Options options = new TestBroker.Options();
        options.queueMemory = memory;
        options.sessionLimits = new SessionLimits(50_000, queueBytes, OverflowRule.DROP_NEWEST, QOS_0_BYTES);
        return options.start();
    }

    private static TestClient subscriber(TestBroker broker, String clientId, QoS qos) throws IOException {
        TestClient client = TestClient.connected(broker, MqttVersion.MQTT_3_1_1, clientId);
        client.subscribe("acme/t", qos);
        return client;
    }

    private static Session session(TestBroker broker, String clientId) {
        return broker.broker.sessions().find("acme", clientId).orElseThrow();
    }

    private static void awaitDrop(Session session, DropCause cause) {
        await().until(() -> session.drops().snapshot().by(cause) > 0);
    }

    @Test
    void stalledSubscribersStayWithinTheirBoundsAndHoldNobodyUp() throws IOException {
        List<TestClient> stalled = new ArrayList<>();
        try (TestBroker broker = start();
                TestClient quick = subscriber(broker, "quick", QoS.AT_LEAST_ONCE);
                TestClient stalledAtQos0 = subscriber(broker, "stalled-0", QoS.AT_MOST_ONCE);
                TestClient publisher = TestClient.connected(broker, MqttVersion.MQTT_3_1_1, "p")) {
            for (int i = 0; i < STALLED; i++) {
                stalled.add(subscriber(broker, "stalled-1-" + i, QoS.AT_LEAST_ONCE));
            }
            for (int next = 0; next < MESSAGES; next += AT_ONCE) {
                exchange(publisher, quick, next);
                assertThat(memory.taken()).isLessThanOrEqualTo(ALL_QUEUES_BYTES);
            }

            assertThat(session(broker, "quick").drops().total()).isZero();
            // Their loops may not have come to it yet.
            awaitDrop(session(broker, "stalled-0"), DropCause.QOS_0_PRESSURE);
            for (int i = 0; i < STALLED; i++) {
                awaitDrop(session(broker, "stalled-1-" + i), DropCause.QUEUE_FULL);
            }
            // Nothing but the queues of the stalled ones is held: each at most its own bound.
            assertThat(memory.taken()).isPositive();
            assertThat(stalledAtQos0.receive(Publish.class).qos()).isEqualTo(QoS.AT_MOST_ONCE);
        } finally {
            for (TestClient client : stalled) {
                client.close();
            }
        }
        assertThat(memory.taken()).as("after all sessions ended").isZero();
    }

    /// A tenant whose clients do not read fills the memory for queues; of another tenant, whose client comes back
    /// late, nothing is dropped, and its publisher is acknowledged meanwhile.
    @Test
    void aTenantThatHoldsMostLeavesRoomForAnother() throws IOException {
        List<TestClient> stalled = new ArrayList<>();
        try (TestBroker broker = start();
                TestClient greedy = connected(broker, "greedy", "p");
                TestClient modest = connected(broker, "modest", "p");
                TestClient late = connected(broker, "modest", "late")) {
            late.subscribe("modest/t", QoS.AT_LEAST_ONCE);
            for (int i = 0; i < 2 * STALLED; i++) {
                stalled.add(connected(broker, "greedy", "stalled-" + i));
                stalled.getLast().subscribe("greedy/t", QoS.AT_LEAST_ONCE);
            }
            for (int i = 0; i < MESSAGES / 4; i++) {
                greedy.publish("greedy/t", FILLER, QoS.AT_LEAST_ONCE);
                greedy.receive(PubAck.class);
            }
            for (int i = 0; i < 2 * STALLED; i++) {
                awaitDrop(
                        broker.broker.sessions().find("greedy", "stalled-" + i).orElseThrow(), DropCause.QUEUE_FULL);
            }
            assertThat(memory.taken()).as("the memory is short").isBetween(ALL_QUEUES_BYTES / 2, ALL_QUEUES_BYTES);

            int waiting = 60;
            for (int i = 0; i < waiting; i++) {
                modest.publish("modest/t", i + " " + FILLER, QoS.AT_LEAST_ONCE);
                modest.receive(PubAck.class);
            }
            for (int i = 0; i < waiting; i++) {
                Publish publish = late.receive(Publish.class);
                assertThat(publish.payload()).asString().startsWith(i + " ");
                late.send(new PubAck(publish.packetId()));
            }
            assertThat(broker.broker
                            .sessions()
                            .find("modest", "late")
                            .orElseThrow()
                            .drops()
                            .total())
                    .isZero();
        } finally {
            for (TestClient client : stalled) {
                client.close();
            }
        }
    }

    /// A client that takes messages and acknowledges none has no more of them in flight than memory allows, whatever
    /// its quota; nothing is lost.
    @Test
    void whatIsNotAcknowledgedStaysWithinItsBoundToo() throws IOException {
        int count = 40;
        String large = "x".repeat(128 << 10);
        try (TestBroker broker = start(64 << 20);
                TestClient client = new TestClient(broker.address(), MqttVersion.MQTT_3_1_1);
                TestClient publisher = TestClient.connected(broker, MqttVersion.MQTT_3_1_1, "p")) {
            client.connect("c", false, Properties.NONE);
            client.subscribe("acme/t", QoS.AT_LEAST_ONCE);
            for (int i = 0; i < count; i++) {
                publisher.publish("acme/t", i + " " + large, QoS.AT_LEAST_ONCE);
                publisher.receive(PubAck.class);
            }
            Deque<Publish> unacknowledged = new ArrayDeque<>(readAll(client));
            // Half of what is free, and what is the client's own; the rest waits in the queue.
            assertThat((long) unacknowledged.size() * large.length())
                    .isBetween(ALL_QUEUES_BYTES / 4, ALL_QUEUES_BYTES * 5 / 8);

            for (int i = 0; i < count; i++) {
                Publish next = unacknowledged.isEmpty() ? client.receive(Publish.class) : unacknowledged.removeFirst();
                assertThat(next.payload()).asString().startsWith(i + " ");
                client.send(new PubAck(next.packetId()));
            }
        }
    }

    /// What comes before the client is answered that nothing more is under way.
    private static List<Publish> readAll(TestClient client) throws IOException {
        List<Publish> all = new ArrayList<>();
        int before;
        do {
            before = all.size();
            client.send(PingReq.INSTANCE);
            for (Packet next = client.receive(); next instanceof Publish publish; next = client.receive()) {
                all.add(publish);
            }
        } while (all.size() > before);
        return all;
    }

    private static TestClient connected(TestBroker broker, String tenant, String clientId) throws IOException {
        TestClient client = new TestClient(broker.address(), MqttVersion.MQTT_3_1_1);
        client.connect(TestClient.withPassword(
                TestClient.connectPacket(MqttVersion.MQTT_3_1_1, clientId, true, Properties.NONE),
                tenant + "." + clientId,
                "secret"));
        return client;
    }

    /// A few messages, acknowledged to the publisher and with the quick subscriber before more follow.
    private static void exchange(TestClient publisher, TestClient quick, int from) throws IOException {
        for (int i = from; i < from + AT_ONCE; i++) {
            publisher.publish("acme/t", i + " " + FILLER, QoS.AT_LEAST_ONCE);
        }
        for (int i = from; i < from + AT_ONCE; i++) {
            publisher.receive(PubAck.class);
        }
        for (int i = from; i < from + AT_ONCE; i++) {
            Publish publish = quick.receive(Publish.class);
            assertThat(publish.payload()).asString().startsWith(i + " ");
            quick.send(new PubAck(publish.packetId()));
        }
    }
}
