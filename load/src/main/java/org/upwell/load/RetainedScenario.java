// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.upwell.codec.QoS;
import org.upwell.codec.SubAck;

/// Sets retained messages, each on a topic of its own; then clients, one after the other, subscribe to them all by
/// one wildcard.
final class RetainedScenario {
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Run run;
    private final LoadPlan.Retained plan;
    private final PublisherTurns turns;
    private final List<Publisher> publishers = new ArrayList<>();
    private Acknowledgements acknowledgements = new Acknowledgements();
    private CompletableFuture<Boolean> published = new CompletableFuture<>();
    private CompletableFuture<Boolean> arrived = new CompletableFuture<>();
    private final BitSet seen = new BitSet();
    private long received;
    private long duplicated;
    private long unflagged;
    private long foreign;
    private long firstNanos;
    private long lastNanos;
    private int fences;

    RetainedScenario(Run run, LoadPlan.Retained plan) {
        this.run = run;
        this.plan = plan;
        this.turns = new PublisherTurns(run.loop(), this::fill);
    }

    LoadReport run() throws LoadException, InterruptedException {
        List<LoadConnection> connections =
                run.clients().make('p', plan.senders().publishers(), false, true, new PublisherEvents());
        Connecting connected = run.clients().openAll(connections, run.settings(), "publishers");
        int window = Math.min(plan.senders().window(), connected.receiveMaximum());
        run.loop().settle(100);
        Processes.Sample before = run.sample();
        run.tell("setting");
        publish(connections, window, plan.senders().payloadBytes());
        Processes.Sample set = run.sample();
        Acknowledgements setting = acknowledgements;
        run.loop().settle(300);
        Processes.Sample settled = run.sample();
        run.tell("matching");
        double firstSeconds = Double.NaN;
        double seconds = 0;
        long distinct = 0;
        for (int i = 0; i < plan.subscribers(); i++) {
            long began = subscribe(i);
            if (i == 0) {
                firstSeconds = (firstNanos - began) / 1e9;
            }
            seconds += (lastNanos - began) / 1e9;
            distinct += seen.cardinality();
        }
        Processes.Sample matched = run.sample();
        if (!run.settings().keep()) {
            run.tell("clearing");
            publish(connections, window, 0);
        }
        run.clients().leave(connections);
        long expected = (long) plan.messages() * plan.subscribers();
        double setSeconds = set.secondsSince(before);
        LoadReport report = run.report(plan.scenario())
                .count("qos", plan.senders().qos())
                .count("payload", plan.senders().payloadBytes())
                .count("retained", plan.messages())
                .count("publishers", connections.size())
                .number("set_s", setSeconds)
                .number("set_rate", plan.messages() / setSeconds);
        setting.report(report);
        report.number("broker_bytes_per_retained", Run.bytesEach(before, settled, plan.messages()))
                .count("runs", plan.subscribers())
                .number("first_message_s", firstSeconds)
                .number("receive_s", seconds)
                .number("receive_rate", distinct / seconds)
                .count("received", received)
                .count("lost", expected - distinct)
                .count("duplicated", duplicated)
                .count("without_retain_flag", unflagged)
                .count("foreign", foreign);
        run.broker(report, "broker_set", before, set, plan.messages());
        run.broker(report, "broker_receive", settled, matched, distinct);
        run.own(report, "gen_set", before, set, plan.messages());
        run.own(report, "gen_receive", settled, matched, distinct);
        return report;
    }

    // ---- Setting and clearing ------------------------------------------------------------------------------------

    /// @param payloadBytes 0 clears ([MQTT-3.3.1-6], [MQTT3-3.3.1-10])
    private void publish(List<LoadConnection> connections, int window, int payloadBytes)
            throws LoadException, InterruptedException {
        Senders senders = plan.senders();
        published = new CompletableFuture<>();
        run.loop().run(() -> {
            publishers.clear();
            acknowledgements = new Acknowledgements();
            acknowledgements.measure(true);
            fences = 0;
            PublishTemplate template = new PublishTemplate(
                    run.topic(PublishTemplate.DIGITS), QoS.of(senders.qos()), true, payloadBytes, run.version());
            connections.forEach(each -> publishers.add(new Publisher(each, template, senders, window)));
            publishers.forEach(turns::call);
        });
        run.loop().await(published, run.phaseMillis(), "publishing retained messages");
    }

    private int totalOf(Publisher publisher) {
        int count = plan.senders().publishers();
        return (plan.messages() - publisher.number() + count - 1) / count;
    }

    private void fill(Publisher publisher) {
        LoadConnection connection = publisher.connection();
        long left = totalOf(publisher) - publisher.sent();
        long may = plan.senders().qos() == 0 ? left : Math.min(publisher.free(), left);
        if (may == 0 || may < Math.min(publisher.refill(), left)) {
            return;
        }
        long now = System.nanoTime();
        while (may > 0 && connection.takesMore()) {
            int topic = (int)
                    (publisher.number() + publisher.sent() * plan.senders().publishers());
            ByteBuf out = connection.out();
            int start = publisher.append(out, 0, topic, now, now);
            publisher.template().digits(out, start, 0, topic);
            may--;
        }
        if (plan.senders().qos() == 0 && publisher.sent() == totalOf(publisher)) {
            // What comes behind all messages is answered behind all messages.
            connection.ping();
        } else if (may > 0 && connection.isWritable()) {
            turns.call(publisher);
        }
    }

    private final class PublisherEvents implements LoadConnection.Events {
        @Override
        public void acknowledged(LoadConnection connection, int type, int packetId, int reason) {
            Publisher publisher = publishers.get(connection.number());
            if (publisher.acknowledged(type, packetId, reason, acknowledgements)) {
                turns.call(publisher);
                if (acknowledgements.acknowledged() == plan.messages()) {
                    published.complete(true);
                }
            }
        }

        @Override
        public void ponged(LoadConnection connection) {
            if (plan.senders().qos() == 0
                    && publishers.get(connection.number()).sent() == totalOf(publishers.get(connection.number()))) {
                fences++;
                if (fences == publishers.size()) {
                    published.complete(true);
                }
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
            published.completeExceptionally(new LoadException("a publisher lost its connection: " + why));
        }
    }

    // ---- Matching ------------------------------------------------------------------------------------------------

    private long subscribe(int number) throws LoadException, InterruptedException {
        Run.SubAckWaiter waiter = new Run.SubAckWaiter();
        List<LoadConnection> subscriber = run.clients().make('s', 1, false, true, new Receiver(waiter));
        run.clients().openAll(subscriber, run.settings(), "subscriber " + number);
        long began = run.loop().call(() -> {
            seen.clear();
            firstNanos = 0;
            lastNanos = System.nanoTime();
            arrived = new CompletableFuture<>();
            return lastNanos;
        });
        run.subscribeAll(
                subscriber, List.of(List.of(run.topic("#"))), plan.senders().qos(), waiter);
        run.loop().run(this::checkArrived);
        run.loop().await(arrived, run.phaseMillis(), "matching retained messages");
        run.loop().settle(50);
        run.clients().leave(subscriber);
        return began;
    }

    private void checkArrived() {
        if (seen.cardinality() == plan.messages() || System.nanoTime() - lastNanos > IDLE_NANOS) {
            arrived.complete(true);
        } else {
            var _ = run.loop().executor().schedule(this::checkArrived, 20, TimeUnit.MILLISECONDS);
        }
    }

    private final class Receiver implements LoadConnection.Events {
        private final Run.SubAckWaiter waiter;

        private Receiver(Run.SubAckWaiter waiter) {
            this.waiter = waiter;
        }

        @Override
        public void subscribed(LoadConnection connection, SubAck ack) {
            waiter.answered(connection, ack);
        }

        @Override
        public void message(LoadConnection connection, ByteBuf in, int payloadAt, int payloadBytes, int flags) {
            long topic = payloadBytes == plan.senders().payloadBytes() && in.getInt(payloadAt) == Stamp.MARK
                    ? in.getLong(payloadAt + Stamp.SEQUENCE_AT)
                    : -1;
            if (topic < 0 || topic >= plan.messages()) {
                foreign++;
                return;
            }
            lastNanos = connection.readNanos();
            if (firstNanos == 0) {
                firstNanos = lastNanos;
            }
            received++;
            unflagged += (flags & 1) == 0 ? 1 : 0;
            if (seen.get((int) topic)) {
                duplicated++;
            }
            seen.set((int) topic);
        }

        @Override
        public void lost(LoadConnection connection, String why) {
            waiter.failed(why);
            arrived.completeExceptionally(new LoadException("the subscriber lost its connection: " + why));
        }
    }
}
