// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.QoS;

/// Publishes and receives for a while, with all counts: warm-up, measured time, and then until everything has come.
/// Subscribers must be there before. Owned by the loop.
final class DeliveryRun implements LoadConnection.Events {
    private static final long STALL_NANOS = TimeUnit.SECONDS.toNanos(3);
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long DRAIN_NANOS = TimeUnit.SECONDS.toNanos(3);

    /// Chooses the topic of a message where a publisher has many.
    @FunctionalInterface
    interface Topics {
        void choose(ByteBuf out, int start, Publisher publisher);
    }

    private final Run run;
    private final Senders senders;
    private final Pace pace;
    private final Delivery delivery;
    private final PublisherTurns turns;
    private final @Nullable Topics topics;
    private final List<Publisher> publishers = new ArrayList<>();
    private final Histogram latency = new Histogram();
    private final Acknowledgements acknowledgements = new Acknowledgements();
    private final CompletableFuture<Boolean> done = new CompletableFuture<>();
    private final List<ScheduledFuture<?>> timers = new ArrayList<>();

    private boolean publishing;
    private boolean measuring;
    private long startedNanos;
    private long granted;
    private long[] due = new long[0];
    private long sent;
    private long sentMeasured;
    private long receivedMeasured;
    private long received;
    private long foreign;
    private long late;
    private long stalls;
    private long lastProgressNanos;
    private int windowInForce;
    private Processes.@Nullable Sample from;
    private Processes.@Nullable Sample to;

    DeliveryRun(Run run, Senders senders, Pace pace, Delivery delivery, @Nullable Topics topics) {
        this.run = run;
        this.senders = senders;
        this.pace = pace;
        this.delivery = delivery;
        this.topics = topics;
        this.turns = new PublisherTurns(run.loop(), this::fill);
    }

    // ---- The course of it, on the caller's thread -------------------------------------------------------------------

    /// @param topicOf publisher `i` uses the `i`-th
    void publish(List<String> topicOf) throws LoadException, InterruptedException {
        List<LoadConnection> connections =
                run.clients().make('p', senders.publishers(), false, true, new PublisherEvents());
        Connecting connected = run.clients().openAll(connections, run.settings(), "publishers");
        if (senders.qos() > connected.maximumQos()) {
            throw new LoadException("the broker allows QoS " + connected.maximumQos() + " at most");
        }
        windowInForce = senders.qos() == 0 ? senders.window() : Math.min(senders.window(), connected.receiveMaximum());
        run.loop().run(() -> start(connections, topicOf));
        long bound = pace.warmUp().plus(pace.measured()).toMillis() + run.phaseMillis();
        run.loop().await(done, bound, "publishing and receiving");
        run.clients().leave(connections);
    }

    private void start(List<LoadConnection> connections, List<String> topicOf) {
        for (LoadConnection each : connections) {
            PublishTemplate template = new PublishTemplate(
                    topicOf.get(each.number()), QoS.of(senders.qos()), false, senders.payloadBytes(), run.version());
            publishers.add(new Publisher(each, template, senders, windowInForce));
        }
        due = new long[publishers.size()];
        publishing = true;
        startedNanos = System.nanoTime();
        lastProgressNanos = startedNanos;
        timers.add(run.loop().executor().schedule(this::measure, pace.warmUp().toNanos(), TimeUnit.NANOSECONDS));
        timers.add(run.loop().executor().scheduleAtFixedRate(this::forgiveStalled, 200, 200, TimeUnit.MILLISECONDS));
        if (pace.rate() > 0) {
            timers.add(
                    run.loop().executor().scheduleAtFixedRate(this::grantByRate, 0, TICK_NANOS, TimeUnit.NANOSECONDS));
        } else if (run.settings().coalesce() == null && senders.qos() == 0 && pace.credit()) {
            timers.add(run.loop()
                    .executor()
                    .scheduleAtFixedRate(
                            new AdaptiveCoalescing(this, run.loop().coalescing()), 5, 5, TimeUnit.MILLISECONDS));
        }
        publishers.forEach(turns::call);
    }

    private void measure() {
        from = run.sampleOnLoop();
        measuring = true;
        acknowledgements.measure(true);
        timers.add(run.loop().executor().schedule(this::drain, pace.measured().toNanos(), TimeUnit.NANOSECONDS));
    }

    private void drain() {
        to = run.sampleOnLoop();
        measuring = false;
        acknowledgements.measure(false);
        publishing = false;
        timers.forEach(each -> each.cancel(false));
        timers.clear();
        if (run.settings().coalesce() == null) {
            run.loop().coalescing().pause(0);
        }
        lastProgressNanos = System.nanoTime();
        timers.add(run.loop().executor().scheduleAtFixedRate(this::checkDrained, 2, 2, TimeUnit.MILLISECONDS));
    }

    private void checkDrained() {
        boolean complete = delivery.verifier().distinct() >= expected()
                && publishers.stream().allMatch(each -> each.unacknowledged() == 0);
        if (complete || System.nanoTime() - lastProgressNanos > DRAIN_NANOS) {
            end();
            done.complete(true);
        }
    }

    private void end() {
        publishing = false;
        timers.forEach(each -> each.cancel(false));
        timers.clear();
    }

    private void fail(String why) {
        end();
        done.completeExceptionally(new LoadException(why));
    }

    // ---- Publishing ----------------------------------------------------------------------------------------------

    private void grantByRate() {
        long dueNow = (long) ((System.nanoTime() - startedNanos) * pace.rate() / 1e9) + 1;
        for (; granted < dueNow; granted++) {
            int index = (int) (granted % publishers.size());
            due[index]++;
            turns.call(publishers.get(index));
        }
    }

    private void fill(Publisher publisher) {
        LoadConnection connection = publisher.connection();
        int may = publishing ? mayOf(publisher) : 0;
        if (may == 0 || !connection.takesMore()) {
            return;
        }
        long now = System.nanoTime();
        int appended = 0;
        while (appended < may && connection.takesMore()) {
            ByteBuf out = connection.out();
            long sequence = publisher.sent();
            int start = publisher.append(out, publisher.number(), sequence, stamp(publisher, now), now);
            if (topics != null) {
                topics.choose(out, start, publisher);
            }
            appended++;
        }
        sent += appended;
        if (measuring) {
            sentMeasured += appended;
        }
        if (appended < may && connection.isOpen() && connection.isWritable()) {
            // Only this batch's bytes are full: there is more to send right behind it.
            turns.call(publisher);
        }
    }

    /// A message that could not leave in time is stamped with the time when it should have: the wait is the
    /// broker's.
    private long stamp(Publisher publisher, long now) {
        if (pace.rate() == 0) {
            return now;
        }
        long should = startedNanos
                + (long) ((publisher.sent() * (double) publishers.size() + publisher.number()) * 1e9 / pace.rate());
        if (now - should <= 2 * TICK_NANOS) {
            return now;
        }
        late++;
        return should;
    }

    private int mayOf(Publisher publisher) {
        long may = publisher.free();
        if (pace.credit()) {
            long outstanding = delivery.credit(publisher.number()).outstanding(publisher.sent());
            may = Math.min(may, senders.window() - outstanding);
        }
        if (pace.rate() > 0) {
            return (int) Math.max(0, Math.min(may, due[publisher.number()] - publisher.sent()));
        }
        return may < publisher.refill() ? 0 : (int) may;
    }

    private void forgiveStalled() {
        long now = System.nanoTime();
        for (Publisher each : publishers) {
            if (pace.credit() && delivery.credit(each.number()).forgiveStalled(each.sent(), now, STALL_NANOS)) {
                stalls++;
                turns.call(each);
            }
        }
    }

    private final class PublisherEvents implements LoadConnection.Events {
        @Override
        public void acknowledged(LoadConnection connection, int type, int packetId, int reason) {
            Publisher publisher = publishers.get(connection.number());
            lastProgressNanos = connection.readNanos();
            if (publisher.acknowledged(type, packetId, reason, acknowledgements)) {
                turns.call(publisher);
            }
        }

        @Override
        public void writable(LoadConnection connection) {
            if (connection.number() < publishers.size()) {
                turns.call(publishers.get(connection.number()));
            }
        }

        @Override
        public void lost(LoadConnection connection, String why) {
            fail("publisher " + connection.number() + " lost its connection: " + why);
        }
    }

    // ---- Receiving -----------------------------------------------------------------------------------------------

    @Override
    public void message(LoadConnection connection, ByteBuf in, int payloadAt, int payloadBytes, int flags) {
        if (payloadBytes != senders.payloadBytes() || in.getInt(payloadAt) != Stamp.MARK) {
            foreign++;
            return;
        }
        int stream = in.getInt(payloadAt + Stamp.STREAM_AT);
        long sequence = in.getLong(payloadAt + Stamp.SEQUENCE_AT);
        if (!delivery.isMeant(connection.number(), stream)
                || sequence < 0
                || sequence >= publishers.get(stream).sent()) {
            foreign++;
            return;
        }
        Publisher publisher = publishers.get(stream);
        received++;
        lastProgressNanos = connection.readNanos();
        if (measuring) {
            receivedMeasured++;
            latency.add(connection.readNanos() - in.getLong(payloadAt + Stamp.NANOS_AT));
        }
        if (delivery.accept(connection.number(), stream, sequence, publisher.sent())) {
            turns.call(publisher);
        }
    }

    @Override
    public void lost(LoadConnection connection, String why) {
        fail("subscriber " + connection.number() + " lost its connection: " + why);
    }

    /// Deliveries that are to come of what was sent until now.
    long expected() {
        return sent * delivery.copies();
    }

    long distinct() {
        return delivery.verifier().distinct();
    }

    /// Deliveries that the windows allow to be on their way.
    long mostOutstanding() {
        return (long) senders.window() * senders.publishers() * delivery.copies();
    }

    // ---- The account ---------------------------------------------------------------------------------------------

    /// After the end.
    void report(LoadReport report, int grantedQos) {
        Processes.Sample begin = from;
        Processes.Sample end = to;
        if (begin == null || end == null) {
            throw new IllegalStateException("nothing was measured");
        }
        double seconds = end.secondsSince(begin);
        report.count("qos", senders.qos())
                .count("granted_qos", Math.min(grantedQos, senders.qos()))
                .count("payload", senders.payloadBytes())
                .number("rate_target", pace.rate())
                .count("window", senders.window())
                .count("window_unacked", senders.qos() == 0 ? 0 : windowInForce)
                .flag("credit", pace.credit())
                .number("elapsed_s", seconds)
                .count("published", sentMeasured)
                .count("delivered", receivedMeasured)
                .number("pub_rate", sentMeasured / seconds)
                .number("del_rate", receivedMeasured / seconds)
                .latency("latency_us", latency);
        acknowledgements.report(report);
        Verifier verifier = delivery.verifier();
        report.count("sent_total", sent)
                .count("expected_total", expected())
                .count("received_total", received)
                .count("lost", Math.max(0, expected() - verifier.distinct()))
                .count("duplicated", verifier.duplicated())
                .count("out_of_order", verifier.outOfOrder())
                .count(
                        "unacked",
                        publishers.stream().mapToLong(Publisher::unacknowledged).sum())
                .count("foreign", foreign)
                .count("stalls", stalls)
                .count("late", late);
        run.broker(report, "broker", begin, end, receivedMeasured);
        run.own(report, "gen", begin, end, receivedMeasured);
    }
}
