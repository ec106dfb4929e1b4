// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.MessageProperties;
import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.store.StoredState;
import org.upwell.broker.testing.FakeBroker;
import org.upwell.broker.testing.FakeConnection;
import org.upwell.broker.testing.FakeLoops;

/// Messages that expire while their client is away.
class QueueExpiryTest {

    private static final int LIMIT = 500;

    private final FakeLoops loops = new FakeLoops(2);
    private final InMemoryStore store = new InMemoryStore();
    private final FakeBroker fake =
            new FakeBroker(loops, store, new SessionLimits(LIMIT, 1 << 20, OverflowRule.DROP_NEWEST, 1 << 20));

    private Session offline() {
        FakeConnection connection = fake.open("c").expiry(3_600).now();
        Session session = connection.session();
        fake.subscribe(connection, "t/#", 1);
        connection.disconnect();
        loops.settle();
        return session;
    }

    private void publish(String topic, long lifeMillis) {
        long end = lifeMillis == Message.NEVER ? Message.NEVER : loops.millis() + lifeMillis;
        fake.publish(0, new Message(topic, new byte[] {1}, 1, false, end, MessageProperties.NONE, null));
    }

    private int stored() {
        return StoredState.of(store).sessions().getFirst().queue().size();
    }

    @Test
    @DisplayName("[MQTT-3.3.2-5] what expired leaves the queue and the store though the client stays away")
    void expiredMessagesDoNotWaitForTheClient() {
        Session session = offline();
        publish("t/short", 15_000);
        publish("t/long", 60_000);
        publish("t/ever", Message.NEVER);
        loops.advance(Duration.ofMillis(14_999));
        assertThat(session.queuedMessages()).isEqualTo(3);
        loops.advance(Duration.ofMillis(1));
        assertThat(session.queuedMessages()).isEqualTo(2);
        assertThat(stored()).isEqualTo(2);
        assertThat(session.drops().snapshot().by(DropCause.EXPIRED)).isEqualTo(1);
        assertThat(fake.broker().counters().messagesWaiting.sum()).isEqualTo(2);
        loops.advance(Duration.ofSeconds(45));
        assertThat(session.queuedMessages()).isEqualTo(1);
        assertThat(fake.open("c").expiry(3_600).now().topics()).containsExactly("t/ever");
    }

    @Test
    void oneThatExpiresSoonerThanThoseBeforeItIsNotWaitedForLonger() {
        Session session = offline();
        publish("t/day", 86_400_000);
        publish("t/soon", 12_000);
        loops.advance(Duration.ofSeconds(12));
        assertThat(session.queuedMessages()).isEqualTo(1);
        publish("t/at once", 1_000);
        loops.advance(Backlog.EXPIRY_WATCH);
        assertThat(session.queuedMessages()).isEqualTo(1);
        assertThat(session.drops().snapshot().by(DropCause.EXPIRED)).isEqualTo(2);
    }

    @Test
    void aQueueFullOfExpiredMessagesTakesFreshOnes() {
        Session session = offline();
        for (int i = 0; i < LIMIT; i++) {
            publish("t/old", 1_000);
        }
        // Nobody has looked for them yet.
        loops.advance(Duration.ofSeconds(1));
        assertThat(session.queuedMessages()).isEqualTo(LIMIT);
        for (int i = 0; i < LIMIT; i++) {
            publish("t/fresh", Message.NEVER);
        }
        assertThat(session.queuedMessages()).isEqualTo(LIMIT);
        assertThat(session.drops().snapshot().by(DropCause.QUEUE_FULL)).isZero();
        assertThat(session.drops().snapshot().by(DropCause.EXPIRED)).isEqualTo(LIMIT);
    }

    @Test
    void manyGoAFewAtATimeSoThatTheLoopIsNotHeldUp() {
        Session session = offline();
        for (int i = 0; i < LIMIT; i++) {
            publish("t/old", 1_000);
        }
        loops.advance(Backlog.EXPIRY_WATCH);
        assertThat(session.queuedMessages()).isEqualTo(LIMIT - Backlog.EXPIRED_AT_ONCE);
        loops.advance(Duration.ofSeconds(1));
        assertThat(session.queuedMessages()).isZero();
        assertThat(stored()).isZero();
    }

    @Test
    void whatExpiredWhileTheProcessWasDownGoesAfterTheStart() {
        offline();
        publish("t/short", 5_000);
        publish("t/ever", Message.NEVER);
        FakeLoops later = new FakeLoops(1);
        later.advance(Duration.ofSeconds(6));
        FakeBroker after = new FakeBroker(later, store);
        later.settle();
        Session session = after.broker().sessions().find(FakeBroker.TENANT, "c").orElseThrow();
        assertThat(session.queuedMessages()).isEqualTo(2);
        later.advance(Backlog.EXPIRY_WATCH);
        assertThat(session.queuedMessages()).isEqualTo(1);
        assertThat(stored()).isEqualTo(1);
    }

    @Test
    void nothingIsWatchedAfterTheEnd() {
        loops.settle();
        int before = loops.timers();
        Session session = offline();
        publish("t/short", 86_400_000);
        loops.advance(Duration.ofSeconds(2));
        session.owner().run(() -> session.end("by the test"));
        loops.advance(Duration.ofSeconds(2));
        assertThat(loops.timers()).isEqualTo(before);
    }

    @Test
    void whatExpiresLaterThanCanBeToldInSecondsDoesNotGoEarly() {
        long last = Integer.MAX_VALUE * 1000L;
        Message message = new Message("t", new byte[] {1}, 1, false, 2 * last, MessageProperties.NONE, null);
        OutboundQueue queue = new OutboundQueue();
        queue.add(new Delivery(message, 1, 1, false, Delivery.NO_IDS), true, 0);
        queue.addAway(2, 1, 1, last - 1_000, 0);
        List<Long> removed = new ArrayList<>();
        boolean more = queue.removeExpired(last + 1_000, 10, entry -> removed.add(entry.sequence()));
        assertThat(more).isFalse();
        assertThat(removed).containsExactly(2L);
        assertThat(queue.size()).isEqualTo(1);
        assertThat(queue.earliestExpiryMillis()).isEqualTo(Message.NEVER);
    }

    @Test
    void whatAMemberThatIsGoneLeftToItsGroupIsLookedAfterToo() {
        FakeConnection away = fake.open("away").expiry(3_600).now();
        fake.subscribeShared(away, "$share/g/s/#", 1);
        away.disconnect();
        FakeConnection gone = fake.open("gone").now();
        fake.subscribeShared(gone, "$share/g/s/#", 1);
        publish("s/short", 15_000);
        publish("s/long", 60_000);
        assertThat(gone.topics()).containsExactly("s/short", "s/long");
        gone.disconnect();
        loops.settle();
        SharedGroup group = fake.broker().groups().all().iterator().next();
        assertThat(group.queuedMessages()).isEqualTo(2);
        loops.advance(Duration.ofSeconds(15));
        assertThat(group.queuedMessages()).isEqualTo(1);
        loops.advance(Duration.ofSeconds(45));
        assertThat(group.queuedMessages()).isZero();
        assertThat(fake.broker().counters().droppedBy(DropCause.EXPIRED)).isEqualTo(2);
        assertThat(StoredState.of(store).groups().values())
                .allMatch(each -> each.queue().isEmpty());
    }

    @Test
    void aGroupsQueueIsLookedAfterToo() {
        FakeConnection member = fake.open("m").expiry(3_600).now();
        fake.subscribeShared(member, "$share/g/s/#", 1);
        member.disconnect();
        loops.settle();
        publish("s/short", 15_000);
        assertThat(fake.broker().counters().messagesWaiting.sum()).isEqualTo(1);
        loops.advance(Duration.ofSeconds(15));
        assertThat(fake.broker().counters().messagesWaiting.sum()).isZero();
        assertThat(fake.broker().counters().droppedBy(DropCause.EXPIRED)).isEqualTo(1);
    }
}
