// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;

/// What every scenario works with: the loop, the clients, the broker's processes and the names of this run.
final class Run implements AutoCloseable {
    private static final AtomicInteger RUNS = new AtomicInteger();

    /// How often memory is looked at for its peak.
    private static final long SAMPLE_MILLIS = 200;

    private final LoadTarget target;
    private final LoadSettings settings;
    private final LoadLoop loop;
    private final Clients clients;
    private final Processes processes;
    private final Consumer<String> progress;
    private final String name;

    Run(LoadTarget target, LoadSettings settings, Consumer<String> progress) throws LoadException {
        this.target = target;
        this.settings = settings;
        this.progress = progress;
        this.processes = new Processes(settings.brokerPids());
        // Distinct among the runs of this and other processes, and short enough for every broker's client ids.
        this.name = "l" + Long.toString(ProcessHandle.current().pid(), 36) + "x"
                + Integer.toString(RUNS.incrementAndGet(), 36);
        this.loop = new LoadLoop(target);
        boolean ready = false;
        try {
            this.clients = new Clients(target, loop, name);
            ready = true;
        } finally {
            if (!ready) {
                loop.close();
            }
        }
        if (settings.coalesce() != null) {
            loop.coalescing().pause(settings.coalesce().toNanos());
        }
        if (processes.areKnown()) {
            var _ = loop.executor()
                    .scheduleAtFixedRate(processes::sample, SAMPLE_MILLIS, SAMPLE_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    LoadTarget target() {
        return target;
    }

    LoadSettings settings() {
        return settings;
    }

    LoadLoop loop() {
        return loop;
    }

    Clients clients() {
        return clients;
    }

    MqttVersion version() {
        return target.version();
    }

    void tell(String what) {
        progress.accept(what);
    }

    /// A topic or filter of this run alone.
    String topic(String rest) {
        return settings.topicPrefix() + "/" + name + "/" + rest;
    }

    long phaseMillis() {
        return settings.phase().toMillis();
    }

    /// On the loop, as the peak is kept.
    Processes.Sample sampleOnLoop() {
        return processes.sample();
    }

    Processes.Sample sample() throws LoadException, InterruptedException {
        return loop.call(processes::sample);
    }

    /// The first lines of every report.
    LoadReport report(String scenario) {
        return new LoadReport()
                .text("tool", "upwell bench load")
                .text("scenario", scenario)
                .text("mqtt", target.version().isMqtt5() ? "5" : "3.1.1")
                .flag("tls", clients.usesTls());
    }

    /// CPU and memory of the broker over a part of the run; null if no process was named.
    void broker(LoadReport report, String name, Processes.Sample from, Processes.Sample to, long units) {
        if (!processes.areKnown()) {
            report.part(name, null);
            return;
        }
        double cpu = to.cpuSince(from);
        report.part(
                name,
                new LoadReport()
                        .number("cpu_s", cpu)
                        .number("cpu_pct", cpu / to.secondsSince(from) * 100)
                        .number("cpu_us_per_msg", units == 0 ? Double.NaN : cpu * 1e6 / units)
                        .number("rss_before_kb", kibibytes(from.residentBytes()))
                        .number("rss_peak_kb", kibibytes(processes.peakBytes()))
                        .number("rss_after_kb", kibibytes(to.residentBytes()))
                        .number("rss_anon_after_kb", kibibytes(to.anonymousBytes())));
    }

    void own(LoadReport report, String name, Processes.Sample from, Processes.Sample to, long units) {
        double cpu = to.ownCpuSince(from);
        report.number(name + "_cpu_s", cpu)
                .number(name + "_cpu_us_per_msg", units == 0 ? Double.NaN : cpu * 1e6 / units);
    }

    static double kibibytes(long bytes) {
        return bytes < 0 ? Double.NaN : bytes / 1024.0;
    }

    /// Bytes that were added per unit; NaN if unknown.
    static double bytesEach(Processes.Sample before, Processes.Sample after, long units) {
        return before.anonymousBytes() < 0 || after.anonymousBytes() < 0 || units == 0
                ? Double.NaN
                : (double) (after.anonymousBytes() - before.anonymousBytes()) / units;
    }

    /// Subscribes connection after connection with some filters in flight, and waits for all.
    ///
    /// @param filters of each connection by its place in the list
    void subscribeAll(List<LoadConnection> connections, List<List<String>> filters, int qos, SubAckWaiter waiter)
            throws LoadException, InterruptedException {
        loop.run(() -> {
            for (int i = 0; i < connections.size(); i++) {
                waiter.begin(connections.get(i), filters.get(i), QoS.of(qos));
            }
            waiter.checkDone();
        });
        loop.await(waiter.done(), phaseMillis(), "subscribing");
    }

    /// Sends the SUBSCRIBEs of many connections, and knows when all are answered. Owned by the loop.
    static final class SubAckWaiter {
        private static final int FILTERS_PER_PACKET = 50;
        private static final int PACKETS_IN_FLIGHT = 8;

        private final CompletableFuture<Boolean> done = new CompletableFuture<>();
        private final List<Pending> pending = new ArrayList<>();
        private int granted = 2;
        private int unanswered;

        private static final class Pending {
            private final List<String> filters;
            private final QoS qos;
            private int next;

            private Pending(List<String> filters, QoS qos) {
                this.filters = filters;
                this.qos = qos;
            }
        }

        CompletableFuture<Boolean> done() {
            return done;
        }

        /// The least QoS that was granted.
        int granted() {
            return granted;
        }

        /// Connections have the numbers 0, 1 and so on, and come in this order.
        private void begin(LoadConnection connection, List<String> filters, QoS qos) {
            Pending mine = new Pending(filters, qos);
            pending.add(mine);
            unanswered += filters.size();
            for (int i = 0; i < PACKETS_IN_FLIGHT; i++) {
                sendNext(connection, mine);
            }
        }

        private static void sendNext(LoadConnection connection, Pending mine) {
            int count = Math.min(FILTERS_PER_PACKET, mine.filters.size() - mine.next);
            if (count > 0) {
                int from = mine.next;
                mine.next += count;
                connection.subscribe(IntStream.range(from, from + count)
                        .mapToObj(i -> new Subscribe.Request(mine.filters.get(i), mine.qos))
                        .toList());
            }
        }

        void answered(LoadConnection connection, SubAck ack) {
            for (ReasonCode reason : ack.reasons()) {
                if (reason.isError()) {
                    done.completeExceptionally(new LoadException("the broker refused a subscription: " + reason));
                    return;
                }
                granted = Math.min(granted, reason.code());
            }
            unanswered -= ack.reasons().size();
            sendNext(connection, pending.get(connection.number()));
            checkDone();
        }

        void failed(String why) {
            done.completeExceptionally(new LoadException("a subscriber lost its connection: " + why));
        }

        private void checkDone() {
            if (unanswered == 0) {
                done.complete(true);
            }
        }
    }

    @Override
    public void close() {
        loop.close();
    }
}
