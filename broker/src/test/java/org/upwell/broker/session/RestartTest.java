// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.Will;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.session.InFlight.Stage;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.store.SessionRecord.QueueLimit;
import org.upwell.broker.store.StoredState;
import org.upwell.broker.testing.FakeBroker;
import org.upwell.broker.testing.FakeConnection;
import org.upwell.broker.testing.FakeLoops;
import org.upwell.broker.topic.Subscription;

/// A second broker on what the first one's store kept.
class RestartTest {

    private final FakeLoops loops = new FakeLoops(2);
    private final InMemoryStore store = new InMemoryStore();
    private final FakeBroker before = new FakeBroker(loops, store);

    private FakeBroker restart() {
        FakeBroker after = new FakeBroker(loops, store);
        loops.settle();
        return after;
    }

    private FakeConnection subscriber(String clientId) {
        FakeConnection connection = before.open(clientId).expiry(60).now();
        before.subscribe(connection, "t/#", 2);
        return connection;
    }

    @Test
    void sessionsSubscriptionsAndQueuesComeBack() {
        FakeConnection offline = subscriber("offline");
        offline.disconnect();
        loops.settle();
        before.open("short").now();
        before.publish(0, FakeBroker.message("t/1", 1));
        before.publish(1, FakeBroker.message("t/2", 2));
        before.publish(0, FakeBroker.message("t/3", 1));
        before.publish(0, FakeBroker.message("t/gone", 0));

        FakeBroker after = restart();
        assertThat(after.broker().sessions().all()).hasSize(1);
        assertThat(after.broker().subscriptions().size()).isEqualTo(1);
        after.publish(1, FakeBroker.message("t/4", 2));
        FakeConnection back = after.open("offline").expiry(60).on(1).now();
        assertThat(back.isPresent()).isTrue();
        assertThat(back.topics()).containsExactly("t/1", "t/2", "t/3", "t/4");
        assertThat(back.received()).extracting(Delivery::qos).containsExactly(1, 2, 1, 2);
        assertThat(after.open("short").now().isPresent()).isFalse();
        back.acknowledgeAll();
        assertThat(StoredState.of(store).sessions().getFirst().queue()).isEmpty();
    }

    @Test
    void groupsOfSharedSubscriptionsComeBackWithTheirQueues() {
        FakeConnection one = before.open("one").expiry(60).now();
        FakeConnection two = before.open("two").expiry(60).now();
        before.subscribeShared(one, "$share/g/t/#", 2);
        before.subscribeShared(two, "$share/g/t/#", 2);
        one.disconnect();
        two.disconnect();
        loops.settle();
        before.publish(0, FakeBroker.message("t/1", 1));
        before.publish(0, FakeBroker.message("t/2", 2));

        FakeBroker after = restart();
        assertThat(after.broker().groups().all())
                .singleElement()
                .satisfies(group -> assertThat(group.memberCount()).isEqualTo(2));
        after.publish(1, FakeBroker.message("t/3", 1));
        FakeConnection back = after.open("two").expiry(60).now();
        assertThat(back.topics()).containsExactly("t/1", "t/2", "t/3");
        back.acknowledgeAll();
        assertThat(StoredState.of(store).sessions())
                .allSatisfy(each -> assertThat(each.queue()).isEmpty());
    }

    @Test
    void subscriptionOptionsComeBack() {
        FakeConnection connection = before.open("c").expiry(60).now();
        before.subscribe(new Subscription<>(
                connection.session(), FakeBroker.filter("t/+").filter(), 1, true, true, 9));
        FakeBroker after = restart();
        FakeConnection back = after.open("c").expiry(60).now();
        after.publish(0, FakeBroker.retained("t/x", 1));
        assertThat(back.received()).singleElement().satisfies(delivery -> {
            assertThat(delivery.retain()).isTrue();
            assertThat(delivery.subscriptionIds()).containsExactly(9);
        });
        loops.get(0)
                .run(() -> after.broker()
                        .router()
                        .route(FakeBroker.message("t/own", 1), back.session(), 0, after.owner(0), Commit.NONE));
        assertThat(back.topics()).as("no local").containsExactly("t/x");
    }

    @Test
    void qos2HandshakesGoOnUnderTheirPacketIds() {
        FakeConnection connection = subscriber("c");
        for (String topic : List.of("t/first", "t/sent", "t/received")) {
            before.publish(0, FakeBroker.message(topic, 2));
        }
        long number = connection.session().storeNumber();
        List<InFlight.Entry> entries = connection.session().inFlight().inOrder();
        store.outboundSent(number, entries.get(1).delivery().sequence(), 300, Commit.NONE);
        store.outboundSent(number, entries.get(2).delivery().sequence(), 700, Commit.NONE);
        store.outboundReceived(number, entries.get(2).delivery().sequence(), Commit.NONE);

        FakeBroker after = restart();
        FakeConnection back = after.connection("c").withSendQuota(0);
        after.open("c").expiry(60).as(back).now();
        assertThat(back.session().inFlight().inOrder())
                .extracting(entry -> entry.packetId() + " " + entry.stage() + " " + entry.sequence())
                .containsExactly(
                        "1 " + Stage.AWAITS_PUBREC + " " + entries.get(0).sequence(),
                        "300 " + Stage.AWAITS_PUBREC + " " + entries.get(1).sequence(),
                        "700 " + Stage.AWAITS_PUBCOMP + " " + entries.get(2).sequence());
        assertThat(back.session()
                        .inFlight()
                        .inOrder()
                        .get(1)
                        .delivery()
                        .message()
                        .topic())
                .isEqualTo("t/sent");
    }

    @Test
    void inboundPacketIdsComeBackAsCommitted() {
        FakeConnection publisher = before.open("p").expiry(60).now();
        Owner owner = before.owner(0);
        loops.get(0)
                .run(() -> before.broker()
                        .router()
                        .route(FakeBroker.message("t/1", 2), publisher.session(), 17, owner, Commit.NONE));
        FakeBroker after = restart();
        InboundPacketIds ids = after.open("p").expiry(60).now().session().inboundPacketIds();
        assertThat(ids.isTaken(17)).isTrue();
        assertThat(ids.isCommitted(17)).isTrue();
        assertThat(ids.size()).isEqualTo(1);
    }

    @Test
    void retainedMessagesComeBack() {
        before.publish(0, FakeBroker.retained("t/1", 1));
        before.publish(0, FakeBroker.retained("t/2", 0));
        before.publish(0, FakeBroker.retained("t/1", 1, ""));
        assertThat(restart().broker().retained().matching(FakeBroker.filter("#").filter()))
                .extracting(Message::topic)
                .containsExactly("t/2");
    }

    @Test
    void theExpiryIntervalRunsOnWhileTheProcessIsDown() {
        FakeConnection connection = subscriber("c");
        connection.disconnect();
        loops.advance(Duration.ofSeconds(20));
        List<StoredState.StoredSession> kept = StoredState.of(store).sessions();
        assertThat(kept).hasSize(1);
        // The first broker's own timer is not what ends it: look at a store of its own.
        FakeLoops later = new FakeLoops(1);
        InMemoryStore copy = new InMemoryStore();
        copy.putSession(kept.getFirst().session(), Commit.NONE);
        later.advance(Duration.ofSeconds(30));
        FakeBroker after = new FakeBroker(later, copy);
        later.settle();
        later.advance(Duration.ofMillis(29_999));
        assertThat(after.broker().sessions().all()).hasSize(1);
        later.advance(Duration.ofMillis(1));
        assertThat(after.broker().sessions().all()).isEmpty();
        assertThat(StoredState.of(copy).sessions()).isEmpty();
    }

    @Test
    void aSessionThatWasOnlineAtACrashHasItsIntervalOnceNotAfterEachRestart() {
        subscriber("c");
        FakeLoops first = new FakeLoops(1);
        InMemoryStore copy = new InMemoryStore();
        copy.putSession(StoredState.of(store).sessions().getFirst().session(), Commit.NONE);
        new FakeBroker(first, copy);
        first.settle();
        assertThat(StoredState.of(copy).sessions().getFirst().session().offlineSinceMillis())
                .isEqualTo(first.millis());
        FakeLoops second = new FakeLoops(1);
        second.advance(Duration.ofSeconds(50));
        FakeBroker after = new FakeBroker(second, copy);
        second.advance(Duration.ofSeconds(10));
        assertThat(after.broker().sessions().all()).isEmpty();
    }

    @Test
    void aSessionResumedForOneLastConnectionDoesNotComeBack() {
        subscriber("c").disconnect();
        loops.settle();
        before.open("c").now();
        FakeBroker after = restart();
        loops.advance(Duration.ZERO);
        assertThat(after.broker().sessions().all()).isEmpty();
        assertThat(StoredState.of(store).sessions()).isEmpty();
    }

    @Test
    void aWillThatWaitedIsPublishedAfterTheRestart() {
        subscriber("watcher").disconnect();
        Will will = new Will(FakeBroker.message("t/will", 1), 30, Will.NO_EXPIRY);
        before.open("delayed").expiry(60).will(will).now().lose();
        before.open("online")
                .expiry(60)
                .will(new Will(FakeBroker.message("t/crash", 1), 0, Will.NO_EXPIRY))
                .now();
        before.open("clean").expiry(60).will(will).now().disconnect();
        loops.settle();
        loops.advance(Duration.ofSeconds(20));

        FakeBroker after = restart();
        FakeConnection watcher = after.open("watcher").expiry(60).now();
        assertThat(watcher.topics()).as("the process took the connection down").containsExactly("t/crash");
        loops.advance(Duration.ofSeconds(9));
        assertThat(watcher.topics()).hasSize(1);
        loops.advance(Duration.ofSeconds(1));
        assertThat(watcher.topics()).containsExactly("t/crash", "t/will");
        assertThat(StoredState.of(store).sessions())
                .extracting(each -> each.session().will())
                .containsOnlyNulls();
    }

    @Test
    void lossesAreKept() {
        FakeConnection connection = subscriber("c");
        connection
                .session()
                .drop(new Delivery(FakeBroker.message("t", 0), 0, 0, false, Delivery.NO_IDS), DropCause.QOS_0_PRESSURE);
        connection
                .session()
                .drop(new Delivery(FakeBroker.message("t", 0), 0, 0, false, Delivery.NO_IDS), DropCause.QOS_0_PRESSURE);
        connection.session().owner().run(() -> connection.session().toldOfDrops(1));
        loops.settle();
        loops.advance(Duration.ofSeconds(1));
        Drops drops = restart().open("c").expiry(60).now().session().drops();
        assertThat(drops.total()).isEqualTo(2);
        assertThat(drops.untold()).isEqualTo(1);
        assertThat(drops.snapshot().by(DropCause.QOS_0_PRESSURE)).isEqualTo(2);
    }

    @Test
    void aQueueThatOutgrowsTheLimitsOfTodayIsCutByRuleAndCounted() {
        subscriber("c").disconnect();
        loops.settle();
        for (int i = 0; i < 5; i++) {
            before.publish(0, FakeBroker.message("t/" + i, 1));
        }
        FakeLoops own = new FakeLoops(1);
        FakeBroker after = new FakeBroker(own, store, new SessionLimits(3, 1_000, OverflowRule.DROP_OLDEST, 0));
        own.settle();
        FakeConnection back = after.open("c").expiry(60).now();
        assertThat(back.topics()).containsExactly("t/2", "t/3", "t/4");
        assertThat(after.broker().counters().droppedBy(DropCause.QUEUE_FULL)).isEqualTo(2);
        assertThat(StoredState.of(store).sessions().getFirst().queue()).hasSize(3);
    }

    @Test
    void whatACredentialClaimedForTheQueueHoldsOverARestart() {
        FakeLoops own = new FakeLoops(1);
        SessionLimits configured = new SessionLimits(3, 1_000, OverflowRule.DROP_NEWEST, 0);
        FakeBroker first = new FakeBroker(own, store, configured);
        FakeConnection connection =
                first.open("c").expiry(60).claiming(new QueueLimit(5, 2_000)).now();
        first.subscribe(connection, "t/#", 1);
        connection.disconnect();
        own.settle();
        for (int i = 0; i < 4; i++) {
            first.publish(0, FakeBroker.message("t/" + i, 1));
        }

        FakeBroker second = new FakeBroker(own, store, configured);
        own.settle();
        for (int i = 4; i < 7; i++) {
            second.publish(0, FakeBroker.message("t/" + i, 1));
        }

        assertThat(second.broker().counters().droppedBy(DropCause.QUEUE_FULL)).isEqualTo(2);
        assertThat(second.open("c").expiry(60).now().topics()).containsExactly("t/0", "t/1", "t/2", "t/3", "t/4");
    }
}
