// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.upwell.broker.message.Message;
import org.upwell.broker.testing.Seeds;

class OutboundQueueModelTest {

    private static Delivery delivery(int number, int weight) {
        // One character of topic, the rest payload.
        return new Delivery(Message.of("t", new byte[weight - 1], 1), number, 1, false, Delivery.NO_IDS);
    }

    /// Offers as a session does. Returns what was lost.
    @SuppressWarnings("ReferenceEquality") // Asks whether the lost one is this very delivery.
    private static List<Delivery> offer(OutboundQueue queue, Delivery delivery, SessionLimits limits) {
        List<Delivery> lost = new ArrayList<>();
        @Nullable Delivery gone = queue.offer(delivery, limits);
        while (gone != null) {
            lost.add(gone);
            gone = gone == delivery ? null : queue.offer(delivery, limits);
        }
        return lost;
    }

    /// The rules in the simplest words.
    private static List<Delivery> modelOffer(List<Delivery> waiting, Delivery delivery, SessionLimits limits) {
        List<Delivery> lost = new ArrayList<>();
        long weight = delivery.message().weightBytes();
        if (limits.overflow() == OverflowRule.DROP_OLDEST && weight <= limits.queueBytes()) {
            while (!fits(waiting, weight, limits)) {
                lost.add(waiting.removeFirst());
            }
        }
        if (fits(waiting, weight, limits)) {
            waiting.add(delivery);
        } else {
            lost.add(delivery);
        }
        return lost;
    }

    private static boolean fits(List<Delivery> waiting, long weight, SessionLimits limits) {
        return waiting.size() < limits.queueMessages() && bytes(waiting) + weight <= limits.queueBytes();
    }

    private static long bytes(List<Delivery> waiting) {
        return waiting.stream().mapToLong(each -> each.message().weightBytes()).sum();
    }

    @Test
    void bothRulesKeepBothBounds() {
        Seeds.each(1_000, random -> {
            OverflowRule rule = random.nextBoolean() ? OverflowRule.DROP_NEWEST : OverflowRule.DROP_OLDEST;
            SessionLimits limits = randomLimits(rule, random);
            OutboundQueue queue = new OutboundQueue();
            List<Delivery> model = new ArrayList<>();
            for (int i = 1; i <= 80; i++) {
                if (random.nextInt(60) == 0) {
                    // Limits may be replaced while messages wait, also by lower ones.
                    limits = randomLimits(rule, random);
                }
                if (random.nextInt(4) == 0) {
                    assertThat(queue.poll()).isSameAs(model.isEmpty() ? null : model.removeFirst());
                } else {
                    Delivery delivery = delivery(i, 1 + random.nextInt(30));
                    assertThat(offer(queue, delivery, limits)).isEqualTo(modelOffer(model, delivery, limits));
                }
                assertThat(queue.size()).isEqualTo(model.size());
                assertThat(queue.isEmpty()).isEqualTo(model.isEmpty());
                assertThat(queue.bytes()).isEqualTo(bytes(model));
                assertThat(queue.peek()).isSameAs(model.isEmpty() ? null : model.getFirst());
                List<Delivery> inOrder = new ArrayList<>();
                queue.iterator().forEachRemaining(inOrder::add);
                assertThat(inOrder).isEqualTo(model);
            }
            queue.clear();
            assertThat(queue.size()).isZero();
            assertThat(queue.bytes()).isZero();
        });
    }

    private static SessionLimits randomLimits(OverflowRule rule, Random random) {
        return new SessionLimits(1 + random.nextInt(12), 1 + random.nextInt(100), rule, 0);
    }

    @Test
    void dropOldestMakesRoomForOneLargeMessageByDroppingSeveral() {
        OutboundQueue queue = new OutboundQueue();
        SessionLimits limits = new SessionLimits(10, 30, OverflowRule.DROP_OLDEST, 0);
        offer(queue, delivery(1, 10), limits);
        offer(queue, delivery(2, 10), limits);
        offer(queue, delivery(3, 10), limits);
        assertThat(offer(queue, delivery(4, 20), limits))
                .extracting(Delivery::sequence)
                .containsExactly(1L, 2L);
        assertThat(queue.bytes()).isEqualTo(30);
    }

    @Test
    void aMessageLargerThanTheWholeQueueCostsNobodyElseItsPlace() {
        OutboundQueue queue = new OutboundQueue();
        SessionLimits limits = new SessionLimits(10, 30, OverflowRule.DROP_OLDEST, 0);
        offer(queue, delivery(1, 10), limits);
        Delivery large = delivery(2, 31);
        assertThat(offer(queue, large, limits)).containsExactly(large);
        assertThat(queue.size()).isEqualTo(1);
    }
}
