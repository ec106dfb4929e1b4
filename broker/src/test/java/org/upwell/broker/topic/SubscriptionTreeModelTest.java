// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.broker.testing.Seeds;

class SubscriptionTreeModelTest {

    /// All equal, so that a tree which goes by anything but identity confuses them.
    private static final class Subscriber {
        private final int number;

        private Subscriber(int number) {
            this.number = number;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Subscriber;
        }

        @Override
        public int hashCode() {
            return 1;
        }
    }

    /// Subscriptions by subscriber number and filter text; matching goes through all of them.
    private static final class Model {
        private final Map<String, Subscription<Subscriber>> all = new HashMap<>();

        private @Nullable Subscription<Subscriber> put(Subscription<Subscriber> subscription) {
            return all.put(key(subscription.subscriber(), subscription.filter()), subscription);
        }

        private @Nullable Subscription<Subscriber> remove(Subscriber subscriber, TopicFilter filter) {
            return all.remove(key(subscriber, filter));
        }

        private static String key(Subscriber subscriber, TopicFilter filter) {
            return subscriber.number + " " + filter.text();
        }

        private Map<Integer, String> match(String topic, boolean ownMessage) {
            Map<Integer, List<Subscription<Subscriber>>> bySubscriber = new TreeMap<>();
            for (Subscription<Subscriber> each : all.values()) {
                if (NaiveTopics.matches(each.filter().text(), topic) && !(ownMessage && each.noLocal())) {
                    bySubscriber
                            .computeIfAbsent(each.subscriber().number, number -> new ArrayList<>())
                            .add(each);
                }
            }
            Map<Integer, String> merged = new TreeMap<>();
            bySubscriber.forEach((number, own) -> merged.put(number, merge(own)));
            return merged;
        }

        private static String merge(Collection<Subscription<Subscriber>> own) {
            int qos = own.stream().mapToInt(Subscription::qos).max().orElse(0);
            boolean retain = own.stream().anyMatch(Subscription::retainAsPublished);
            boolean noLocal = own.stream().anyMatch(Subscription::noLocal);
            int[] ids = own.stream()
                    .mapToInt(Subscription::identifier)
                    .filter(id -> id > 0)
                    .toArray();
            return describe(qos, retain, noLocal, ids);
        }
    }

    private static String describe(int qos, boolean retain, boolean noLocal, int[] ids) {
        int[] sorted = ids.clone();
        Arrays.sort(sorted);
        return "qos " + qos + " retain " + retain + " noLocal " + noLocal + " ids " + Arrays.toString(sorted);
    }

    private static Map<Integer, String> describe(List<Matches.Target<Subscriber>> targets) {
        Map<Integer, String> described = new TreeMap<>();
        for (Matches.Target<Subscriber> each : targets) {
            String old = described.put(
                    each.subscriber().number,
                    describe(each.qos(), each.retainAsPublished(), each.noLocal(), each.subscriptionIds()));
            assertThat(old)
                    .as("subscriber %d is found once", each.subscriber().number)
                    .isNull();
        }
        return described;
    }

    private static void compare(SubscriptionTree<Subscriber> tree, Model model, String topic) {
        Matches<Subscriber> found = tree.match(topic);
        Map<Integer, String> expected = model.match(topic, false);
        assertThat(describe(found.targets())).as("matches of %s", topic).isEqualTo(expected);
        assertThat(found.isEmpty()).isEqualTo(expected.isEmpty());
        List<Matches.Target<Subscriber>> own = found.targets().stream()
                .flatMap(target -> target.forOwnMessage().stream())
                .toList();
        assertThat(describe(own)).as("own messages on %s", topic).isEqualTo(model.match(topic, true));
    }

    private static Subscription<Subscriber> randomSubscription(
            Subscriber subscriber, TopicFilter filter, Random random) {
        return new Subscription<>(
                subscriber,
                filter,
                random.nextInt(3),
                random.nextInt(4) == 0,
                random.nextInt(4) == 0,
                random.nextInt(3) == 0 ? 0 : 1 + random.nextInt(5));
    }

    private static void randomChange(
            SubscriptionTree<Subscriber> tree, Model model, List<Subscriber> subscribers, Random random) {
        Subscriber subscriber = subscribers.get(random.nextInt(subscribers.size()));
        TopicFilter filter = NaiveTopics.filter(NaiveTopics.randomFilter(random));
        if (random.nextInt(3) == 0) {
            assertThat(tree.remove(subscriber, filter)).isSameAs(model.remove(subscriber, filter));
        } else {
            Subscription<Subscriber> subscription = randomSubscription(subscriber, filter, random);
            assertThat(tree.put(subscription)).isSameAs(model.put(subscription));
        }
        assertThat(tree.size()).isEqualTo(model.all.size());
    }

    private static List<Subscriber> subscribers(int from, int count) {
        List<Subscriber> made = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            made.add(new Subscriber(from + i));
        }
        return made;
    }

    @Test
    @DisplayName("[MQTT-3.3.4-2] [MQTT-3.3.4-3] [MQTT-3.8.3-3] [MQTT-3.8.4-3] [MQTT-4.7.2-1]")
    void agreesWithAPlainList() {
        Seeds.each(150, random -> {
            SubscriptionTree<Subscriber> tree = new SubscriptionTree<>();
            Model model = new Model();
            List<Subscriber> subscribers = subscribers(0, 1 + random.nextInt(6));
            for (int i = 0; i < 80; i++) {
                randomChange(tree, model, subscribers, random);
                compare(tree, model, NaiveTopics.randomTopic(random));
            }
        });
    }

    @Test
    void manySubscribersOfOneFilterComeAndGo() {
        Seeds.each(20, random -> {
            SubscriptionTree<Subscriber> tree = new SubscriptionTree<>();
            Model model = new Model();
            List<Subscriber> subscribers = subscribers(0, 40);
            List<String> filters = List.of("a/b", "a/+", "#");
            for (int i = 0; i < 250; i++) {
                Subscriber subscriber = subscribers.get(random.nextInt(subscribers.size()));
                TopicFilter filter = NaiveTopics.filter(filters.get(random.nextInt(filters.size())));
                // First more come than go, then all go, so that small sets grow large and large ones empty.
                if (random.nextInt(250) < i) {
                    assertThat(tree.remove(subscriber, filter)).isSameAs(model.remove(subscriber, filter));
                } else {
                    Subscription<Subscriber> subscription = randomSubscription(subscriber, filter, random);
                    assertThat(tree.put(subscription)).isSameAs(model.put(subscription));
                }
                compare(tree, model, random.nextBoolean() ? "a/b" : "a/c");
            }
            for (Subscription<Subscriber> each : List.copyOf(model.all.values())) {
                assertThat(tree.remove(each.subscriber(), each.filter())).isSameAs(each);
            }
            assertThat(tree.size()).isZero();
            assertThat(tree.match("a/b").isEmpty()).isTrue();
        });
    }

    @Test
    void aKeptResultIsUsedUntilAnySubscriptionChanges() {
        SubscriptionTree<Subscriber> tree = new SubscriptionTree<>();
        Subscriber subscriber = new Subscriber(1);
        TopicFilter filter = NaiveTopics.filter("a/+");
        assertThat(tree.match("a/b").isEmpty()).isTrue();
        tree.put(new Subscription<>(subscriber, filter, 0, false, false, 0));
        Matches<Subscriber> found = tree.match("a/b");
        assertThat(found.targets()).hasSize(1);
        assertThat(tree.match("a/b")).as("nothing changed").isSameAs(found);
        tree.put(new Subscription<>(subscriber, filter, 2, false, false, 0));
        assertThat(tree.match("a/b").targets().getFirst().qos()).isEqualTo(2);
        tree.remove(subscriber, filter);
        assertThat(tree.match("a/b").isEmpty()).isTrue();
        tree.put(new Subscription<>(subscriber, NaiveTopics.filter("a/b"), 1, false, false, 0));
        assertThat(tree.match("a/b").targets()).hasSize(1);
        tree.remove(subscriber, NaiveTopics.filter("a/b"));
        assertThat(tree.match("a/b").isEmpty()).isTrue();
    }

    @Test
    void moreNamesThanAreKeptStillMatch() {
        SubscriptionTree<Subscriber> tree = new SubscriptionTree<>();
        tree.put(new Subscription<>(new Subscriber(1), NaiveTopics.filter("t/+"), 0, false, false, 0));
        for (int i = 0; i < 140_000; i++) {
            String topic = "t/" + i % 70_000;
            if (tree.match(topic).targets().size() != 1) {
                throw new AssertionError(topic + " found nobody");
            }
        }
    }

    @Test
    @Timeout(30)
    void readersBesideWritersSeeWhatStaysAndAllAgreesAfterwards() throws InterruptedException {
        for (int seed = 1; seed <= 2; seed++) {
            concurrentRun(seed);
        }
    }

    private static void concurrentRun(int seed) throws InterruptedException {
        SubscriptionTree<Subscriber> tree = new SubscriptionTree<>();
        Subscriber steady = new Subscriber(-1);
        List<String> steadyFilters = List.of("a/b", "a/+", "+/b/#", "#", "a/b/c/+");
        for (String filter : steadyFilters) {
            tree.put(new Subscription<>(steady, NaiveTopics.filter(filter), 1, false, false, 0));
        }
        ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
        List<Model> models = new ArrayList<>();
        List<Thread> writers = new ArrayList<>();
        for (int w = 0; w < 2; w++) {
            Model model = new Model();
            models.add(model);
            Random random = new Random(seed * 100L + w);
            List<Subscriber> own = subscribers(w * 100, 20);
            writers.add(start(faults, () -> {
                for (int i = 0; i < 2_500; i++) {
                    Subscriber subscriber = own.get(random.nextInt(own.size()));
                    TopicFilter filter = NaiveTopics.filter(NaiveTopics.randomFilter(random));
                    if (random.nextBoolean()) {
                        tree.remove(subscriber, filter);
                        model.remove(subscriber, filter);
                    } else {
                        Subscription<Subscriber> made = randomSubscription(subscriber, filter, random);
                        tree.put(made);
                        model.put(made);
                    }
                }
            }));
        }
        List<Thread> readers = new ArrayList<>();
        for (int r = 0; r < 2; r++) {
            Random random = new Random(seed * 100L + 50 + r);
            readers.add(start(faults, () -> {
                while (writers.stream().anyMatch(Thread::isAlive)) {
                    String topic = NaiveTopics.randomTopic(random);
                    boolean expected = steadyFilters.stream().anyMatch(filter -> NaiveTopics.matches(filter, topic));
                    boolean found =
                            tree.match(topic).targets().stream().anyMatch(target -> target.subscriber().number == -1);
                    assertThat(found).as("the steady subscriber gets %s", topic).isEqualTo(expected);
                }
            }));
        }
        for (Thread thread : writers) {
            thread.join();
        }
        for (Thread thread : readers) {
            thread.join();
        }
        assertThat(faults).as("faults with seed %d", seed).isEmpty();
        Model whole = new Model();
        models.forEach(model -> whole.all.putAll(model.all));
        for (String filter : steadyFilters) {
            whole.put(new Subscription<>(steady, NaiveTopics.filter(filter), 1, false, false, 0));
        }
        assertThat(tree.size()).isEqualTo(whole.all.size());
        for (String topic : NaiveTopics.all(List.of("a", "b", "", "$s", "c"), 3)) {
            compare(tree, whole, topic);
        }
    }

    private static Thread start(ConcurrentLinkedQueue<Throwable> faults, Runnable work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (Exception | AssertionError e) {
                faults.add(e);
            }
        });
        thread.start();
        return thread;
    }
}
