// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.upwell.codec.QoS;
import org.upwell.codec.SubAck;

/// Persistent sessions subscribe and go away, messages are published to each, the sessions come back and fetch
/// them. Session `i` gets its messages of publisher `i mod publishers`, so that each has one order to keep.
final class OfflineScenario {
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Run run;
    private final LoadPlan.Offline plan;
    private final EverySubscriber verifier;
    private final Acknowledgements acknowledgements = new Acknowledgements();
    private final PublisherTurns turns;
    private final List<Publisher> publishers = new ArrayList<>();
    private final CompletableFuture<Boolean> published = new CompletableFuture<>();
    private final CompletableFuture<Boolean> drained = new CompletableFuture<>();
    private long received;
    private long foreign;
    private long lastNanos;
    private boolean publishing;

    OfflineScenario(Run run, LoadPlan.Offline plan) {
        this.run = run;
        this.plan = plan;
        this.verifier = new EverySubscriber(plan.sessions(), 1);
        this.turns = new PublisherTurns(run.loop(), this::fill);
    }

    LoadReport run() throws LoadException, InterruptedException {
        Run.SubAckWaiter waiter = new Run.SubAckWaiter();
        Drain drain = new Drain(waiter);
        List<LoadConnection> sessions = run.clients().make('o', plan.sessions(), true, true, drain);
        run.clients().openAll(sessions, run.settings(), "sessions");
        run.subscribeAll(sessions, filters(), plan.senders().qos(), waiter);
        run.clients().leave(sessions);
        Processes.Sample beforePublishing = publish();
        Processes.Sample afterPublishing = run.sample();
        run.clients().leave(publishers.stream().map(Publisher::connection).toList());
        run.loop().settle(300);
        Processes.Sample queued = run.sample();
        run.tell("draining");
        List<LoadConnection> again = run.clients().make('o', plan.sessions(), true, false, drain);
        Processes.Sample beforeDrain = run.sample();
        Connecting connected = run.clients().openAll(again, run.settings(), "sessions again");
        run.loop().run(() -> {
            lastNanos = Math.max(lastNanos, connected.firstNanos());
            checkDrained();
        });
        run.loop().await(drained, run.phaseMillis(), "draining");
        Processes.Sample afterDrain = run.sample();
        // What is repeated comes now.
        run.loop().settle(100);
        run.clients().leave(again);
        if (!run.settings().keep()) {
            Sessions.remove(run, 'o', plan.sessions());
        }
        LoadReport report = report(waiter, connected);
        double publishSeconds = afterPublishing.secondsSince(beforePublishing);
        double drainSeconds = (lastNanos - connected.firstNanos()) / 1e9;
        long sent = (long) plan.sessions() * plan.messages();
        report.count("published", sent).number("publish_s", publishSeconds).number("pub_rate", sent / publishSeconds);
        acknowledgements.report(report);
        report.number("broker_bytes_per_queued_msg", Run.bytesEach(beforePublishing, queued, sent))
                .number("drain_s", drainSeconds)
                .number("drain_rate", verifier.distinct() / drainSeconds)
                .count("received", received)
                .count("lost", sent - verifier.distinct())
                .count("duplicated", verifier.duplicated())
                .count("out_of_order", verifier.outOfOrder())
                .count("foreign", foreign);
        run.broker(report, "broker_publish", beforePublishing, afterPublishing, sent);
        run.broker(report, "broker_drain", beforeDrain, afterDrain, verifier.distinct());
        run.own(report, "gen_publish", beforePublishing, afterPublishing, sent);
        run.own(report, "gen_drain", beforeDrain, afterDrain, verifier.distinct());
        return report;
    }

    private LoadReport report(Run.SubAckWaiter waiter, Connecting connected) {
        return run.report(plan.scenario())
                .count("qos", plan.senders().qos())
                .count("granted_qos", waiter.granted())
                .count("payload", plan.senders().payloadBytes())
                .count("sessions", plan.sessions())
                .count("session_present", connected.sessionsPresent())
                .count("messages_per_session", plan.messages())
                .count("publishers", publishers.size());
    }

    /// Each session has the topic that the template makes of its number.
    private List<List<String>> filters() {
        return IntStream.range(0, plan.sessions())
                .mapToObj(i -> List.of(run.topic(String.format(Locale.ROOT, "%08d", i))))
                .toList();
    }

    // ---- Publishing ----------------------------------------------------------------------------------------------

    private Processes.Sample publish() throws LoadException, InterruptedException {
        Senders senders = plan.senders();
        List<LoadConnection> connections =
                run.clients().make('p', senders.publishers(), false, true, new PublisherEvents());
        Connecting connected = run.clients().openAll(connections, run.settings(), "publishers");
        int window = Math.min(senders.window(), connected.receiveMaximum());
        run.tell("publishing");
        Processes.Sample before = run.sample();
        run.loop().run(() -> {
            PublishTemplate template = new PublishTemplate(
                    run.topic(PublishTemplate.DIGITS),
                    QoS.of(senders.qos()),
                    false,
                    senders.payloadBytes(),
                    run.version());
            connections.forEach(each -> publishers.add(new Publisher(each, template, senders, window)));
            publishing = true;
            acknowledgements.measure(true);
            publishers.forEach(turns::call);
        });
        run.loop().await(published, run.phaseMillis(), "publishing");
        return before;
    }

    private long totalOf(Publisher publisher) {
        int count = plan.senders().publishers();
        int sessions = (plan.sessions() - publisher.number() + count - 1) / count;
        return (long) sessions * plan.messages();
    }

    private void fill(Publisher publisher) {
        LoadConnection connection = publisher.connection();
        long left = totalOf(publisher) - publisher.sent();
        long may = Math.min(publisher.free(), left);
        if (!publishing || may < Math.min(publisher.refill(), left)) {
            return;
        }
        int count = plan.senders().publishers();
        long sessions = totalOf(publisher) / plan.messages();
        long now = System.nanoTime();
        while (may > 0 && connection.takesMore()) {
            int session = (int) (publisher.number() + publisher.sent() % sessions * count);
            long sequence = publisher.sent() / sessions;
            ByteBuf out = connection.out();
            int start = publisher.append(out, session, sequence, now, now);
            publisher.template().digits(out, start, 0, session);
            may--;
        }
        if (may > 0 && connection.isWritable()) {
            turns.call(publisher);
        }
    }

    private final class PublisherEvents implements LoadConnection.Events {
        @Override
        public void acknowledged(LoadConnection connection, int type, int packetId, int reason) {
            Publisher publisher = publishers.get(connection.number());
            if (publisher.acknowledged(type, packetId, reason, acknowledgements)) {
                turns.call(publisher);
                if (acknowledgements.acknowledged() == (long) plan.sessions() * plan.messages()) {
                    publishing = false;
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

    // ---- Draining ------------------------------------------------------------------------------------------------

    private void checkDrained() {
        boolean complete = verifier.distinct() == (long) plan.sessions() * plan.messages();
        if (complete || System.nanoTime() - lastNanos > IDLE_NANOS) {
            drained.complete(true);
        } else {
            var _ = run.loop().executor().schedule(this::checkDrained, 2, TimeUnit.MILLISECONDS);
        }
    }

    private final class Drain implements LoadConnection.Events {
        private final Run.SubAckWaiter waiter;

        private Drain(Run.SubAckWaiter waiter) {
            this.waiter = waiter;
        }

        @Override
        public void subscribed(LoadConnection connection, SubAck ack) {
            waiter.answered(connection, ack);
        }

        @Override
        public void message(LoadConnection connection, ByteBuf in, int payloadAt, int payloadBytes, int flags) {
            if (payloadBytes != plan.senders().payloadBytes()
                    || in.getInt(payloadAt) != Stamp.MARK
                    || in.getInt(payloadAt + Stamp.STREAM_AT) != connection.number()) {
                foreign++;
                return;
            }
            received++;
            lastNanos = connection.readNanos();
            verifier.accept(connection.number(), 0, in.getLong(payloadAt + Stamp.SEQUENCE_AT));
        }

        @Override
        public void lost(LoadConnection connection, String why) {
            waiter.failed(why);
            drained.completeExceptionally(
                    new LoadException("session " + connection.number() + " lost its connection: " + why));
        }
    }
}
