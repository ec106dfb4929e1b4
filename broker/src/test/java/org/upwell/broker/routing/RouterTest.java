// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.routing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.upwell.broker.message.Message;
import org.upwell.broker.session.Delivery;
import org.upwell.broker.session.Session;
import org.upwell.broker.session.Subscriber;
import org.upwell.broker.store.Append;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.StoreCondition;
import org.upwell.broker.store.StoredState;
import org.upwell.broker.testing.FakeBroker;
import org.upwell.broker.testing.FakeConnection;
import org.upwell.broker.testing.FakeLoops;
import org.upwell.broker.testing.FakeStore;
import org.upwell.broker.testing.RecordedCommit;
import org.upwell.broker.topic.Subscription;

class RouterTest {

    private final FakeLoops loops = new FakeLoops(2);
    private final FakeStore store = new FakeStore();
    private final FakeBroker fake = new FakeBroker(loops, store);

    RouterTest() {
        store.hold(false);
    }

    private FakeConnection connect(String clientId, long expirySeconds) {
        return fake.open(clientId).expiry(expirySeconds).now();
    }

    private FakeConnection subscriber(String clientId, long expirySeconds, int qos) {
        FakeConnection connection = connect(clientId, expirySeconds);
        fake.subscribe(connection, "t", qos);
        return connection;
    }

    private void subscribe(FakeConnection connection, String filter, int qos, boolean noLocal, int identifier) {
        fake.subscribe(new Subscription<>(
                connection.session(), FakeBroker.filter(filter).filter(), qos, noLocal, false, identifier));
    }

    /// Routes on loop 0. From here on the store holds its commits.
    private RecordedCommit route(Message message, @Nullable Session publisher, int packetId) {
        store.hold(true);
        RecordedCommit accepted = new RecordedCommit(fake.owner(0), () -> {});
        loops.get(0).run(() -> fake.broker().router().route(message, publisher, packetId, fake.owner(0), accepted));
        loops.settle();
        return accepted;
    }

    private RecordedCommit route(Message message) {
        return route(message, null, 0);
    }

    private void commitAll() {
        store.commitAll();
        loops.settle();
    }

    // ---- What needs the store ------------------------------------------------------------------------------------

    /// A message needs no store only if it has no persistent target, is not retained, and is not QoS 2 from a
    /// persistent publisher.
    @ParameterizedTest
    @CsvSource({
        // QoS, subscribed QoS, persistent subscriber, retained, persistent publisher, needs store
        "0, 2, true,  false, true,  false",
        "1, 0, true,  false, true,  false",
        "1, 1, false, false, true,  false",
        "1, 2, false, false, false, false",
        "2, 2, false, false, false, false",
        "2, 0, true,  false, false, false",
        "0, 0, false, true,  false, true",
        "1, 1, true,  false, false, true",
        "2, 1, true,  false, false, true",
        "2, 2, true,  false, false, true",
        "1, 1, false, true,  false, true",
        "2, 0, false, false, true,  true"
    })
    void onlyWhatMustSurviveIsStored(
            int qos,
            int subscribedQos,
            boolean persistentSubscriber,
            boolean retained,
            boolean persistentPublisher,
            boolean needsStore) {
        subscriber("s", persistentSubscriber ? 60 : 0, subscribedQos);
        Session publisher = connect("p", persistentPublisher ? 60 : 0).session();
        Message message = retained ? FakeBroker.retained("t", qos) : FakeBroker.message("t", qos);
        RecordedCommit accepted = route(message, publisher, qos == 2 ? 9 : 0);
        assertThat(store.appends()).hasSize(needsStore ? 1 : 0);
        assertThat(accepted.calls()).as("acknowledged before the commit").hasSize(needsStore ? 0 : 1);
        commitAll();
        accepted.assertCommittedOnce();
    }

    @Test
    void oneAppendHoldsAllThatAcceptanceMeans() {
        long a = subscriber("a", 60, 1).session().storeNumber();
        FakeConnection b = connect("b", 60);
        subscribe(b, "t", 2, false, 5);
        subscribe(b, "#", 0, false, 6);
        subscriber("at0", 60, 0);
        subscriber("short", 0, 2);
        Session publisher = connect("p", 60).session();
        route(FakeBroker.retained("t", 2), publisher, 77);
        assertThat(store.appends()).singleElement().satisfies(append -> {
            assertThat(append.retained()).isTrue();
            assertThat(append.publisher()).isEqualTo(publisher.storeNumber());
            assertThat(append.packetId()).isEqualTo(77);
            assertThat(append.targets())
                    .extracting(QueueTarget::session)
                    .containsExactlyInAnyOrder(a, b.session().storeNumber());
            for (QueueTarget target : append.targets()) {
                assertThat(target.qos()).isEqualTo(target.session() == a ? 1 : 2);
                assertThat(target.retain()).isFalse();
                if (target.session() != a) {
                    assertThat(target.subscriptionIds()).containsExactlyInAnyOrder(5, 6);
                }
            }
        });
    }

    @Test
    void packetIdIsKeptAtQos2Only() {
        Session publisher = connect("p", 60).session();
        subscriber("s", 60, 1);
        route(FakeBroker.message("t", 1), publisher, 0);
        assertThat(store.appends()).extracting(Append::publisher).containsExactly(0L);
    }

    @Test
    void aFailedCommitIsNoAcknowledgement() {
        subscriber("s", 60, 2);
        RecordedCommit one = route(FakeBroker.message("t", 1));
        RecordedCommit two = route(FakeBroker.message("t", 2));
        store.failAll();
        loops.settle();
        assertThat(one.calls()).containsExactly("failed: disk is gone");
        assertThat(two.calls()).containsExactly("failed: disk is gone");
    }

    // ---- When it is delivered ------------------------------------------------------------------------------------

    @Test
    void qos0And1AreDeliveredBeforeTheCommit() {
        FakeConnection subscriber = subscriber("s", 60, 2);
        route(FakeBroker.message("t", 1));
        route(FakeBroker.retained("t", 0));
        assertThat(subscriber.received()).extracting(Delivery::qos).containsExactly(1, 0);
        assertThat(store.waiting()).isEqualTo(2);
    }

    @Test
    void qos2IsNotDeliveredBeforeTheCommit() {
        FakeConnection persistent = subscriber("s", 60, 2);
        FakeConnection cleanToo = subscriber("clean", 0, 1);
        RecordedCommit accepted = route(FakeBroker.message("t", 2));
        assertThat(persistent.received()).isEmpty();
        assertThat(cleanToo.received()).isEmpty();
        commitAll();
        assertThat(persistent.received()).extracting(Delivery::qos).containsExactly(2);
        assertThat(cleanToo.received()).extracting(Delivery::qos).containsExactly(1);
        accepted.assertCommittedOnce();
    }

    @Test
    void qos2ThatCannotBeStoredIsNotDelivered() {
        FakeConnection subscriber = subscriber("s", 60, 2);
        route(FakeBroker.message("t", 2));
        store.failAll();
        loops.settle();
        assertThat(subscriber.received()).isEmpty();
    }

    @Test
    @DisplayName("[MQTT-4.6.0-6] a QoS 2 message that needs no store does not overtake one that does")
    void qos2MessagesKeepTheirOrderWhetherStoredOrNot() {
        FakeConnection subscriber = subscriber("s", 0, 2);
        List<String> told = new ArrayList<>();
        RecordedCommit retained = route(FakeBroker.retained("t", 2, "first"));
        store.hold(true);
        RecordedCommit plain = new RecordedCommit(fake.owner(0), () -> told.add("plain"));
        Message second = Message.of("t", new byte[] {2}, 2);
        loops.get(0).run(() -> fake.broker().router().route(second, null, 0, fake.owner(0), plain));
        loops.settle();
        assertThat(subscriber.received()).isEmpty();
        assertThat(plain.calls()).isEmpty();
        commitAll();
        assertThat(subscriber.received())
                .extracting(delivery -> delivery.message().payload().length)
                .containsExactly(5, 1);
        retained.assertCommittedOnce();
        plain.assertCommittedOnce();
        route(second);
        assertThat(subscriber.received()).as("nothing is ahead any more").hasSize(3);
    }

    @Test
    void aFailureAheadIsNoReasonToWaitForever() {
        FakeConnection subscriber = subscriber("s", 0, 2);
        route(FakeBroker.retained("t", 2));
        store.failAll();
        loops.settle();
        route(FakeBroker.message("t", 2));
        assertThat(subscriber.topics()).containsExactly("t");
    }

    // ---- How it is delivered -------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({"0,0,0", "0,2,0", "1,0,0", "1,1,1", "1,2,1", "2,0,0", "2,1,1", "2,2,2"})
    @DisplayName("[MQTT-3.8.4-8] the lesser QoS of message and subscription")
    void qosIsTheLesserOne(int published, int subscribed, int expected) {
        FakeConnection subscriber = subscriber("s", 0, subscribed);
        route(FakeBroker.message("t", published));
        assertThat(subscriber.received()).extracting(Delivery::qos).containsExactly(expected);
    }

    @Test
    @DisplayName("[MQTT-3.3.4-2] overlapping subscriptions deliver once, at the greatest QoS, with all identifiers")
    void overlappingSubscriptionsDeliverOnce() {
        FakeConnection subscriber = connect("s", 0);
        subscribe(subscriber, "t", 0, false, 1);
        subscribe(subscriber, "+", 2, false, 0);
        subscribe(subscriber, "#", 1, false, 3);
        route(FakeBroker.message("t", 2));
        assertThat(subscriber.received()).singleElement().satisfies(delivery -> {
            assertThat(delivery.qos()).isEqualTo(2);
            assertThat(delivery.subscriptionIds()).containsExactlyInAnyOrder(1, 3);
        });
    }

    @Test
    @DisplayName("[MQTT-3.3.1-12] [MQTT-3.3.1-13] the retain flag goes on only if it was asked for")
    void retainAsPublished() {
        FakeConnection plain = subscriber("plain", 0, 1);
        FakeConnection asked = connect("asked", 0);
        fake.subscribe(
                new Subscription<>(asked.session(), FakeBroker.filter("t").filter(), 1, false, true, 0));
        route(FakeBroker.retained("t", 1));
        route(FakeBroker.message("t", 1));
        assertThat(plain.received()).extracting(Delivery::retain).containsExactly(false, false);
        assertThat(asked.received()).extracting(Delivery::retain).containsExactly(true, false);
        commitAll();
        assertThat(StoredState.of(store).retained()).hasSize(1);
    }

    @Test
    @DisplayName("[MQTT-3.8.3-3] no local keeps a session's own messages from it, by that subscription")
    void noLocal() {
        FakeConnection own = connect("own", 60);
        subscribe(own, "t", 2, true, 1);
        FakeConnection other = connect("other", 60);
        subscribe(other, "t", 2, true, 2);
        route(FakeBroker.message("t", 1), own.session(), 0);
        assertThat(own.received()).isEmpty();
        assertThat(other.received()).hasSize(1);
        assertThat(store.appends())
                .singleElement()
                .satisfies(append -> assertThat(append.targets())
                        .extracting(QueueTarget::session)
                        .containsExactly(other.session().storeNumber()));
        store.hold(false);
        subscribe(own, "#", 1, false, 3);
        route(FakeBroker.message("t", 2), own.session(), 8);
        commitAll();
        assertThat(own.received()).singleElement().satisfies(delivery -> {
            assertThat(delivery.qos()).as("by the other subscription").isEqualTo(1);
            assertThat(delivery.subscriptionIds()).containsExactly(3);
        });
    }

    @Test
    void subscribersWithTheSameWishesShareOneDelivery() {
        FakeConnection a = subscriber("a", 0, 1);
        FakeConnection b = subscriber("b", 0, 1);
        route(FakeBroker.message("t", 1));
        assertThat(a.received().getFirst()).isSameAs(b.received().getFirst());
    }

    @Test
    void aRetainedMessageIsFoundAfterwardsAndClearedByAnEmptyOne() {
        route(FakeBroker.retained("t", 1));
        commitAll();
        assertThat(fake.broker().retained().matching(FakeBroker.filter("#").filter()))
                .hasSize(1);
        route(FakeBroker.retained("t", 1, ""));
        commitAll();
        assertThat(fake.broker().retained().size()).isZero();
        assertThat(StoredState.of(store).retained()).isEmpty();
    }

    // ---- Retained messages and time ------------------------------------------------------------------------------

    private void subscribeMeanwhile(FakeConnection connection, int qos) {
        store.hold(false);
        fake.subscribe(connection, "t", qos);
        store.hold(true);
    }

    @Test
    @DisplayName("[MQTT-3.3.1-5] who subscribes while a retained message is being committed gets it, and once")
    void latecomersGetARetainedMessageWhenItIsCommitted() {
        FakeConnection early = subscriber("early", 60, 2);
        FakeConnection late = connect("late", 60);
        FakeConnection group = connect("group", 0);
        RecordedCommit accepted = route(FakeBroker.retained("t", 2));
        subscribeMeanwhile(late, 2);
        store.hold(false);
        fake.subscribeShared(group, "$share/g/t", 1);
        store.hold(true);
        store.commitNext();
        loops.settle();
        assertThat(early.received()).hasSize(1);
        assertThat(late.received()).singleElement().satisfies(delivery -> {
            assertThat(delivery.qos()).isEqualTo(2);
            assertThat(delivery.retain()).isFalse();
        });
        assertThat(group.received()).hasSize(1);
        assertThat(accepted.calls()).as("it is not in each queue yet").isEmpty();
        assertThat(StoredState.of(store).sessions())
                .filteredOn(each -> each.session().key().clientId().equals("late"))
                .singleElement()
                .satisfies(kept -> assertThat(kept.queue()).hasSize(1));
        commitAll();
        accepted.assertCommittedOnce();
        assertThat(late.received()).hasSize(1);
    }

    @Test
    void latecomersAreSparedARetainedMessageThatALaterOneReplaced() {
        FakeConnection late = connect("late", 0);
        route(FakeBroker.retained("t", 2, "first"));
        subscribeMeanwhile(late, 0);
        route(FakeBroker.retained("t", 0, "second"));
        commitAll();
        assertThat(late.received())
                .extracting(delivery -> new String(delivery.message().payload(), UTF_8))
                .containsExactly("second");
    }

    /// What a subscription of a persistent session made before, is to get what was kept then.
    private FakeConnection subscribedToKept() {
        FakeConnection late = subscriber("late", 60, 1);
        Message kept = FakeBroker.retained("t", 1, "kept");
        fake.broker().retained().restore(store.nextSequence(), kept);
        Subscription<Subscriber> subscription =
                new Subscription<>(late.session(), FakeBroker.filter("t").filter(), 1, false, false, 0);
        route(FakeBroker.retained("t", 2, "new"));
        late.session().owner().run(() -> {
            late.session().sendRetained(subscription, new ArrayList<>(List.of(kept)));
            late.pump();
        });
        loops.settle();
        assertThat(late.received()).as("while it is open which one is kept").isEmpty();
        return late;
    }

    private static List<String> payloads(List<Delivery> deliveries) {
        return deliveries.stream()
                .map(delivery -> new String(delivery.message().payload(), UTF_8))
                .toList();
    }

    /// Its sequence would be the higher one, and the queue that a restart brings back would end with what is no
    /// longer true.
    @Test
    void aRetainedMessageDoesNotEnterAQueueBehindTheOneThatTakesItsPlace() {
        FakeConnection late = subscribedToKept();
        commitAll();
        assertThat(payloads(late.received())).containsExactly("new");
        assertThat(StoredState.of(store).sessions())
                .singleElement()
                .satisfies(kept -> assertThat(kept.queue())
                        .extracting(queued -> new String(queued.message().payload(), UTF_8))
                        .containsExactly("new"));
    }

    /// Nor is it missed if that one is not taken after all, and what is behind it in the queue comes after it.
    @Test
    void aRetainedMessageComesOnceTheOneThatWasToTakeItsPlaceIsRefused() {
        store.refuse(true);
        FakeConnection late = subscribedToKept();
        store.refuse(false);
        loops.get(0)
                .run(() ->
                        fake.broker().router().route(FakeBroker.message("t", 1), null, 0, fake.owner(0), Commit.NONE));
        loops.settle();
        assertThat(late.received()).as("what is newer waits behind it").isEmpty();
        commitAll();
        assertThat(payloads(late.received())).containsExactly("kept", "t");
    }

    @Test
    void aRetainedMessageThatTheStoreRefusesLosesItsPlaceToTheOneBefore() {
        FakeConnection subscriber = subscriber("s", 0, 1);
        route(FakeBroker.retained("t", 1, "kept"));
        commitAll();
        store.refuse(true);
        RecordedCommit refused = route(FakeBroker.retained("t", 1, "refused"));
        RecordedCommit clearing = route(FakeBroker.retained("t", 0, ""));
        assertThat(fake.broker().retained().size()).isZero();
        commitAll();
        assertThat(refused.calls()).containsExactly("failed: the disk is full");
        assertThat(clearing.calls()).containsExactly("failed: the disk is full");
        assertThat(fake.broker().retained().matching(FakeBroker.filter("t").filter()))
                .extracting(message -> new String(message.payload(), UTF_8))
                .containsExactly("kept");
        assertThat(StoredState.of(store).retained())
                .extracting(message -> new String(message.payload(), UTF_8))
                .containsExactly("kept");
        assertThat(subscriber.received()).as("at QoS 1 delivered before").hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void aRetainedMessageCanBeClearedWithoutSpace(int qos) {
        FakeConnection subscriber = subscriber("s", 0, 2);
        route(FakeBroker.retained("t", 1));
        commitAll();
        store.refuse(true);
        store.condition(StoreCondition.FULL);
        RecordedCommit cleared = route(FakeBroker.retained("t", qos, ""));
        commitAll();
        cleared.assertCommittedOnce();
        assertThat(fake.broker().retained().size()).isZero();
        assertThat(StoredState.of(store).retained()).isEmpty();
        assertThat(subscriber.received()).hasSize(2);
    }

    @Test
    void whatClearingWouldHaveKeptElsewhereIsRefusedWithoutSpace() {
        subscriber("s", 60, 1);
        route(FakeBroker.retained("t", 1));
        commitAll();
        store.condition(StoreCondition.FULL);
        assertThat(route(FakeBroker.retained("t", 1, "")).calls())
                .containsExactly("failed: no space for a message that must be kept");
        assertThat(fake.broker().retained().size()).isEqualTo(1);
        assertThat(StoredState.of(store).retained()).hasSize(1);
    }

    @Test
    void aMessageThatNobodyWantsIsCountedAndAccepted() {
        FakeConnection subscriber = subscriber("s", 0, 1);
        boolean[] matched = new boolean[2];
        RecordedCommit accepted = new RecordedCommit();
        loops.get(0).run(() -> {
            matched[0] = fake.broker().router().route(FakeBroker.message("u", 1), null, 0, fake.owner(0), accepted);
            matched[1] = fake.broker().router().route(FakeBroker.message("t", 1), null, 0, fake.owner(0), accepted);
        });
        assertThat(matched).containsExactly(false, true);
        assertThat(fake.broker().counters().messagesUnmatched.sum()).isEqualTo(1);
        assertThat(subscriber.topics()).containsExactly("t");
        assertThat(accepted.calls()).hasSize(2);
    }

    @Test
    void theBrokersOwnMessagesComeFromAnyThread() {
        FakeConnection subscriber = subscriber("s", 0, 1);
        fake.broker().publish(FakeBroker.message("t", 1));
        loops.settle();
        assertThat(subscriber.topics()).containsExactly("t");
    }
}
