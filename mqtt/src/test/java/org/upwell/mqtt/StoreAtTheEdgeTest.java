// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.broker.journal.Journal;
import org.upwell.broker.journal.JournalSettings;
import org.upwell.broker.store.Store;
import org.upwell.broker.store.StoreCondition;
import org.upwell.broker.store.StoreException;
import org.upwell.broker.store.StoreFullException;
import org.upwell.broker.topic.InvalidTopicException;
import org.upwell.broker.topic.TopicFilter;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PingReq;
import org.upwell.codec.PingResp;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.PubComp;
import org.upwell.codec.PubRec;
import org.upwell.codec.PubRel;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;

/// What clients meet when the store runs short of space, has none, or failed. Over real sockets.
@Timeout(60)
class StoreAtTheEdgeTest {

    private static final Properties PERSISTENT =
            Properties.builder().integer(Property.SESSION_EXPIRY_INTERVAL, 3600).build();

    private final FakeLateStore store = new FakeLateStore();

    @TempDir
    private @Nullable Path directory;

    private static TestBroker start(Store store) throws IOException {
        TestBroker.Options options = new TestBroker.Options();
        options.store = store;
        return options.start();
    }

    /// A subscriber whose session is persistent, so that what it gets must be kept.
    private static TestClient keeper(TestBroker broker) throws IOException {
        TestClient client = new TestClient(broker.address(), MqttVersion.MQTT_5);
        client.connect("keeper", false, PERSISTENT);
        client.subscribe("acme/kept/#", QoS.EXACTLY_ONCE);
        return client;
    }

    private static Publish publish(String topic, QoS qos, int packetId) {
        return new Publish(topic, new byte[] {'x'}, qos, false, false, packetId, Properties.NONE);
    }

    private static StoreException failure() {
        return new StoreException("the disk is gone");
    }

    @Test
    void whatCannotBeKeptIsRefusedWithItsReasonUntilThereIsSpace() throws IOException {
        store.beInTime();
        try (TestBroker broker = start(store);
                TestClient keeper = keeper(broker);
                TestClient publisher = TestClient.connected(broker, MqttVersion.MQTT_5, "p")) {
            publisher.send(publish("acme/kept/before", QoS.AT_LEAST_ONCE, 1));
            assertThat(publisher.receive(PubAck.class).reason()).isEqualTo(ReasonCode.SUCCESS);

            store.condition(StoreCondition.FULL);
            publisher.send(publish("acme/kept/1", QoS.AT_LEAST_ONCE, 2), publish("acme/kept/2", QoS.EXACTLY_ONCE, 3));
            assertThat(publisher.receive(PubAck.class).reason()).isEqualTo(ReasonCode.QUOTA_EXCEEDED);
            assertThat(publisher.receive(PubRec.class).reason()).isEqualTo(ReasonCode.QUOTA_EXCEEDED);
            assertThat(broker.events).contains(refusal("acme/kept/1"), refusal("acme/kept/2"));

            // Reading and acknowledging go on: it frees the space.
            Publish before = keeper.receive(Publish.class);
            assertThat(before.topic()).isEqualTo("acme/kept/before");
            keeper.send(new PubAck(before.packetId()));
            keeper.expectNothingButPong();

            store.condition(StoreCondition.READY);
            // [MQTT-4.3.3-1]: after the error the packet id was free for a new message.
            publisher.send(publish("acme/kept/after", QoS.EXACTLY_ONCE, 3));
            assertThat(publisher.receive(PubRec.class).reason()).isEqualTo(ReasonCode.SUCCESS);
            publisher.send(new PubRel(3));
            assertThat(publisher.receive(PubComp.class).reason()).isEqualTo(ReasonCode.SUCCESS);
            assertThat(keeper.receive(Publish.class).topic()).isEqualTo("acme/kept/after");
        }
    }

    private static BrokerEvent refusal(String topic) {
        return new BrokerEvent.PublishRefused(
                new org.upwell.broker.message.SessionKey("acme", "p"), topic, "the store has no space");
    }

    @Test
    void clientOf3xIsDisconnectedSinceNoAnswerCouldSayIt() throws IOException {
        try (TestBroker broker = start(store);
                TestClient keeper = keeper(broker);
                TestClient publisher = TestClient.connected(broker, MqttVersion.MQTT_3_1_1, "p")) {
            store.condition(StoreCondition.FULL);
            publisher.send(publish("acme/kept/1", QoS.AT_LEAST_ONCE, 2));
            publisher.expectClosed();
            await().untilAsserted(() -> assertThat(broker.events)
                    .anyMatch(event -> event instanceof BrokerEvent.ConnectionClosed closed
                            && closed.cause().contains("the store has no space")));
            keeper.expectNothingButPong();
        }
    }

    @Test
    void whatNeedsNoStoreGoesOnWhenItIsFull() throws IOException, InvalidTopicException {
        try (TestBroker broker = start(store);
                TestClient live = TestClient.connected(broker, MqttVersion.MQTT_5, "live");
                TestClient publisher = TestClient.connected(broker, MqttVersion.MQTT_3_1_1, "p")) {
            live.subscribe("acme/live/#", QoS.AT_LEAST_ONCE);
            store.condition(StoreCondition.FULL);
            publisher.send(publish("acme/live/1", QoS.AT_LEAST_ONCE, 2));
            publisher.receive(PubAck.class);
            assertThat(live.receive(Publish.class).topic()).isEqualTo("acme/live/1");
            // QoS 0 has no answer and no promise: it is delivered, and is not retained.
            publisher.send(
                    new Publish("acme/live/2", new byte[] {'x'}, QoS.AT_MOST_ONCE, false, true, 0, Properties.NONE));
            assertThat(live.receive(Publish.class).topic()).isEqualTo("acme/live/2");
            publisher.expectNothingButPong();
            assertThat(broker.broker.retained().matching(TopicFilter.parse("#")))
                    .isEmpty();
            assertThat(broker.events).contains(refusal("acme/live/2"));
        }
    }

    /// While space is scarce nobody gets a message that may yet be refused.
    @Test
    void messageThatIsRefusedLateWentToNobody() throws IOException {
        try (TestBroker broker = start(store);
                TestClient keeper = keeper(broker);
                TestClient publisher = TestClient.connected(broker, MqttVersion.MQTT_5, "p")) {
            store.condition(StoreCondition.SCARCE);
            publisher.send(publish("acme/kept/1", QoS.AT_LEAST_ONCE, 7), publish("acme/kept/2", QoS.EXACTLY_ONCE, 8));
            await().until(() -> store.waiting() == 2);
            store.failAll(new StoreFullException("no space"));
            assertThat(publisher.receive(PubAck.class).reason()).isEqualTo(ReasonCode.QUOTA_EXCEEDED);
            assertThat(publisher.receive(PubRec.class).reason()).isEqualTo(ReasonCode.QUOTA_EXCEEDED);
            keeper.expectNothingButPong();
        }
    }

    @Test
    void repeatOnANewConnectionIsToldThatItsFirstWasRefused() throws IOException {
        store.syncAtOnce();
        try (TestBroker broker = start(store);
                TestClient keeper = keeper(broker)) {
            TestClient first = new TestClient(broker.address(), MqttVersion.MQTT_5);
            first.connect("p", false, PERSISTENT);
            first.send(publish("acme/kept/1", QoS.EXACTLY_ONCE, 8));
            await().until(() -> store.waiting() == 1);
            try (TestClient second = new TestClient(broker.address(), MqttVersion.MQTT_5)) {
                assertThat(second.connect("p", false, PERSISTENT).sessionPresent())
                        .isTrue();
                second.send(new Publish(
                        "acme/kept/1", new byte[] {'x'}, QoS.EXACTLY_ONCE, true, false, 8, Properties.NONE));
                second.expectNothingButPong();
                store.refuseAll();
                assertThat(second.receive(PubRec.class).reason()).isEqualTo(ReasonCode.QUOTA_EXCEEDED);
                store.beInTime();
                second.send(publish("acme/kept/2", QoS.EXACTLY_ONCE, 8));
                assertThat(second.receive(PubRec.class).reason()).isEqualTo(ReasonCode.SUCCESS);
            }
            first.close();
            assertThat(keeper.receive(Publish.class).topic()).isEqualTo("acme/kept/2");
        }
    }

    /// The store finds out that it has no space when the subscriber has the message already. The publisher is not
    /// told that it was taken ([MQTT-4.3.2-4], [MQTT3-4.3.2-2]) and may send it again; that the subscriber gets it
    /// twice is what QoS 1 allows.
    @ParameterizedTest
    @EnumSource
    void whatIsRefusedAfterItsDeliveryIsNotAcknowledged(MqttVersion version) throws IOException {
        try (TestBroker broker = start(store);
                TestClient keeper = keeper(broker)) {
            try (TestClient publisher = TestClient.connected(broker, version, "p")) {
                publisher.send(publish("acme/kept/1", QoS.AT_LEAST_ONCE, 5));
                keeper.send(new PubAck(keeper.receive(Publish.class).packetId()));
                publisher.expectNothingButPong();
                store.refuseAll();
                if (version.isMqtt5()) {
                    PubAck refused = publisher.receive(PubAck.class);
                    assertThat(refused.packetId()).isEqualTo(5);
                    assertThat(refused.reason()).isEqualTo(ReasonCode.QUOTA_EXCEEDED);
                } else {
                    publisher.expectClosed();
                }
            }
            assertThat(broker.events).contains(refusal("acme/kept/1"));
            store.beInTime();
            try (TestClient again = TestClient.connected(broker, version, "p")) {
                boolean isRepeat = !version.isMqtt5();
                again.send(new Publish(
                        "acme/kept/1", new byte[] {'x'}, QoS.AT_LEAST_ONCE, isRepeat, false, 5, Properties.NONE));
                assertThat(again.receive(PubAck.class).reason()).isEqualTo(ReasonCode.SUCCESS);
            }
            assertThat(keeper.receive(Publish.class).topic()).isEqualTo("acme/kept/1");
        }
    }

    @Test
    void messagesKeepTheirOrderWhenSpaceComesBack() throws IOException {
        try (TestBroker broker = start(store);
                TestClient keeper = keeper(broker);
                TestClient publisher = TestClient.connected(broker, MqttVersion.MQTT_5, "p")) {
            store.condition(StoreCondition.SCARCE);
            publisher.send(publish("acme/kept/1", QoS.AT_LEAST_ONCE, 1));
            await().until(() -> store.waiting() == 1);
            store.condition(StoreCondition.READY);
            publisher.send(publish("acme/kept/2", QoS.AT_LEAST_ONCE, 2));
            await().until(() -> store.waiting() == 2);
            store.beInTime();
            assertThat(publisher.receive(PubAck.class).packetId()).isEqualTo(1);
            assertThat(publisher.receive(PubAck.class).packetId()).isEqualTo(2);
            assertThat(keeper.receive(Publish.class).topic()).isEqualTo("acme/kept/1");
            assertThat(keeper.receive(Publish.class).topic()).isEqualTo("acme/kept/2");
        }
    }

    @Test
    void whoFillsScarceSpaceIsSlowedAndNobodyElse() throws IOException {
        store.beInTime();
        try (TestBroker broker = start(store);
                TestClient keeper = keeper(broker);
                TestClient greedy = TestClient.connected(broker, MqttVersion.MQTT_5, "greedy");
                TestClient modest = TestClient.connected(broker, MqttVersion.MQTT_5, "modest")) {
            store.condition(StoreCondition.SCARCE);
            long begin = System.nanoTime();
            for (int i = 1; i <= 40; i++) {
                greedy.send(publish("acme/kept/" + i, QoS.AT_LEAST_ONCE, i));
            }
            for (int i = 0; i < 40; i++) {
                modest.send(PingReq.INSTANCE);
                modest.receive(PingResp.class);
                modest.publish("acme/unkept", "x", QoS.AT_LEAST_ONCE);
                modest.receive(PubAck.class);
            }
            long others = System.nanoTime();
            for (int i = 1; i <= 40; i++) {
                assertThat(greedy.receive(PubAck.class).packetId()).isEqualTo(i);
                assertThat(keeper.receive(Publish.class).topic()).isEqualTo("acme/kept/" + i);
            }
            long end = System.nanoTime();
            assertThat(Duration.ofNanos(end - begin))
                    .as("slowed, and for a bounded time")
                    .isBetween(Duration.ofMillis(600), Duration.ofSeconds(30));
            assertThat(others - begin).as("others were done before").isLessThan(end - begin);
        }
    }

    @Test
    void nothingIsAcknowledgedAfterTheStoreFailed() throws IOException {
        try (TestBroker broker = start(store);
                TestClient keeper = keeper(broker);
                TestClient five = TestClient.connected(broker, MqttVersion.MQTT_5, "five");
                TestClient three = TestClient.connected(broker, MqttVersion.MQTT_3_1_1, "three")) {
            five.send(publish("acme/kept/1", QoS.AT_LEAST_ONCE, 1));
            three.send(publish("acme/kept/2", QoS.EXACTLY_ONCE, 1));
            await().until(() -> store.waiting() == 2);
            store.condition(StoreCondition.FAILED);
            store.failAll(failure());
            assertThat(five.receive(Disconnect.class).reason()).isEqualTo(ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR);
            five.expectClosed();
            three.expectClosed();
            // QoS 1 may be delivered before commit, QoS 2 never is.
            assertThat(keeper.receive(Publish.class).topic()).isEqualTo("acme/kept/1");
            keeper.expectNothingButPong();
        }
    }

    @Test
    void whatIsInMemoryIsDeliveredAfterTheStoreFailed() throws IOException {
        try (TestBroker broker = start(store);
                TestClient live = TestClient.connected(broker, MqttVersion.MQTT_5, "live");
                TestClient publisher = TestClient.connected(broker, MqttVersion.MQTT_5, "p")) {
            live.subscribe("acme/live/#", QoS.AT_LEAST_ONCE);
            store.condition(StoreCondition.FAILED);
            publisher.send(publish("acme/live/1", QoS.AT_LEAST_ONCE, 2));
            publisher.receive(PubAck.class);
            assertThat(live.receive(Publish.class).topic()).isEqualTo("acme/live/1");
        }
    }

    /// The real one, with room for a few hundred messages: filled, refused, emptied, filled again.
    @Test
    void smallJournalRefusesWhenFullAndGoesOnWhenItIsRead() throws IOException {
        if (directory == null) {
            throw new IllegalStateException("no directory");
        }
        int segment = 64 << 10;
        JournalSettings settings = new JournalSettings(
                directory, JournalSettings.Mode.SYNC, Duration.ofMillis(50), segment, 16L * segment, 0, 100 << 20);
        try (TestBroker broker = start(Journal.open(settings))) {
            keeper(broker).close();
            try (TestClient publisher = TestClient.connected(broker, MqttVersion.MQTT_5, "p")) {
                int accepted = publishUntilRefused(publisher);
                assertThat(accepted).isBetween(100, 5_000);
                try (TestClient keeper = new TestClient(broker.address(), MqttVersion.MQTT_5)) {
                    ConnAck answer = keeper.connect("keeper", false, PERSISTENT);
                    assertThat(answer.sessionPresent()).isTrue();
                    for (int i = 0; i < accepted; i++) {
                        Publish kept = keeper.receive(Publish.class);
                        assertThat(kept.topic()).isEqualTo("acme/kept/" + i);
                        keeper.send(new PubAck(kept.packetId()));
                    }
                    keeper.expectNothingButPong();
                    await().atMost(20, TimeUnit.SECONDS).until(() -> publishes(publisher, accepted));
                    assertThat(keeper.receive(Publish.class).topic()).isEqualTo("acme/kept/" + accepted);
                }
            }
        }
    }

    /// Returns how many were accepted.
    private static int publishUntilRefused(TestClient publisher) throws IOException {
        int accepted = 0;
        while (publishes(publisher, accepted)) {
            accepted++;
        }
        return accepted;
    }

    private static boolean publishes(TestClient publisher, int number) throws IOException {
        publisher.send(new Publish(
                "acme/kept/" + number,
                new byte[1000],
                QoS.AT_LEAST_ONCE,
                false,
                false,
                number % 1000 + 1,
                Properties.NONE));
        Packet answer = publisher.receive();
        if (answer instanceof PubAck ack) {
            assertThat(ack.reason()).isIn(ReasonCode.SUCCESS, ReasonCode.QUOTA_EXCEEDED);
            return ack.reason() == ReasonCode.SUCCESS;
        }
        throw new AssertionError("the publisher got " + answer);
    }
}
