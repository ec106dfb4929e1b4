// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

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
import org.upwell.broker.message.Message;

/// A message through one session's queue, behind as many as wait already. In the queue's package, which shows it to
/// nobody else.
@NullUnmarked // JMH sets the fields.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class QueueBenchmark {
    @Param({"0", "1000", "50000"})
    private int waiting;

    private final OutboundQueue queue = new OutboundQueue();
    private final Message message = Message.of("load/tenant/device/42", new byte[64], 1);
    private long sequence;

    @Setup
    public void setUp() {
        for (int i = 0; i < waiting; i++) {
            add();
        }
    }

    private void add() {
        queue.add(new Delivery(message, ++sequence, 1, false, Delivery.NO_IDS), true, 0);
    }

    @Benchmark
    public Object addAndPoll() {
        add();
        return queue.poll();
    }
}
