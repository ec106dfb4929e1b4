// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.MessageProperties;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.StoredState.StoredDelivery;
import org.upwell.broker.store.StoredState.StoredSession;
import org.upwell.broker.testing.RecordedCommit;
import org.upwell.broker.testing.Seeds;
import org.upwell.broker.testing.ThreadLoop;

/// What every [Store] must do. An implementation's test extends this and says how it is opened again; where it adds
/// promises (crashes, full disks) it adds tests of its own.
@Timeout(60)
public abstract class StoreContract {

    /// Opens what the store before this one kept, which was closed before. At the first call of a test nothing is
    /// kept. Does not call [Store#recover].
    protected abstract Store reopen();

    /// How many random histories are tried.
    protected int histories() {
        return 2_000;
    }

    private @Nullable Store open;

    private Store first() {
        Store store = reopen();
        open = store;
        assertThat(StoredState.of(store)).isEqualTo(new StoredState(List.of(), Map.of(), List.of()));
        return store;
    }

    /// Closes, opens and reads.
    private StoredState recovered() {
        if (open != null) {
            open.close();
        }
        Store store = reopen();
        open = store;
        return StoredState.of(store);
    }

    private Store again() {
        if (open == null) {
            throw new AssertionError("not open");
        }
        return open;
    }

    private static SessionRecord session(String clientId) {
        return SessionRecord.of(new SessionKey("acme", clientId), "name", Set.of("R"), 60, 0);
    }

    private static long put(Store store, String clientId) {
        RecordedCommit commit = new RecordedCommit();
        long number = store.putSession(session(clientId), commit);
        commit.assertCommittedOnce();
        return number;
    }

    private static long append(Store store, String topic, QueueTarget... targets) {
        long sequence = store.nextSequence();
        store.append(
                sequence, new Append(Message.of(topic, new byte[] {1}, 2), List.of(targets), false, 0, 0), Commit.NONE);
        return sequence;
    }

    private static QueueTarget to(long session, int qos) {
        return new QueueTarget(session, qos, false, new int[] {});
    }

    private static StoredSession only(StoredState state) {
        assertThat(state.sessions()).hasSize(1);
        return state.sessions().getFirst();
    }

    private static void retain(Store store, String topic, byte... payload) {
        Message message = new Message(topic, payload, 1, true, Message.NEVER, MessageProperties.NONE, null);
        store.append(store.nextSequence(), new Append(message, List.of(), true, 0, 0), Commit.NONE);
    }

    // ---- Sessions ------------------------------------------------------------------------------------------------

    @Test
    void aSessionKeepsItsNumberUntilItIsRemoved() {
        Store store = first();
        long a = put(store, "a");
        long b = put(store, "b");
        assertThat(a).isPositive().isNotEqualTo(b);
        assertThat(put(store, "a")).isEqualTo(a);
        recovered();
        assertThat(put(again(), "a")).isEqualTo(a);
        assertThat(put(again(), "b")).isEqualTo(b);
    }

    @Test
    void aRemovedSessionsNumberIsNeverUsedAgain() {
        Store store = first();
        long a = put(store, "a");
        long b = put(store, "b");
        store.removeSession(b, Commit.NONE);
        store.removeSession(a, Commit.NONE);
        assertThat(recovered().sessions()).isEmpty();
        assertThat(put(again(), "c")).isPositive().isNotIn(a, b);
        assertThat(put(again(), "a")).isPositive().isNotIn(a, b);
    }

    @Test
    void aSessionIsChangedInPlace() {
        Store store = first();
        long number = put(store, "a");
        append(store, "t", to(number, 1));
        SessionRecord changed = SessionRecord.of(new SessionKey("acme", "a"), "other", Set.of("X", "Y"), 7, 99);
        assertThat(store.putSession(changed, Commit.NONE)).isEqualTo(number);
        StoredSession kept = only(recovered());
        assertThat(kept.session()).isEqualTo(changed);
        assertThat(kept.queue()).hasSize(1);
    }

    @Test
    void twoTenantsSessionsNeverMeet() {
        Store store = first();
        long a = store.putSession(SessionRecord.of(new SessionKey("a", "b"), "n", Set.of(), 1, 0), Commit.NONE);
        long b = store.putSession(SessionRecord.of(new SessionKey("b", "b"), "n", Set.of(), 1, 0), Commit.NONE);
        assertThat(a).isNotEqualTo(b);
        store.removeSession(a, Commit.NONE);
        assertThat(only(recovered()).session().key()).isEqualTo(new SessionKey("b", "b"));
    }

    @Test
    void aSessionGoesWithAllThatItHeld() {
        Store store = first();
        long number = put(store, "a");
        store.putSubscription(number, new SubscriptionRecord("t", 1, false, false, 0), Commit.NONE);
        append(store, "t", to(number, 2));
        store.append(
                store.nextSequence(),
                new Append(Message.of("x", new byte[] {1}, 2), List.of(), false, number, 17),
                Commit.NONE);
        store.removeSession(number, Commit.NONE);
        put(store, "a");
        StoredSession fresh = only(recovered());
        assertThat(fresh.subscriptions()).isEmpty();
        assertThat(fresh.queue()).isEmpty();
        assertThat(fresh.inboundPacketIds()).isEmpty();
    }

    @Test
    void factsAboutARemovedSessionAreLateAndForgotten() {
        Store store = first();
        long gone = put(store, "a");
        long stays = put(store, "b");
        store.removeSession(gone, Commit.NONE);
        store.putSubscription(gone, new SubscriptionRecord("t", 1, false, false, 0), Commit.NONE);
        append(store, "t", to(gone, 1), to(stays, 1));
        store.acknowledged(gone, 1);
        RecordedCommit commit = new RecordedCommit();
        store.inboundReleased(gone, 5, commit);
        commit.assertCommittedOnce();
        StoredSession kept = only(recovered());
        assertThat(kept.number()).isEqualTo(stays);
        assertThat(kept.queue()).hasSize(1);
    }

    // ---- Subscriptions -------------------------------------------------------------------------------------------

    @Test
    void subscriptionsAreReplacedByFilterAndRemoved() {
        Store store = first();
        long number = put(store, "a");
        store.putSubscription(number, new SubscriptionRecord("t", 1, false, false, 0), Commit.NONE);
        store.putSubscription(number, new SubscriptionRecord("t", 2, true, true, 268_435_455), Commit.NONE);
        store.putSubscription(number, new SubscriptionRecord("$share/g/t", 0, false, false, 0), Commit.NONE);
        store.putSubscription(number, new SubscriptionRecord("u", 0, false, false, 0), Commit.NONE);
        store.removeSubscription(number, "u", Commit.NONE);
        store.removeSubscription(number, "never", Commit.NONE);
        assertThat(only(recovered()).subscriptions())
                .containsExactlyInAnyOrder(
                        new SubscriptionRecord("t", 2, true, true, 268_435_455),
                        new SubscriptionRecord("$share/g/t", 0, false, false, 0));
    }

    // ---- Queues --------------------------------------------------------------------------------------------------

    @Test
    void oneMessageEntersSeveralQueuesEachInItsWay() {
        Store store = first();
        long a = put(store, "a");
        long b = put(store, "b");
        put(store, "c");
        long sequence = append(store, "t", to(a, 1), new QueueTarget(b, 2, true, new int[] {3, 4}));
        StoredState state = recovered();
        List<StoredSession> sessions = state.sessions();
        assertThat(sessions).hasSize(3);
        for (StoredSession each : sessions) {
            if (each.number() == a) {
                StoredDelivery delivery = each.queue().getFirst();
                assertThat(delivery.sequence()).isEqualTo(sequence);
                assertThat(delivery.qos()).isEqualTo(1);
                assertThat(delivery.retain()).isFalse();
                assertThat(delivery.subscriptionIds()).isEmpty();
            } else if (each.number() == b) {
                StoredDelivery delivery = each.queue().getFirst();
                assertThat(delivery.sequence()).isEqualTo(sequence);
                assertThat(delivery.qos()).isEqualTo(2);
                assertThat(delivery.retain()).isTrue();
                assertThat(delivery.subscriptionIds()).containsExactly(3, 4);
                assertThat(delivery.packetId()).isZero();
                assertThat(delivery.received()).isFalse();
            } else {
                assertThat(each.queue()).isEmpty();
            }
        }
    }

    @Test
    void aQueueIsReadInOrderOfSequenceWhateverTheOrderOfArrival() {
        Store store = first();
        long number = put(store, "a");
        long early = store.nextSequence();
        long late = append(store, "late", to(number, 1));
        Append append = new Append(Message.of("early", new byte[] {1}, 1), List.of(to(number, 1)), false, 0, 0);
        store.append(early, append, Commit.NONE);
        assertThat(only(recovered()).queue())
                .extracting(StoredDelivery::sequence)
                .containsExactly(early, late);
    }

    @Test
    void anAcknowledgedMessageLeavesThatQueueOnly() {
        Store store = first();
        long a = put(store, "a");
        long b = put(store, "b");
        long done = append(store, "1", to(a, 1), to(b, 1));
        long stays = append(store, "2", to(a, 1), to(b, 1));
        store.acknowledged(a, done);
        store.acknowledged(a, done);
        store.acknowledged(a, 1_000_000);
        for (StoredSession each : recovered().sessions()) {
            List<Long> expected = each.number() == a ? List.of(stays) : List.of(done, stays);
            assertThat(each.queue()).extracting(StoredDelivery::sequence).containsExactlyElementsOf(expected);
        }
    }

    @Test
    void aMessageIsKeptByteForByte() {
        Store store = first();
        StoreHistory history = new StoreHistory(new Random(5));
        for (int i = 0; i < 300; i++) {
            history.step(store);
        }
        history.takeCommits().forEach(RecordedCommit::assertCommittedOnce);
        assertThat(StoreModel.lines(recovered())).isEqualTo(history.model().lines());
    }

    @Test
    void aLargeFanOutEntersEveryQueue() {
        Store store = first();
        List<QueueTarget> targets = new ArrayList<>();
        for (int i = 0; i < 3_000; i++) {
            targets.add(to(store.putSession(session("client-" + i), Commit.NONE), 1));
        }
        long sequence = append(store, "t", targets.toArray(new QueueTarget[0]));
        assertThat(recovered().sessions())
                .hasSize(3_000)
                .allSatisfy(each -> assertThat(each.queue())
                        .extracting(StoredDelivery::sequence)
                        .containsExactly(sequence));
    }

    @Test
    void aLargePayloadIsKept() {
        Store store = first();
        long number = put(store, "a");
        byte[] payload = new byte[1 << 20];
        new Random(3).nextBytes(payload);
        Message message = Message.of("t", payload, 1);
        Append append = new Append(message, List.of(to(number, 1)), false, 0, 0);
        store.append(store.nextSequence(), append, Commit.NONE);
        assertThat(only(recovered()).queue().getFirst().message().payload()).isEqualTo(payload);
    }

    // ---- Handshakes ----------------------------------------------------------------------------------------------

    @Test
    void outboundHandshakesAreKeptStepByStep() {
        Store store = first();
        long number = put(store, "a");
        append(store, "queued", to(number, 2));
        long sent = append(store, "sent", to(number, 2));
        long received = append(store, "received", to(number, 2));
        long done = append(store, "done", to(number, 2));
        store.outboundSent(number, sent, 65_535, Commit.NONE);
        store.outboundSent(number, received, 2, Commit.NONE);
        store.outboundReceived(number, received, Commit.NONE);
        store.outboundSent(number, done, 3, Commit.NONE);
        store.outboundReceived(number, done, Commit.NONE);
        store.acknowledged(number, done);
        assertThat(only(recovered()).queue())
                .extracting(each -> each.message().topic() + " " + each.packetId() + " " + each.received())
                .containsExactly("queued 0 false", "sent 65535 false", "received 2 true");
    }

    @Test
    void aPacketIdUsedAgainBelongsToTheLaterMessage() {
        Store store = first();
        long number = put(store, "a");
        long one = append(store, "one", to(number, 2));
        long two = append(store, "two", to(number, 2));
        store.outboundSent(number, one, 1, Commit.NONE);
        store.acknowledged(number, one);
        RecordedCommit commit = new RecordedCommit();
        store.outboundSent(number, two, 1, commit);
        commit.assertCommittedOnce();
        assertThat(only(recovered()).queue())
                .extracting(each -> each.message().topic() + " " + each.packetId())
                .as("the acknowledgement was given before and must not be lost before it")
                .containsExactly("two 1");
    }

    @Test
    void inboundPacketIdsAreKeptFromTheMessageUntilTheRelease() {
        Store store = first();
        long publisher = put(store, "p");
        for (int packetId : new int[] {1, 2, 65_535}) {
            Message message = Message.of("t", new byte[] {1}, 2);
            Append append = new Append(message, List.of(), false, publisher, packetId);
            store.append(store.nextSequence(), append, Commit.NONE);
        }
        store.inboundReleased(publisher, 2, Commit.NONE);
        store.inboundReleased(publisher, 9, Commit.NONE);
        assertThat(only(recovered()).inboundPacketIds()).containsExactlyInAnyOrder(1, 65_535);
        store = again();
        store.inboundReleased(publisher, 65_535, Commit.NONE);
        assertThat(only(recovered()).inboundPacketIds()).containsExactly(1);
    }

    // ---- Retained messages ---------------------------------------------------------------------------------------

    @Test
    void theLastRetainedMessageOfATopicIsKeptAndAnEmptyOneClearsIt() {
        Store store = first();
        retain(store, "a", (byte) 1);
        retain(store, "a", (byte) 2);
        retain(store, "b", (byte) 3);
        retain(store, "b");
        retain(store, "c", (byte) 4);
        retain(store, "c");
        retain(store, "c", (byte) 5);
        retain(store, "never");
        assertThat(recovered().retained())
                .extracting(message -> message.topic() + message.payload()[0])
                .containsExactlyInAnyOrder("a2", "c5");
        retain(again(), "a");
        assertThat(recovered().retained()).extracting(Message::topic).containsExactly("c");
    }

    @Test
    void aMessageThatIsNotRetainedLeavesTheRetainedOneAlone() {
        Store store = first();
        long number = put(store, "a");
        retain(store, "t", (byte) 1);
        append(store, "t", to(number, 1));
        assertThat(recovered().retained()).hasSize(1);
    }

    // ---- Sequence and commits ------------------------------------------------------------------------------------

    @Test
    void sequenceRisesAcrossRestarts() {
        Store store = first();
        long number = put(store, "a");
        long last = 0;
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 100; i++) {
                long next = append(store, "t", to(number, 1));
                assertThat(next).isGreaterThan(last);
                store.acknowledged(number, next);
                last = next;
            }
            recovered();
            store = again();
        }
    }

    @Test
    void everyKindOfFactTellsItsCommitOnce() {
        Store store = first();
        List<RecordedCommit> commits = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            commits.add(new RecordedCommit());
        }
        long number = store.putSession(session("a"), commits.get(0));
        store.putSubscription(number, new SubscriptionRecord("t", 1, false, false, 0), commits.get(1));
        long sequence = store.nextSequence();
        Message message = Message.of("t", new byte[] {1}, 2);
        Append append = new Append(message, List.of(to(number, 2), to(99_999, 1)), true, number, 4);
        store.append(sequence, append, commits.get(2));
        store.outboundSent(number, sequence, 1, commits.get(3));
        store.outboundReceived(number, sequence, commits.get(4));
        store.inboundReleased(number, 4, commits.get(5));
        store.removeSubscription(number, "t", commits.get(6));
        store.removeSession(number, commits.get(7));
        store.sync(commits.get(8));
        commits.forEach(RecordedCommit::await);
        recovered();
        commits.forEach(RecordedCommit::assertCommittedOnce);
    }

    @Test
    void commitsComeOnTheirOwnersThreadAndInOrder() {
        Store store = first();
        try (ThreadLoop loop = new ThreadLoop("owner")) {
            Owner owner = new Owner("owner", loop);
            List<Integer> told = new ArrayList<>();
            List<RecordedCommit> commits = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                int index = i;
                commits.add(new RecordedCommit(owner, () -> told.add(index)));
            }
            owner.execute(() -> {
                long number = store.putSession(session("a"), commits.get(0));
                for (int i = 1; i < commits.size(); i++) {
                    if (i % 5 == 0) {
                        store.sync(commits.get(i));
                    } else {
                        Message message = Message.of("t", new byte[] {1}, 1);
                        Append append = new Append(message, List.of(to(number, 1)), false, 0, 0);
                        store.append(store.nextSequence(), append, commits.get(i));
                    }
                }
            });
            commits.forEach(RecordedCommit::assertCommittedOnce);
            assertThat(told).hasSize(200).isSorted();
        }
    }

    @Test
    void syncIsToldOnlyAfterEverythingBeforeIt() {
        Store store = first();
        long number = put(store, "a");
        AtomicReference<String> order = new AtomicReference<>("");
        for (int i = 0; i < 10; i++) {
            Append append = new Append(Message.of("t", new byte[] {1}, 1), List.of(to(number, 1)), false, 0, 0);
            RecordedCommit commit = new RecordedCommit(null, () -> order.updateAndGet(before -> before + "a"));
            store.append(store.nextSequence(), append, commit);
        }
        RecordedCommit sync = new RecordedCommit(null, () -> order.updateAndGet(before -> before + "s"));
        store.sync(sync);
        sync.assertCommittedOnce();
        assertThat(order.get()).isEqualTo("aaaaaaaaaas");
    }

    // ---- Histories -----------------------------------------------------------------------------------------------

    @Test
    void anyHistoryIsKeptAsANaiveFoldWould() {
        Seeds.each(histories(), random -> {
            StoreHistory history = new StoreHistory(random);
            Store store = freshHistory();
            int reopenings = 1 + random.nextInt(3);
            for (int i = 0; i < reopenings; i++) {
                int steps = random.nextInt(40);
                for (int step = 0; step < steps; step++) {
                    history.step(store);
                }
                StoredState state = recovered();
                history.takeCommits().forEach(RecordedCommit::assertCommittedOnce);
                assertThat(StoreModel.lines(state)).isEqualTo(history.model().lines());
                store = again();
            }
            clear(store);
        });
    }

    private Store freshHistory() {
        return open == null ? first() : again();
    }

    /// Leaves the store as empty as it was, so that one directory serves many histories.
    private void clear(Store store) {
        StoredState state = recovered();
        for (StoredSession each : state.sessions()) {
            again().removeSession(each.number(), Commit.NONE);
        }
        state.groups().values().forEach(each -> again().removeSession(each.number(), Commit.NONE));
        for (Message each : state.retained()) {
            retain(again(), each.topic());
        }
        assertThat(StoreModel.lines(recovered())).as("cleared %s", store).isEmpty();
    }

    @Test
    void manyThreadsEachKeepTheirOwnOrder() throws InterruptedException {
        Store store = first();
        int threads = 4;
        int messages = 500;
        long all = put(store, "all");
        List<Thread> running = new ArrayList<>();
        ConcurrentLinkedQueue<RecordedCommit> commits = new ConcurrentLinkedQueue<>();
        for (int t = 0; t < threads; t++) {
            int number = t;
            Thread thread = new Thread(() -> {
                long own = store.putSession(session("own-" + number), Commit.NONE);
                for (int i = 0; i < messages; i++) {
                    RecordedCommit commit = new RecordedCommit();
                    commits.add(commit);
                    Message message = Message.of(number + "/" + i, new byte[] {1}, 1);
                    Append append = new Append(message, List.of(to(own, 1), to(all, 1)), false, 0, 0);
                    long sequence = store.nextSequence();
                    store.append(sequence, append, commit);
                    if (i % 2 == 0) {
                        store.acknowledged(own, sequence);
                    }
                }
            });
            running.add(thread);
            thread.start();
        }
        for (Thread thread : running) {
            thread.join();
        }
        StoredState state = recovered();
        assertThat(commits).hasSize(threads * messages);
        commits.forEach(RecordedCommit::assertCommittedOnce);
        for (StoredSession each : state.sessions()) {
            boolean shared = each.number() == all;
            assertThat(each.queue()).hasSize(shared ? threads * messages : messages / 2);
            int[] next = new int[threads];
            for (StoredDelivery delivery : each.queue()) {
                String[] topic = delivery.message().topic().split("/", -1);
                int publisher = Integer.parseInt(topic[0]);
                int expected = shared ? next[publisher] : next[publisher] * 2 + 1;
                assertThat(Integer.parseInt(topic[1])).isEqualTo(expected);
                next[publisher]++;
            }
        }
    }
}
