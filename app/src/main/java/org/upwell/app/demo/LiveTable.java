// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.upwell.app.payload.PayloadText;

/// The arriving messages, a row each, as fast as a person can read; the rest is counted. Messages come from any
/// thread and never wait here; rows are printed by one.
final class LiveTable {
    private static final String ROW = "%-8s  %-10s  %-5s  %-16s  %-8s  %s";
    private static final int ROWS_PER_SECOND = 20;
    private static final Duration SUMMARY_PERIOD = Duration.ofSeconds(10);
    private static final DateTimeFormatter CLOCK_TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());

    private final PrintWriter out;
    private final InstantSource clock;
    private final Tally tally;
    private final BlockingQueue<Subscriber.Arrival> waiting = new ArrayBlockingQueue<>(ROWS_PER_SECOND);
    private final AtomicLong unshown = new AtomicLong();

    LiveTable(PrintWriter out, InstantSource clock, Tally tally) {
        this.out = out;
        this.clock = clock;
        this.tally = tally;
    }

    void arrived(Subscriber.Arrival arrival) {
        if (!waiting.offer(arrival)) {
            unshown.incrementAndGet();
        }
    }

    /// Prints until `deadlineNanos` of [System#nanoTime()], or for ever; in any case until `end` is open.
    void printUntil(@Nullable Long deadlineNanos, CountDownLatch end) throws InterruptedException {
        out.println(String.format(Locale.ROOT, ROW, "time", "tenant", "class", "device", "type", "data"));
        long second = System.nanoTime();
        long summary = second + SUMMARY_PERIOD.toNanos();
        int rows = 0;
        while (end.getCount() > 0 && (deadlineNanos == null || System.nanoTime() - deadlineNanos < 0)) {
            long now = System.nanoTime();
            if (now - summary >= 0) {
                printSummary();
                summary = now + SUMMARY_PERIOD.toNanos();
            }
            if (now - second >= TimeUnit.SECONDS.toNanos(1)) {
                second = now;
                rows = 0;
            }
            Subscriber.Arrival arrival = waiting.poll(100, TimeUnit.MILLISECONDS);
            if (arrival != null && rows == ROWS_PER_SECOND) {
                unshown.incrementAndGet();
            } else if (arrival != null) {
                rows++;
                print(arrival);
            }
        }
    }

    private void print(Subscriber.Arrival arrival) {
        Instant now = clock.instant();
        out.println(String.format(
                Locale.ROOT,
                ROW,
                CLOCK_TIME.format(now),
                arrival.tenant(),
                PayloadText.printable(arrival.kind()),
                PayloadText.printable(arrival.mac()),
                PayloadText.printable(arrival.type()),
                data(arrival)));
    }

    /// Without the type, which has a column of its own.
    private static String data(Subscriber.Arrival arrival) {
        String decoded = PayloadText.decoded(arrival.payload());
        String type = PayloadText.printable(arrival.type()) + " ";
        return decoded.startsWith(type) ? decoded.substring(type.length()) : decoded;
    }

    private void printSummary() {
        long more = unshown.getAndSet(0);
        out.println("-- so far " + tally.summary() + (more == 0 ? "" : " (" + more + " not shown)"));
    }
}
