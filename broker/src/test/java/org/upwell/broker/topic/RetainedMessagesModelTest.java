// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.MessageProperties;
import org.upwell.broker.testing.Seeds;

class RetainedMessagesModelTest {

    @Test
    @DisplayName("[MQTT-3.3.1-5] [MQTT-3.3.1-6] [MQTT-4.7.2-1] any history finds what a plain map would")
    void agreesWithAPlainMap() {
        Seeds.each(300, random -> {
            RetainedMessages retained = new RetainedMessages();
            Map<String, Message> model = new TreeMap<>();
            for (int i = 0; i < 60; i++) {
                change(retained, model, random);
                String filter = NaiveTopics.randomFilter(random);
                List<Message> expected = model.entrySet().stream()
                        .filter(entry -> NaiveTopics.matches(filter, entry.getKey()))
                        .map(Map.Entry::getValue)
                        .toList();
                assertThat(retained.matching(NaiveTopics.filter(filter)))
                        .as("retained messages for %s", filter)
                        .containsExactlyInAnyOrderElementsOf(expected);
                assertThat(retained.size()).isEqualTo(model.size());
            }
        });
    }

    private static final AtomicLong SEQUENCES = new AtomicLong(1);

    private static long put(RetainedMessages retained, Message message) {
        return retained.put(message, SEQUENCES::getAndIncrement, () -> true).sequence();
    }

    private static void change(RetainedMessages retained, Map<String, Message> model, Random random) {
        String topic = NaiveTopics.randomTopic(random);
        switch (random.nextInt(5)) {
            case 0 -> {
                put(retained, Message.of(topic, new byte[0], 0));
                model.remove(topic);
            }
            case 1 -> {
                Message kept = model.remove(topic);
                if (kept != null) {
                    retained.removeIfSame(kept);
                }
            }
            case 2 -> retained.removeIfSame(Message.of(topic, new byte[] {1}, 0));
            default -> {
                Message message = Message.of(topic, new byte[] {(byte) random.nextInt()}, 0);
                put(retained, message);
                model.put(topic, message);
            }
        }
    }

    /// Messages of QoS 2 take their place when they are committed, others at once; what stays is the one with the
    /// highest sequence of those that were not lost, as the store has it.
    @Test
    void theHighestSequenceStaysWhateverTheOrderOfCommits() {
        Seeds.each(500, random -> {
            RetainedMessages retained = new RetainedMessages();
            Map<Long, Message> announced = new TreeMap<>();
            Map<Long, Message> taken = new TreeMap<>();
            Map<Long, Message> placed = new TreeMap<>();
            long[] next = {1};
            for (int i = 0; i < 30; i++) {
                Message message = Message.of("a", new byte[random.nextInt(2)], 2);
                switch (random.nextInt(6)) {
                    case 0 -> announced.put(retained.announce(message, () -> next[0]++), message);
                    case 1 ->
                        placed.put(
                                retained.put(message, () -> next[0]++, () -> true)
                                        .sequence(),
                                message);
                    case 2 -> {
                        long sequence = retained.take(message, () -> next[0]++, () -> true)
                                .sequence();
                        taken.put(sequence, message);
                        placed.put(sequence, message);
                    }
                    case 3 -> {
                        if (!taken.isEmpty()) {
                            List<Long> sequences = List.copyOf(taken.keySet());
                            long sequence = sequences.get(random.nextInt(sequences.size()));
                            Message told = Objects.requireNonNull(taken.remove(sequence));
                            if (random.nextBoolean()) {
                                retained.refused(told, sequence);
                                placed.remove(sequence);
                            } else {
                                retained.committed(told, sequence);
                            }
                        }
                    }
                    default -> {
                        if (!announced.isEmpty()) {
                            List<Long> sequences = List.copyOf(announced.keySet());
                            long sequence = sequences.get(random.nextInt(sequences.size()));
                            Message settled = Objects.requireNonNull(announced.remove(sequence));
                            if (random.nextInt(4) == 0) {
                                retained.abandon(settled);
                            } else {
                                retained.settle(settled, sequence, () -> true);
                                placed.put(sequence, settled);
                            }
                        }
                    }
                }
                Message last = placed.isEmpty() ? null : placed.get(Collections.max(placed.keySet()));
                assertThat(retained.matching(NaiveTopics.filter("a")))
                        .isEqualTo(last == null || last.payload().length == 0 ? List.of() : List.of(last));
            }
        });
    }

    @Test
    void theOneThatExpiresFirstIsFoundInAnyHistory() {
        Seeds.each(300, random -> {
            RetainedMessages retained = new RetainedMessages();
            Map<String, Message> model = new TreeMap<>();
            for (int i = 0; i < 300; i++) {
                String topic = "t/" + random.nextInt(60);
                Message before = model.get(topic);
                if (before != null && random.nextInt(3) == 0) {
                    assertThat(retained.removeIfSame(before)).isPositive();
                    model.remove(topic);
                } else {
                    long end = random.nextInt(4) == 0 ? Message.NEVER : random.nextInt(100);
                    Message message = new Message(topic, new byte[] {1}, 0, true, end, MessageProperties.NONE, null);
                    put(retained, message);
                    model.put(topic, message);
                }
                long now = random.nextInt(100);
                long first = model.values().stream()
                        .mapToLong(Message::expiresAtMillis)
                        .min()
                        .orElse(Message.NEVER);
                Message expired = retained.expiredAt(now);
                if (first > now) {
                    assertThat(expired).isNull();
                } else {
                    assertThat(expired).isNotNull();
                    assertThat(expired.expiresAtMillis()).isEqualTo(first);
                    assertThat(model.get(expired.topic())).isSameAs(expired);
                }
            }
        });
    }

    @Test
    void anExpiredMessageDoesNotTakeItsSuccessorAway() {
        RetainedMessages retained = new RetainedMessages();
        Message old = Message.of("a/b", new byte[] {1}, 0);
        Message fresh = Message.of("a/b", new byte[] {1}, 0);
        put(retained, old);
        put(retained, fresh);
        assertThat(retained.removeIfSame(old)).isZero();
        assertThat(retained.matching(NaiveTopics.filter("a/#"))).containsExactly(fresh);
        assertThat(retained.removeIfSame(fresh)).isPositive();
        assertThat(retained.matching(NaiveTopics.filter("a/#"))).isEmpty();
        assertThat(retained.size()).isZero();
    }

    /// A subscription made beside a stream of retained messages gets each from some point on as published, and the
    /// one before that point as retained unless a later one took its place.
    @Test
    void aSubscriptionGetsEachMessageInOneOfTwoWays() throws InterruptedException {
        for (int round = 0; round < 200; round++) {
            RetainedMessages retained = new RetainedMessages();
            SubscriptionTree<Object> tree = new SubscriptionTree<>();
            TopicFilter filter = NaiveTopics.filter("a");
            List<Integer> published = new ArrayList<>();
            int stop = 50;
            Thread publisher = new Thread(() -> {
                for (int i = 1; i <= stop; i++) {
                    Message message = Message.of("a", new byte[] {(byte) i}, 1);
                    if (!retained.put(message, SEQUENCES::getAndIncrement, () -> tree.match("a"))
                            .seen()
                            .isEmpty()) {
                        published.add(i);
                    }
                }
            });
            publisher.start();
            RetainedMessages.Subscribed made =
                    retained.subscribing(() -> tree.put(new Subscription<>(this, filter, 1, false, false, 0)) == null);
            List<Message> before = retained.matching(filter, made.asOf());
            publisher.join();
            int first = published.isEmpty() ? stop + 1 : published.getFirst();
            assertThat(published).hasSize(stop + 1 - first);
            assertThat(before.stream().map(message -> (int) message.payload()[0]))
                    .isSubsetOf(first - 1);
            assertThat(published.isEmpty() && before.isEmpty())
                    .as("nothing came")
                    .isFalse();
        }
    }

    @Test
    void lookUpsBesideChangesSeeWhatIsNotChanged() throws InterruptedException {
        RetainedMessages retained = new RetainedMessages();
        Message steady = Message.of("steady/x", new byte[] {1}, 0);
        put(retained, steady);
        Thread writer = new Thread(() -> {
            Random random = new Random(7);
            for (int i = 0; i < 20_000; i++) {
                String topic = (random.nextBoolean() ? "steady/" : "") + NaiveTopics.randomTopic(random);
                put(retained, Message.of(topic, new byte[random.nextInt(2)], 0));
            }
        });
        writer.start();
        TopicFilter filter = NaiveTopics.filter("+/x");
        while (writer.isAlive()) {
            assertThat(retained.matching(filter)).contains(steady);
        }
        writer.join();
    }
}
