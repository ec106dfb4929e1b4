// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.MessageProperties;
import org.upwell.broker.message.UserProperty;
import org.upwell.broker.message.Will;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.store.StoredState;
import org.upwell.broker.store.StoredState.StoredDelivery;
import org.upwell.broker.testing.FakeBroker;
import org.upwell.broker.testing.FakeConnection;
import org.upwell.broker.testing.FakeLoops;
import org.upwell.broker.topic.Subscription;

class SessionTest {

    /// The one that moves [Ticks] on.
    private static final int BROKERS_OWN_TIMERS = 1;

    private final FakeLoops loops = new FakeLoops(3);
    private final InMemoryStore store = new InMemoryStore();
    private final FakeBroker fake = new FakeBroker(loops, store);

    private FakeConnection subscriber(String clientId, long expirySeconds, int qos) {
        FakeConnection connection = fake.open(clientId).expiry(expirySeconds).now();
        fake.subscribe(connection, "t/#", qos);
        return connection;
    }

    private void publish(String... topics) {
        for (String topic : topics) {
            fake.publish(0, FakeBroker.message(topic, 1));
        }
    }

    private List<Long> storedQueue() {
        return StoredState.of(store).sessions().getFirst().queue().stream()
                .map(StoredDelivery::sequence)
                .toList();
    }

    private List<String> drops() {
        return fake.events().stream()
                .filter(BrokerEvent.MessageDropped.class::isInstance)
                .map(BrokerEvent.MessageDropped.class::cast)
                .map(event ->
                        event.session().clientId() + " " + event.topic() + " " + event.qos() + " " + event.cause())
                .toList();
    }

    private void offline(FakeConnection connection) {
        connection.disconnect();
        loops.settle();
    }

    // ---- Expiry --------------------------------------------------------------------------------------------------

    @Test
    @DisplayName("[MQTT-3.1.2-23] a session is kept for its expiry interval and no longer")
    void aSessionEndsWhenItExpires() {
        FakeConnection connection = subscriber("c", 60, 1);
        offline(connection);
        loops.advance(Duration.ofMillis(59_999));
        assertThat(connection.session().hasEnded()).isFalse();
        loops.advance(Duration.ofMillis(1));
        assertThat(connection.session().hasEnded()).isTrue();
        assertThat(fake.broker().sessions().all()).isEmpty();
        assertThat(fake.broker().subscriptions().size()).isZero();
        assertThat(StoredState.of(store).sessions()).isEmpty();
        assertThat(fake.events())
                .contains(new BrokerEvent.SessionEnded(connection.session().key(), "session expired"));
        assertThat(fake.broker().counters().sessionsEnded.sum()).isEqualTo(1);
    }

    @Test
    void aSessionThatIsOnlineOrCameBackDoesNotExpire() {
        FakeConnection connection = subscriber("c", 60, 1);
        loops.advance(Duration.ofSeconds(100));
        offline(connection);
        loops.advance(Duration.ofSeconds(59));
        FakeConnection back = fake.open("c").expiry(60).on(1).now();
        loops.advance(Duration.ofSeconds(100));
        assertThat(back.session().hasEnded()).isFalse();
        assertThat(loops.timers()).isEqualTo(BROKERS_OWN_TIMERS);
    }

    @Test
    void aSessionThatNeverExpiresSetsNoTimer() {
        offline(subscriber("c", Session.NEVER_EXPIRES, 1));
        assertThat(loops.timers()).isEqualTo(BROKERS_OWN_TIMERS);
    }

    @Test
    @DisplayName("MQTT 5 §3.14.2.2.2: DISCONNECT may change the expiry interval")
    void disconnectChangesTheExpiry() {
        FakeConnection connection = subscriber("c", 60, 1);
        Session session = connection.session();
        loops.get(0).run(() -> session.detach(connection, false, 5L));
        loops.advance(Duration.ofSeconds(5));
        assertThat(session.hasEnded()).isTrue();
        FakeConnection other = subscriber("d", 60, 1);
        loops.get(0).run(() -> other.session().detach(other, false, 0L));
        assertThat(other.session().hasEnded()).as("at once").isTrue();
    }

    @Test
    void aConnectionThatIsNotTheSessionsAnyMoreCannotDetachIt() {
        FakeConnection old = subscriber("c", 60, 1);
        FakeConnection second = fake.open("c").expiry(60).now();
        loops.get(0).run(() -> second.session().detach(old, true, 0L));
        assertThat(second.session().isOnline()).isTrue();
        assertThat(second.session().hasEnded()).isFalse();
    }

    // ---- Will ----------------------------------------------------------------------------------------------------

    private FakeConnection withWill(long expirySeconds, long delaySeconds) {
        Will will = new Will(FakeBroker.message("t/will", 1), delaySeconds, Will.NO_EXPIRY);
        return fake.open("c").expiry(expirySeconds).will(will).now();
    }

    @Test
    @DisplayName("[MQTT-3.1.2-8] a will without delay is published when the connection is lost")
    void aWillIsPublishedAtOnce() {
        FakeConnection watcher = subscriber("watcher", 0, 1);
        withWill(60, 0).lose();
        loops.settle();
        assertThat(watcher.topics()).containsExactly("t/will");
        loops.advance(Duration.ofSeconds(100));
        assertThat(watcher.topics()).as("once").hasSize(1);
    }

    @Test
    @DisplayName("[MQTT-3.14.4-3] a will is discarded by DISCONNECT")
    void aWillIsDiscardedByDisconnect() {
        FakeConnection watcher = subscriber("watcher", 0, 1);
        offline(withWill(60, 0));
        offline(withWill(60, 5));
        loops.advance(Duration.ofSeconds(100));
        assertThat(watcher.received()).isEmpty();
    }

    @Test
    @DisplayName("[MQTT-3.1.3-9] a delayed will is published after its delay")
    void aDelayedWillIsPublishedLater() {
        FakeConnection watcher = subscriber("watcher", 0, 1);
        withWill(60, 5).lose();
        loops.advance(Duration.ofMillis(4_999));
        assertThat(watcher.received()).isEmpty();
        loops.advance(Duration.ofMillis(1));
        assertThat(watcher.topics()).containsExactly("t/will");
        loops.advance(Duration.ofSeconds(100));
        assertThat(watcher.topics()).as("once").hasSize(1);
    }

    @Test
    @DisplayName("[MQTT-3.1.3-9] a delayed will is not published if the session is resumed before")
    void comingBackCancelsADelayedWill() {
        FakeConnection watcher = subscriber("watcher", 0, 1);
        withWill(60, 5).lose();
        loops.advance(Duration.ofSeconds(4));
        fake.open("c").expiry(60).on(1).now();
        loops.advance(Duration.ofSeconds(100));
        assertThat(watcher.received()).isEmpty();
        assertThat(loops.timers()).isEqualTo(BROKERS_OWN_TIMERS);
    }

    @Test
    @DisplayName("[MQTT-3.1.2-8] the session's end publishes a will that still waits")
    void theEndOfTheSessionPublishesAWillThatWaits() {
        FakeConnection watcher = subscriber("watcher", 0, 1);
        withWill(3, 5).lose();
        loops.advance(Duration.ofSeconds(3));
        assertThat(watcher.topics()).containsExactly("t/will");
        withWill(0, 5).lose();
        loops.settle();
        assertThat(watcher.topics()).as("no session, no delay").hasSize(2);
        withWill(60, 5).lose();
        loops.advance(Duration.ofSeconds(1));
        fake.open("c").cleanStart().now();
        assertThat(watcher.topics()).as("clean start").hasSize(3);
        loops.advance(Duration.ofSeconds(100));
        assertThat(watcher.topics()).hasSize(3);
    }

    @Test
    void aWillThatIsNotAllowedAnyMoreIsNotPublished() {
        FakeConnection watcher = subscriber("watcher", 0, 1);
        FakeConnection connection = withWill(60, 5);
        connection.lose();
        loops.settle();
        fake.forbid("t/will");
        loops.advance(Duration.ofSeconds(5));
        assertThat(watcher.received()).isEmpty();
        assertThat(fake.broker().counters().publishesRefused.sum()).isEqualTo(1);
    }

    @Test
    @DisplayName("MQTT 5 §3.1.3.2.4: a will's expiry counts from its publication")
    void aWillsExpiryCountsFromItsPublication() {
        FakeConnection watcher = subscriber("watcher", 0, 1);
        Will will = new Will(FakeBroker.message("t/will", 1), 5, 10);
        fake.open("c").expiry(60).will(will).now().lose();
        loops.advance(Duration.ofSeconds(7));
        assertThat(watcher.received())
                .singleElement()
                .satisfies(delivery ->
                        assertThat(delivery.message().expiresAtMillis()).isEqualTo(loops.millis() - 2_000 + 10_000));
    }

    // ---- Queue ---------------------------------------------------------------------------------------------------

    @Test
    void anOfflineSessionQueuesAndDeliversInOrder() {
        FakeConnection connection = subscriber("c", 60, 2);
        offline(connection);
        publish("t/1", "t/2", "t/3");
        assertThat(connection.session().queuedMessages()).isEqualTo(3);
        assertThat(connection.session().queuedBytes()).isEqualTo(18);
        FakeConnection back = fake.open("c").expiry(60).on(2).now();
        publish("t/4");
        assertThat(back.topics()).containsExactly("t/1", "t/2", "t/3", "t/4");
        assertThat(back.session().queuedMessages()).isZero();
    }

    @Test
    void qos0IsNotKeptForAnOfflineSessionAndIsNoLoss() {
        FakeConnection connection = subscriber("c", 60, 2);
        offline(connection);
        fake.publish(0, FakeBroker.message("t/0", 0));
        FakeConnection back = fake.open("c").expiry(60).now();
        assertThat(back.received()).isEmpty();
        assertThat(drops()).isEmpty();
        fake.publish(1, FakeBroker.message("t/0", 0));
        assertThat(back.topics()).containsExactly("t/0");
    }

    @Test
    void aFullQueueDropsTheNewestByRule() {
        fake.limits(new SessionLimits(2, 1_000, OverflowRule.DROP_NEWEST, 0));
        FakeConnection connection = subscriber("c", 60, 1);
        offline(connection);
        publish("t/1", "t/2", "t/3", "t/4");
        assertThat(drops()).containsExactly("c t/3 1 QUEUE_FULL", "c t/4 1 QUEUE_FULL");
        assertThat(fake.broker().counters().droppedBy(DropCause.QUEUE_FULL)).isEqualTo(2);
        assertThat(storedQueue()).as("the store forgets what was dropped").hasSize(2);
        assertThat(fake.open("c").expiry(60).now().topics()).containsExactly("t/1", "t/2");
    }

    @Test
    void aFullQueueDropsTheOldestByRule() {
        fake.limits(new SessionLimits(2, 1_000, OverflowRule.DROP_OLDEST, 0));
        FakeConnection connection = subscriber("c", 60, 1);
        offline(connection);
        publish("t/1", "t/2", "t/3", "t/4");
        assertThat(drops()).containsExactly("c t/1 1 QUEUE_FULL", "c t/2 1 QUEUE_FULL");
        assertThat(storedQueue()).hasSize(2);
        assertThat(fake.open("c").expiry(60).now().topics()).containsExactly("t/3", "t/4");
    }

    @Test
    void aQueueIsBoundedByBytesToo() {
        fake.limits(new SessionLimits(100, 13, OverflowRule.DROP_NEWEST, 0));
        FakeConnection connection = subscriber("c", 60, 1);
        offline(connection);
        publish("t/1", "t/2", "t/3");
        assertThat(drops()).containsExactly("c t/3 1 QUEUE_FULL");
    }

    @Test
    void propertiesCountAgainstTheBytesOfAQueue() {
        fake.limits(new SessionLimits(100, 1_000, OverflowRule.DROP_NEWEST, 0));
        FakeConnection connection = subscriber("c", 60, 1);
        offline(connection);
        byte[] correlation = new byte[600];
        List<UserProperty> pair = List.of(new UserProperty("name", "v".repeat(500)));
        List<MessageProperties> all = List.of(
                new MessageProperties(0, null, null, correlation, List.of()),
                new MessageProperties(0, null, null, new byte[0], pair),
                new MessageProperties(0, "t".repeat(300), "r".repeat(300), new byte[0], List.of()));
        for (MessageProperties each : all) {
            fake.publish(0, new Message("t/1", new byte[0], 1, false, Message.NEVER, each, null));
        }
        assertThat(drops()).containsExactly("c t/1 1 QUEUE_FULL", "c t/1 1 QUEUE_FULL");
    }

    @Test
    void whatIsInFlightIsNeverDropped() {
        fake.limits(new SessionLimits(1, 1_000, OverflowRule.DROP_OLDEST, 0));
        FakeConnection connection = fake.connection("c").withSendQuota(2);
        fake.open("c").expiry(60).as(connection).now();
        fake.subscribe(connection, "t/#", 1);
        publish("t/1", "t/2", "t/3", "t/4");
        assertThat(connection.topics()).containsExactly("t/1", "t/2");
        assertThat(drops()).containsExactly("c t/3 1 QUEUE_FULL");
        connection.acknowledgeAll();
        assertThat(connection.topics()).containsExactly("t/1", "t/2", "t/4");
    }

    @Test
    @DisplayName("[MQTT-3.3.2-5] a message that expires in the queue is dropped and counted")
    void aMessageThatExpiresInTheQueueIsDropped() {
        FakeConnection connection = subscriber("c", 60, 1);
        offline(connection);
        publish("t/1");
        fake.publish(0, expiring("t/2", 5));
        fake.publish(0, expiring("t/3", 30));
        loops.advance(Duration.ofSeconds(5));
        FakeConnection back = fake.open("c").expiry(60).now();
        assertThat(back.topics()).containsExactly("t/1", "t/3");
        assertThat(drops()).containsExactly("c t/2 1 EXPIRED");
        assertThat(storedQueue()).hasSize(2);
    }

    private Message expiring(String topic, int seconds) {
        return new Message(
                topic, new byte[] {1}, 1, false, loops.millis() + seconds * 1_000L, MessageProperties.NONE, null);
    }

    @Test
    void acknowledgedMessagesLeaveTheStore() {
        FakeConnection connection = subscriber("c", 60, 1);
        publish("t/1", "t/2");
        assertThat(storedQueue()).hasSize(2);
        connection.acknowledgeAll();
        assertThat(storedQueue()).isEmpty();
    }

    // ---- Deliveries ----------------------------------------------------------------------------------------------

    @Test
    void nothingIsDeliveredBeforeTheConnectionBegins() {
        offline(subscriber("c", 60, 1));
        publish("t/1");
        FakeConnection back = fake.connection("c").withoutDelivery();
        fake.open("c").expiry(60).as(back).now();
        publish("t/2");
        assertThat(back.received()).isEmpty();
        loops.get(0).run(() -> {
            back.session().startDelivery();
            back.pump();
        });
        assertThat(back.topics()).containsExactly("t/1", "t/2");
    }

    @Test
    void anOwnLoopsMessageDoesNotOvertakeMailFromElsewhere() {
        FakeConnection connection = subscriber("c", 0, 1);
        Session session = connection.session();
        loops.get(1).run(() -> session.deliver(delivery("t/1"), fake.owner(1)));
        loops.get(0).run(() -> session.deliver(delivery("t/2"), fake.owner(0)));
        assertThat(connection.received()).as("in the mailbox both").isEmpty();
        loops.settle();
        assertThat(connection.topics()).containsExactly("t/1", "t/2");
        loops.get(0).run(() -> session.deliver(delivery("t/3"), fake.owner(0)));
        assertThat(connection.topics()).as("at once").hasSize(3);
    }

    private static Delivery delivery(String topic) {
        return new Delivery(FakeBroker.message(topic, 1), 0, 1, false, Delivery.NO_IDS);
    }

    @Test
    void oneDeliveryThatFailsTakesNoOtherWithIt() {
        FakeConnection connection = subscriber("c", 0, 1);
        connection.failOnce();
        loops.get(1).run(() -> {
            connection.session().deliver(delivery("t/1"), fake.owner(1));
            connection.session().deliver(delivery("t/2"), fake.owner(1));
            connection.session().deliver(delivery("t/3"), fake.owner(1));
        });
        loops.settle();
        assertThat(connection.topics()).containsExactly("t/2", "t/3");
    }

    @Test
    void lateDeliveriesToAnEndedSessionVanish() {
        FakeConnection connection = subscriber("c", 0, 1);
        Session session = connection.session();
        loops.get(1).run(() -> session.deliver(delivery("t/1"), fake.owner(1)));
        loops.get(0).run(() -> session.end("deleted"));
        loops.settle();
        loops.get(0).run(() -> session.deliver(delivery("t/2"), fake.owner(0)));
        assertThat(connection.received()).isEmpty();
        assertThat(connection.endCause()).isEqualTo("deleted");
        assertThat(session.queuedMessages()).isZero();
        assertThat(drops()).isEmpty();
        loops.get(0).run(() -> session.end("again"));
        assertThat(fake.broker().counters().sessionsEnded.sum()).isEqualTo(1);
    }

    @Test
    void mailFollowsASessionThatMoved() {
        FakeConnection connection = subscriber("c", 60, 1);
        Session session = connection.session();
        loops.get(1).run(() -> session.deliver(delivery("t/1"), fake.owner(1)));
        FakeConnection second = fake.open("c").expiry(60).on(2).now();
        assertThat(session.owner()).isSameAs(fake.owner(2));
        assertThat(second.topics()).containsExactly("t/1");
    }

    /// Each round hands the owner a batch that the session's next owner drains.
    @Test
    void mailThatMovedWithItsSessionIsNoBacklogOfItsOldOwner() {
        fake.limits(new SessionLimits(1_000_000, 1L << 40, OverflowRule.DROP_NEWEST, 0));
        FakeConnection connection = fake.open("c").expiry(60).on(1).now();
        Session session = connection.session();
        int rounds = 5;
        int batch = 20_000;
        for (int round = 0; round < rounds; round++) {
            loops.get(0).run(() -> {
                for (int i = 0; i < batch; i++) {
                    session.deliver(delivery("t"), fake.owner(0));
                }
            });
            fake.open("c").expiry(60).on(2).begin();
            assertThat(loops.get(1).runNext())
                    .as("the claim comes before the batch's end")
                    .isTrue();
            assertThat(session.owner()).isSameAs(fake.owner(2));
            loops.settle();
            fake.open("c").expiry(60).on(1).now();
        }
        loops.get(0)
                .run(() -> assertThat(fake.owner(0).mustWait(() -> {}))
                        .as("nothing is out any more")
                        .isFalse());
        assertThat(session.queuedMessages() + session.inFlight().size()).isEqualTo(rounds * batch);
    }

    // ---- Subscriptions -------------------------------------------------------------------------------------------

    @Test
    @DisplayName("[MQTT-3.8.4-3] [MQTT-3.10.4-1] [MQTT-3.10.4-2] subscriptions are replaced and removed by their text")
    void subscriptionsAreReplacedAndRemoved() {
        FakeConnection connection = fake.open("c").expiry(60).now();
        Session session = connection.session();
        Subscription<Subscriber> first =
                new Subscription<>(session, FakeBroker.filter("t").filter(), 0, false, false, 0);
        Subscription<Subscriber> second =
                new Subscription<>(session, FakeBroker.filter("t").filter(), 2, false, false, 7);
        loops.get(0).run(() -> {
            assertThat(session.subscribe(FakeBroker.filter("t"), first, Commit.NONE))
                    .isTrue();
            assertThat(session.subscribe(FakeBroker.filter("t"), second, Commit.NONE))
                    .isFalse();
        });
        assertThat(StoredState.of(store).sessions().getFirst().subscriptions())
                .singleElement()
                .satisfies(kept -> assertThat(kept.identifier()).isEqualTo(7));
        publish("t");
        assertThat(connection.received())
                .singleElement()
                .satisfies(delivery -> assertThat(delivery.subscriptionIds()).containsExactly(7));
        loops.get(0).run(() -> {
            assertThat(session.unsubscribe("t/x", Commit.NONE)).isFalse();
            assertThat(session.unsubscribe("t", Commit.NONE)).isTrue();
            assertThat(session.unsubscribe("t", Commit.NONE)).isFalse();
        });
        publish("t");
        assertThat(connection.received()).hasSize(1);
        assertThat(StoredState.of(store).sessions().getFirst().subscriptions()).isEmpty();
    }

    @Test
    void theOwnersThreadIsChecked() {
        Session session = subscriber("c", 60, 1).session();
        assertThatThrownBy(() -> session.end("x")).isInstanceOf(IllegalStateException.class);
        loops.get(1)
                .run(() -> assertThatThrownBy(session::startDelivery)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("loop-0"));
    }

    // ---- Retained messages ---------------------------------------------------------------------------------------

    @Test
    void retainedMessagesAreNotLostBecauseMailWaits() {
        fake.limits(new SessionLimits(20, 1 << 20, OverflowRule.DROP_NEWEST, 1 << 20));
        List<Message> retained = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Message message = FakeBroker.retained("t/" + i, 1);
            retained.add(message);
            fake.publish(0, message);
        }
        FakeConnection connection = fake.connection("a").withSendQuota(1);
        fake.open("a").expiry(3600).as(connection).now();
        fake.subscribe(connection, "mail", 1);
        Session session = connection.session();

        loops.get(1).run(() -> fake.route(1, FakeBroker.message("mail", 1)));
        session.owner().run(() -> {
            Subscription<Subscriber> subscription =
                    new Subscription<>(session, FakeBroker.filter("t/#").filter(), 1, false, false, 0);
            session.subscribe(FakeBroker.filter("t/#"), subscription, Commit.NONE);
            session.sendRetained(subscription, retained);
            connection.pump();
        });
        loops.settle();
        while (connection.received().size() < 101) {
            int before = connection.received().size();
            loops.get(0).run(connection::acknowledgeAll);
            loops.settle();
            assertThat(connection.received().size()).isGreaterThan(before);
        }

        assertThat(connection.topics()).doesNotHaveDuplicates().contains("mail");
        assertThat(session.drops().total()).isZero();
    }
}
