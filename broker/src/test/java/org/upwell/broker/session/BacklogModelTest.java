// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.upwell.broker.event.BrokerCounters;
import org.upwell.broker.event.BrokerEvents;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.MessageProperties;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Append;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.SessionRecord;
import org.upwell.broker.testing.FakeLoops;
import org.upwell.broker.testing.FakeStore;
import org.upwell.broker.testing.Seeds;
import org.upwell.broker.topic.RetainedMessages;
import org.upwell.broker.topic.SubscriptionTree;

/// A backlog beside the rules in the simplest words, over random histories: bounds, both overflow rules, expiry,
/// messages that are left to the store because memory is short and read back late.
class BacklogModelTest {

    /// What a backlog does, and what it should.
    private static final class Bench implements Backlog.Recipient {
        private final FakeLoops loops = new FakeLoops(1);
        private final Owner owner = new Owner("loop", loops.get(0));
        private final FakeStore store = new FakeStore();
        private final Random random;
        private final long number;
        private final Backlog backlog;
        private final List<Delivery> model = new ArrayList<>();
        private final List<String> lost = new ArrayList<>();
        private final List<String> expectedLost = new ArrayList<>();
        private SessionLimits limits;
        private int told;

        private Bench(Random random) {
            this.random = random;
            store.hold(false);
            store.holdReads();
            SessionRecord record = SessionRecord.of(new SessionKey("acme", "c"), "c", Set.of("R"), 60, 0);
            number = random.nextInt(4) == 0 ? 0 : store.putSession(record, Commit.NONE);
            // From nothing in memory to everything.
            long soft = random.nextInt(4) * QueueMemory.STEP;
            SessionContext context = new SessionContext(
                    new SubscriptionTree<>(),
                    new RetainedMessages(),
                    new SharedGroups(new SubscriptionTree<>()),
                    store,
                    new QueueMemory(
                            random.nextInt(3) * (40L + 4 * OutboundQueue.HELD_OVERHEAD), 2 * soft, Long.MAX_VALUE),
                    (session, will) -> {},
                    (message, here) -> {},
                    session -> {},
                    BrokerEvents.NONE,
                    new BrokerCounters(),
                    loops,
                    new Ticks(loops));
            limits = randomLimits();
            backlog = new Backlog(this, context);
        }

        private SessionLimits randomLimits() {
            OverflowRule rule = random.nextBoolean() ? OverflowRule.DROP_NEWEST : OverflowRule.DROP_OLDEST;
            return new SessionLimits(1 + random.nextInt(40), 1 + random.nextInt(300), rule, 0);
        }

        @Override
        public Owner owner() {
            return owner;
        }

        @Override
        public String tenant() {
            return "acme";
        }

        @Override
        public void runAsOwner(Runnable task) {
            owner.run(task);
        }

        @Override
        public long storeNumber() {
            return number;
        }

        @Override
        public SessionLimits limits() {
            return limits;
        }

        @Override
        public boolean mayReceive(String topicName) {
            return true;
        }

        @Override
        public void dropped(long sequence, int qos, @Nullable String topic, DropCause cause) {
            lost.add(sequence + " " + cause);
            store.acknowledged(number, sequence);
        }

        @Override
        public void readable() {
            told++;
        }

        private void add() {
            long expires =
                    random.nextInt(3) == 0 ? (loops.millis() / 1000 + 1 + random.nextInt(5)) * 1000 : Message.NEVER;
            Message message =
                    new Message("t", new byte[random.nextInt(30)], 1, false, expires, MessageProperties.NONE, null);
            long sequence = store.nextSequence();
            int[] ids = random.nextBoolean() ? Delivery.NO_IDS : new int[] {7};
            if (number != 0) {
                QueueTarget target = new QueueTarget(number, 1, random.nextBoolean(), ids);
                store.append(sequence, new Append(message, List.of(target), false, 0, 0), Commit.NONE);
                Delivery delivery = new Delivery(message, sequence, 1, target.retain(), ids);
                modelAdd(delivery);
                backlog.add(delivery);
            } else {
                Delivery delivery = new Delivery(message, sequence, 1, false, ids);
                modelAdd(delivery);
                backlog.add(delivery);
            }
        }

        private void modelAdd(Delivery delivery) {
            long weight = delivery.message().weightBytes();
            if (!fits(weight)) {
                List<Delivery> expired = model.stream()
                        .filter(each -> each.message().isExpiredAt(loops.millis()))
                        .toList();
                expired.forEach(each -> expectedLost.add(each.sequence() + " " + DropCause.EXPIRED));
                model.removeAll(expired);
            }
            if (limits.overflow() == OverflowRule.DROP_OLDEST && weight <= limits.queueBytes()) {
                while (!fits(weight)) {
                    expectedLost.add(model.removeFirst().sequence() + " " + DropCause.QUEUE_FULL);
                }
            }
            if (fits(weight)) {
                model.add(delivery);
            } else {
                expectedLost.add(delivery.sequence() + " " + DropCause.QUEUE_FULL);
            }
        }

        private boolean fits(long weight) {
            return model.size() < limits.queueMessages() && bytes() + weight <= limits.queueBytes();
        }

        private long bytes() {
            return model.stream()
                    .mapToLong(each -> each.message().weightBytes())
                    .sum();
        }

        /// Takes one message, waiting for the store if need be.
        private void poll() {
            int toldBefore = told;
            Delivery next = backlog.poll();
            if (next == null && !backlog.isEmpty()) {
                assertThat(told).isEqualTo(toldBefore);
                dropExpiredFirst(backlog.messages());
                if (random.nextInt(3) > 0) {
                    // Something else happens while the store reads.
                    return;
                }
                // What was read may have expired meanwhile, with more behind it.
                while (next == null && !backlog.isEmpty()) {
                    toldBefore = told;
                    answerReads();
                    assertThat(told).isGreaterThan(toldBefore);
                    next = backlog.poll();
                }
            }
            dropExpiredFirst(0);
            if (model.isEmpty()) {
                assertThat(next).isNull();
                return;
            }
            Delivery expected = model.removeFirst();
            assertThat(next).isNotNull();
            assertThat(next.sequence()).isEqualTo(expected.sequence());
            assertThat(next.message()).isSameAs(expected.message());
            assertThat(next.retain()).isEqualTo(expected.retain());
            assertThat(next.subscriptionIds()).isEqualTo(expected.subscriptionIds());
            store.acknowledged(number, next.sequence());
        }

        private void answerReads() {
            store.answerReads();
            loops.settle();
        }

        /// Until the first has not expired, or only `left` are left.
        private void dropExpiredFirst(int left) {
            while (model.size() > left && model.getFirst().message().isExpiredAt(loops.millis())) {
                expectedLost.add(model.removeFirst().sequence() + " " + DropCause.EXPIRED);
            }
        }

        /// What expired may leave meanwhile, and nothing else.
        private void passTime(int millis) {
            loops.advance(Duration.ofMillis(millis));
            Set<String> known = new HashSet<>(expectedLost);
            for (String each : lost) {
                if (known.add(each)) {
                    expectedLost.add(each);
                    assertThat(model.removeIf(delivery -> each.equals(delivery.sequence() + " " + DropCause.EXPIRED)
                                    && delivery.message().isExpiredAt(loops.millis())))
                            .as(each)
                            .isTrue();
                }
            }
            assertThat(backlog.messages()).isEqualTo(model.size());
        }

        private void step() {
            switch (random.nextInt(20)) {
                case 0 -> limits = randomLimits();
                case 1 -> passTime(random.nextInt(random.nextInt(4) == 0 ? 15_000 : 1_500));
                case 2 -> answerReads();
                case 3, 4, 5, 6, 7, 8 -> poll();
                default -> add();
            }
        }
    }

    @Test
    void boundsOrderAndContentsHold() {
        Seeds.each(3_000, random -> {
            Bench bench = new Bench(random);
            for (int i = 0; i < 150; i++) {
                bench.step();
            }
            bench.answerReads();
            while (!bench.backlog.isEmpty()) {
                bench.poll();
            }
            bench.poll();
            assertThat(bench.model).isEmpty();
            assertThat(bench.lost).containsExactlyInAnyOrderElementsOf(bench.expectedLost);
            assertThat(bench.backlog.messages()).isZero();
            assertThat(bench.backlog.bytes()).isZero();
        });
    }
}
