// SPDX-License-Identifier: Apache-2.0
package org.upwell.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.upwell.broker.topic.InvalidTopicException;
import org.upwell.broker.topic.SubscriptionTree;

/// What a million subscriptions take, by the heap before and after; the time is that of adding them all.
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xmx2g", "-XX:+UseCompactObjectHeaders"})
@Warmup(iterations = 1)
@Measurement(iterations = 3)
@NullUnmarked
public class SubscriptionMemoryBenchmark {
    private static final int SUBSCRIPTIONS = 1_000_000;

    /// What JMH shows beside the time.
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Counters {
        private long bytes;

        /// The name of it in the table.
        public long bytesPerSubscription() {
            return bytes / SUBSCRIPTIONS;
        }
    }

    @Benchmark
    public SubscriptionTree<Object> fill(Counters counters) throws InvalidTopicException {
        long before = usedBytes();
        SubscriptionTree<Object> tree = new SubscriptionTree<>();
        SubscriptionTreeBenchmark.fill(tree, SUBSCRIPTIONS);
        counters.bytes = usedBytes() - before;
        return tree;
    }

    private static long usedBytes() {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        memory.gc();
        memory.gc();
        return memory.getHeapMemoryUsage().getUsed();
    }
}
