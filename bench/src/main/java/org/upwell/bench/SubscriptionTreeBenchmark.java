// SPDX-License-Identifier: Apache-2.0
package org.upwell.bench;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.upwell.broker.topic.InvalidTopicException;
import org.upwell.broker.topic.Matches;
import org.upwell.broker.topic.Subscription;
import org.upwell.broker.topic.SubscriptionTree;
import org.upwell.broker.topic.TopicFilter;

/// Who gets a message, out of many subscriptions of which each fifth has a `+`.
@NullUnmarked // JMH sets the fields.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgsAppend = "-Xmx2g")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SubscriptionTreeBenchmark {
    private static final int SUBSCRIBERS = 1000;
    private static final int HOT = 1024;

    @Param({"1", "20000", "1000000"})
    private int subscriptions;

    private SubscriptionTree<Object> tree;
    private String[] topics;
    private Subscription<Object> another;
    private int next;

    @Setup
    public void setUp() throws InvalidTopicException {
        tree = new SubscriptionTree<>();
        fill(tree, subscriptions);
        topics = new String[subscriptions];
        for (int i = 0; i < subscriptions; i++) {
            topics[i] = topic(i, -1);
        }
        another = new Subscription<>(new Object(), TopicFilter.parse("another/+/one"), 0, false, false, 0);
    }

    static void fill(SubscriptionTree<Object> tree, int count) throws InvalidTopicException {
        Object[] subscribers = new Object[SUBSCRIBERS];
        for (int i = 0; i < SUBSCRIBERS; i++) {
            subscribers[i] = new Object();
        }
        for (int i = 0; i < count; i++) {
            TopicFilter filter = TopicFilter.parse(topic(i, i % 5 == 4 ? i / 5 % 3 : -1));
            tree.put(new Subscription<>(subscribers[i % SUBSCRIBERS], filter, 1, false, false, 0));
        }
    }

    /// @param plus which of three levels is a wildcard, -1 none
    private static String topic(int number, int plus) {
        return String.format(
                Locale.ROOT,
                "load/%s/%s/%s",
                plus == 0 ? "+" : "g" + number / 100,
                plus == 1 ? "+" : "d" + number,
                plus == 2 ? "+" : "t" + number);
    }

    /// Topics that come again and again: their result is kept.
    @Benchmark
    public Matches<Object> matchHot() {
        next++;
        return tree.match(topics[(next & (HOT - 1)) % topics.length]);
    }

    /// All topics in turn: with a million, more than are kept.
    @Benchmark
    public Matches<Object> matchInTurn() {
        next = next + 1 == topics.length ? 0 : next + 1;
        return tree.match(topics[next]);
    }

    /// The first match after a change: nothing that is kept counts.
    @Benchmark
    public Matches<Object> matchAfterChange() {
        if ((next & 1) == 0) {
            tree.put(another);
        } else {
            tree.remove(another.subscriber(), another.filter());
        }
        next++;
        return tree.match(topics[(next & (HOT - 1)) % topics.length]);
    }
}
