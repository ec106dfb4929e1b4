// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.QoS;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;

/// Makes connections, holds them, and makes them all again at once. One that cannot be made is counted, not fatal.
final class ConnectScenario {
    private static final long SETTLE_MILLIS = 500;

    private final Run run;
    private final LoadPlan.Connections plan;
    private final Watch watch = new Watch();

    ConnectScenario(Run run, LoadPlan.Connections plan) {
        this.run = run;
        this.plan = plan;
    }

    /// On the loop, but for the count, which anybody may read.
    private static final class Watch implements LoadConnection.Events {
        private final AtomicLong lost = new AtomicLong();
        private final AtomicLong pongs = new AtomicLong();
        private long refused;
        private long awaited;
        private @Nullable CompletableFuture<Boolean> subscribed;

        private CompletableFuture<Boolean> expect(long subscriptions) {
            CompletableFuture<Boolean> future = new CompletableFuture<>();
            awaited = subscriptions;
            subscribed = future;
            if (subscriptions == 0) {
                future.complete(true);
            }
            return future;
        }

        @Override
        public void subscribed(LoadConnection connection, SubAck ack) {
            refused += ack.reasons().getFirst().isError() ? 1 : 0;
            awaited--;
            if (awaited <= 0 && subscribed != null) {
                subscribed.complete(true);
            }
        }

        @Override
        public void ponged(LoadConnection connection) {
            pongs.incrementAndGet();
        }

        @Override
        public void lost(LoadConnection connection, String why) {
            lost.incrementAndGet();
        }
    }

    LoadReport run() throws LoadException, InterruptedException {
        LoadReport report = run.report(plan.scenario())
                .count("connections", plan.connections())
                .count("concurrency", run.target().connectsAtOnce())
                .flag("persistent", plan.persistent())
                .flag("subscribed", plan.subscribe());
        Processes.Sample before = run.sample();
        List<LoadConnection> connections = make(true);
        Connecting connected = connect(connections, report, "connect");
        if (!run.settings().brokerPids().isEmpty()) {
            // Memory is about to be told.
            run.loop().settle(SETTLE_MILLIS);
        }
        Processes.Sample held = run.sample();
        report.number("rss_before_kb", Run.kibibytes(before.anonymousBytes()))
                .number("rss_connected_kb", Run.kibibytes(held.anonymousBytes()))
                .number("rss_bytes_per_connection", Run.bytesEach(before, held, connected.opened()));
        long failed = connected.failed();
        if (!plan.hold().isZero()) {
            run.tell("holding");
            run.loop().settle(plan.hold().toMillis());
            Processes.Sample after = run.sample();
            report.part(
                    "hold",
                    new LoadReport()
                            .number("seconds", after.secondsSince(held))
                            .count("pongs", watch.pongs.get())
                            .count("lost_connections", watch.lost.get())
                            .number("broker_cpu_s", after.cpuSince(held))
                            .number("gen_cpu_s", after.ownCpuSince(held)));
        }
        if (plan.storm()) {
            run.loop().run(() -> connections.forEach(LoadConnection::drop));
            List<LoadConnection> again = make(!plan.persistent());
            failed += connect(again, report, "storm").failed();
            run.clients().leave(again);
        } else {
            run.clients().leave(connections);
        }
        if (plan.persistent() && !run.settings().keep()) {
            Sessions.remove(run, 'c', plan.connections());
        }
        return report.count("failed", failed)
                .count("lost_connections", watch.lost.get())
                .count("sub_refused", watch.refused);
    }

    private List<LoadConnection> make(boolean clean) {
        return run.clients().make('c', plan.connections(), plan.persistent(), clean, watch);
    }

    private Connecting connect(List<LoadConnection> connections, LoadReport report, String name)
            throws LoadException, InterruptedException {
        run.tell(name);
        Processes.Sample before = run.sample();
        long resumedBefore = run.loop().call(run.clients().handshakes()::resumed);
        Connecting connected = run.loop().await(run.clients().open(connections), run.phaseMillis(), "connecting");
        if (plan.subscribe()) {
            run.loop().await(run.loop().call(() -> subscribe(connections)), run.phaseMillis(), "subscribing");
        }
        Processes.Sample after = run.sample();
        long resumed = run.loop().call(run.clients().handshakes()::resumed);
        LoadReport part = new LoadReport()
                .count("ok", connected.opened())
                .count("failed", connected.failed())
                .count("session_present", connected.sessionsPresent())
                .number("elapsed_s", connected.seconds())
                .number("connects_per_s", connected.opened() / connected.seconds())
                .number("all_subscribed_s", plan.subscribe() ? after.secondsSince(before) : Double.NaN)
                .latency("connack_latency_us", connected.latency())
                .number("broker_cpu_s", after.cpuSince(before))
                .number("broker_cpu_us_per_connect", after.cpuSince(before) * 1e6 / connected.opened())
                .number("gen_cpu_s", after.ownCpuSince(before));
        if (run.clients().usesTls()) {
            part.number("tls_resumed", resumed < 0 ? Double.NaN : resumed - resumedBefore);
        }
        String failure = connected.firstFailure();
        if (failure != null) {
            part.text("first_failure", failure);
        }
        report.part(name, part);
        return connected;
    }

    private CompletableFuture<Boolean> subscribe(List<LoadConnection> connections) {
        List<LoadConnection> open =
                connections.stream().filter(LoadConnection::isOpen).toList();
        CompletableFuture<Boolean> all = watch.expect(open.size());
        for (LoadConnection each : open) {
            each.subscribe(
                    List.of(new Subscribe.Request(run.topic(Integer.toString(each.number())), QoS.AT_MOST_ONCE)));
        }
        return all;
    }
}
