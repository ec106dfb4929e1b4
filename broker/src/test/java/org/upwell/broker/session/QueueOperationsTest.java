// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.session.QueueOperations.Client;
import org.upwell.broker.session.QueueOperations.Peeked;
import org.upwell.broker.store.GroupRecord;
import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.store.StoredState;
import org.upwell.broker.testing.FakeBroker;
import org.upwell.broker.testing.FakeConnection;
import org.upwell.broker.testing.FakeLoops;

class QueueOperationsTest {

    private final FakeLoops loops = new FakeLoops(2);
    private final InMemoryStore store = new InMemoryStore();
    private final FakeBroker fake =
            new FakeBroker(loops, store, new SessionLimits(100, 10_000, OverflowRule.DROP_NEWEST, 0));
    private final QueueOperations queues = fake.broker().queues();

    private static SessionKey key(String clientId) {
        return new SessionKey("acme", clientId);
    }

    private <T> T answer(CompletableFuture<T> future) {
        loops.settle();
        assertThat(future).isDone();
        return future.join();
    }

    private FakeConnection offline(String clientId, int loop) {
        FakeConnection connection = fake.open(clientId).expiry(600).on(loop).now();
        fake.subscribe(connection, "t/#", 1);
        connection.lose();
        loops.settle();
        return connection;
    }

    private void publish(int count) {
        for (int i = 0; i < count; i++) {
            fake.publish(1, FakeBroker.message("t/" + i, 1));
        }
    }

    private QueueView queue(String clientId) {
        return answer(queues.show(key(clientId))).orElseThrow().queue();
    }

    @Test
    void clientsOfAllLoopsAreListedPageByPage() {
        for (int i = 0; i < 5; i++) {
            offline("c" + i, i % 2);
        }
        publish(2);
        List<Client> first = answer(queues.list("acme", null, 3));
        assertThat(first).extracting(client -> client.key().clientId()).containsExactly("c0", "c1", "c2");
        assertThat(first).allSatisfy(client -> {
            assertThat(client.online()).isFalse();
            assertThat(client.persistent()).isTrue();
            assertThat(client.queue().messages()).isEqualTo(2);
            assertThat(client.queue().bytes()).isEqualTo(12);
            assertThat(client.queue().limits().queueMessages()).isEqualTo(100);
        });
        assertThat(answer(queues.list(null, first.getLast().key(), 3)))
                .extracting(client -> client.key().clientId())
                .containsExactly("c3", "c4");
        assertThat(answer(queues.list("other", null, 3))).isEmpty();
    }

    @Test
    void ageAndRatesAndTheTimeUntilFullAreTold() {
        offline("c", 0);
        for (int i = 0; i < 60; i++) {
            publish(1);
            loops.advance(Duration.ofSeconds(1));
        }
        loops.advance(Duration.ofSeconds(1));
        QueueView view = queue("c");
        assertThat(view.messages()).isEqualTo(60);
        assertThat(view.oldestSeconds()).isBetween(60L, 61L);
        assertThat(view.oldestIsOlder()).isFalse();
        assertThat(view.inPerSecond()).isBetween(0.9, 1.0);
        assertThat(view.outPerSecond()).isZero();
        assertThat(view.secondsToFull()).isBetween(40L, 45L);

        loops.advance(Duration.ofSeconds(100));
        assertThat(queue("c").secondsToFull()).isEqualTo(-1);
        publish(50);
        assertThat(queue("c").secondsToFull()).isZero();
        assertThat(queue("c").drops().by(DropCause.QUEUE_FULL)).isEqualTo(10);
    }

    @Test
    void ageGoesOnFromTheRestartAtLeast() {
        offline("c", 0);
        publish(1);
        FakeBroker after = new FakeBroker(loops, store);
        loops.advance(Duration.ofSeconds(30));
        QueueView view =
                answer(after.broker().queues().show(key("c"))).orElseThrow().queue();
        assertThat(view.oldestIsOlder()).isTrue();
        assertThat(view.oldestSeconds()).isEqualTo(30);
    }

    @Test
    void aLookTakesNothingOutAndReadsWhatIsAway() {
        offline("c", 0);
        publish(5);
        FakeBroker after = new FakeBroker(loops, store);
        loops.settle();
        QueueOperations restarted = after.broker().queues();
        assertThat(answer(restarted.peek(key("c"), 3)).orElseThrow())
                .extracting(peeked -> peeked.message().topic())
                .containsExactly("t/0", "t/1", "t/2");
        assertThat(answer(restarted.peek(key("c"), 1_000)).orElseThrow())
                .hasSize(5)
                .extracting(Peeked::qos)
                .containsOnly(1);
        assertThat(after.open("c").expiry(60).on(1).now().topics()).hasSize(5);
    }

    @Test
    void aPurgeDropsAndCountsWhatWaitedThen() {
        offline("c", 0);
        publish(5);
        assertThat(answer(queues.purge(key("c")))).contains(5);
        QueueView view = queue("c");
        assertThat(view.messages()).isZero();
        assertThat(view.drops().by(DropCause.PURGED)).isEqualTo(5);
        assertThat(StoredState.of(store).sessions().getFirst().queue()).isEmpty();
        publish(1);
        assertThat(fake.open("c").expiry(60).now().topics()).containsExactly("t/0");
    }

    @Test
    void aDisconnectedClientKeepsItsSession() {
        FakeConnection connection = fake.open("c").expiry(60).on(1).now();
        assertThat(answer(queues.disconnect(key("c")))).contains(true);
        assertThat(connection.endCause()).isEqualTo("disconnected by an administrator");
        assertThat(answer(queues.show(key("c"))).orElseThrow().online()).isFalse();
        assertThat(answer(queues.disconnect(key("c")))).contains(false);
    }

    @Test
    void aDeletedSessionIsGoneWithItsConnection() {
        FakeConnection connection = fake.open("c").expiry(60).on(1).now();
        assertThat(answer(queues.delete(key("c")))).contains(true);
        assertThat(connection.endCause()).isEqualTo("deleted by an administrator");
        assertThat(answer(queues.show(key("c")))).isEmpty();
        assertThat(StoredState.of(store).sessions()).isEmpty();
    }

    @Test
    void whatIsNotThereIsAnsweredAsThat() {
        assertThat(List.of(
                        answer(queues.show(key("x"))),
                        answer(queues.peek(key("x"), 1)),
                        answer(queues.purge(key("x"))),
                        answer(queues.disconnect(key("x"))),
                        answer(queues.delete(key("x")))))
                .containsOnly(Optional.empty());
    }

    @Test
    void sharedSubscriptionsAreListedToo() {
        FakeConnection member = fake.open("m")
                .expiry(60)
                .as(fake.connection("m").withSendQuota(1))
                .now();
        fake.subscribeShared(member, "$share/g/t/#", 1);
        publish(4);
        assertThat(queues.groups("acme")).singleElement().satisfies(group -> {
            assertThat(group.key().group()).isEqualTo("g");
            assertThat(group.key().filter()).isEqualTo("t/#");
            assertThat(group.members()).isEqualTo(1);
            assertThat(group.queue().messages()).isEqualTo(3);
        });
        assertThat(queues.groups("other")).isEmpty();
    }

    @Test
    void aGroupsQueueIsLookedIntoAndEmptied() {
        GroupRecord key = new GroupRecord("acme", "g", "t/#");
        assertThat(answer(queues.peek(key, 10))).isEmpty();
        FakeConnection member = fake.connection("m").withSendQuota(1);
        fake.open("m").expiry(0).as(member).now();
        fake.subscribeShared(member, "$share/g/t/#", 1);
        FakeConnection absent = fake.connection("absent").withSendQuota(0);
        fake.open("absent").expiry(600).as(absent).now();
        fake.subscribeShared(absent, "$share/g/t/#", 1);
        publish(3);
        loops.advance(Duration.ofSeconds(7));
        // What it had comes back, ahead of what waits.
        member.lose();
        loops.settle();
        assertThat(answer(queues.peek(key, 2)).orElseThrow())
                .extracting(each -> each.message().topic())
                .containsExactly("t/0", "t/1");
        assertThat(answer(queues.peek(key, 10)).orElseThrow()).hasSize(3);
        QueueOperations.Group group = queues.groups("acme").getFirst();
        assertThat(group.queue().messages()).isEqualTo(3);
        assertThat(group.queue().bytes()).isEqualTo(18);
        assertThat(group.queue().oldestSeconds()).isEqualTo(7);
        assertThat(answer(queues.purge(key))).hasValue(3);
        assertThat(queues.groups("acme").getFirst().queue().messages()).isZero();
        assertThat(queues.groups("acme").getFirst().queue().drops().by(DropCause.PURGED))
                .isEqualTo(3);
        assertThat(StoredState.of(store).groups().values())
                .allSatisfy(kept -> assertThat(kept.queue()).isEmpty());
    }
}
