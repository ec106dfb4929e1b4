// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.upwell.load.Load;
import org.upwell.load.LoadException;
import org.upwell.load.LoadPlan;
import org.upwell.load.LoadReport;
import org.upwell.load.LoadSettings;
import org.upwell.load.LoadTarget;
import org.upwell.load.Pace;
import org.upwell.load.Senders;
import org.upwell.load.Topology;

/// Measures the points of curves on one server, each by a run of the load generator in this process. What is kept
/// is looked at while the run stands still, between two of its steps. For one thread.
final class CurveRuns {
    /// The fewest that a topic of a run has: the prefix, the run's name, and which of its topics it is.
    static final long LEAST_LEVELS = 3;

    private static final int PAYLOAD = 64;
    /// The same for all numbers of subscribers, so that no batch grows with them.
    private static final int FAN_OUT_WINDOW = 16;
    private static final int WINDOW = 100;
    private static final double WILDCARDS = 0.2;
    private static final int MOST_CLIENTS = 4;
    private static final Senders BESIDE = new Senders(10, 1, PAYLOAD, 10, 0);
    private static final double BESIDE_RATE = 10_000;
    private static final Duration PHASE = Duration.ofMinutes(5);
    private static final long SETTLE_NANOS = TimeUnit.MILLISECONDS.toNanos(300);
    private static final long SETTLE_NANOS_EACH = TimeUnit.MICROSECONDS.toNanos(50);

    /// The system counts CPU in steps of 10 ms: of less than some of them nothing is told.
    private static final double LEAST_CPU_SECONDS = 0.05;

    /// What a server holds moves by so much by itself.
    private static final double LEAST_BYTES = 1 << 20;

    private final int port;
    private final ServerProbe probe;

    CurveRuns(int port, ServerProbe probe) {
        this.port = port;
        this.probe = probe;
    }

    /// How long one point of what has no end of its own is loaded.
    record Times(Duration warmUp, Duration measured) {}

    /// @throws IOException also if not everything arrived as it should: what a broker loses costs it nothing
    CurvePoint measure(Curve curve, long n, Times times) throws IOException, InterruptedException {
        try {
            int count = Math.toIntExact(n);
            List<Double> values = switch (curve) {
                case SUBSCRIBERS -> subscribers(count, times);
                case CONNECTIONS -> connections(count, times);
                case SESSIONS -> sessions(count);
                case QUEUED -> queued(count);
                case SUBSCRIPTIONS -> subscriptions(count, times);
                case LEVELS -> levels(count, times);
            };
            return new CurvePoint(n, values);
        } catch (LoadException e) {
            throw new IOException(String.valueOf(e.getMessage()), e);
        }
    }

    private List<Double> subscribers(int n, Times times) throws LoadException, IOException, InterruptedException {
        LoadReport report = load(
                new LoadPlan.PubSub(
                        Topology.FANOUT,
                        n,
                        false,
                        new Senders(1, 0, PAYLOAD, FAN_OUT_WINDOW, 0),
                        new Pace(0, true, times.warmUp, times.measured)),
                LoadSettings.DEFAULTS.topicPrefix(),
                _ -> {});
        return List.of(report.number("del_rate"), report.number("broker.cpu_us_per_msg"));
    }

    private List<Double> connections(int n, Times times) throws LoadException, IOException, InterruptedException {
        ServerProbe.Look empty = probe.look();
        double anonymous = probe.anonymous();
        double[] heldAnonymous = new double[1];
        ServerProbe.Look[] held = new ServerProbe.Look[1];
        LoadReport[] beside = new LoadReport[1];
        Pause pause = new Pause("holding", () -> {
            heldAnonymous[0] = probe.anonymous();
            held[0] = probe.look();
            beside[0] = load(
                    new LoadPlan.PubSub(
                            Topology.PAIRS,
                            BESIDE.publishers(),
                            false,
                            BESIDE,
                            new Pace(BESIDE_RATE, true, times.warmUp, times.measured)),
                    LoadSettings.DEFAULTS.topicPrefix(),
                    _ -> {});
        });
        LoadReport report = paused(new LoadPlan.Connections(n, false, false, Duration.ofMillis(1), false), pause);
        return List.of(
                report.number("connect.connects_per_s"),
                cpu(report.number("connect.broker_cpu_us_per_connect"), n),
                each(anonymous, heldAnonymous[0], n),
                each(empty.collected(), held[0].collected(), n),
                each(empty.heap(), held[0].heap(), n),
                beside[0].number("broker.cpu_us_per_msg"));
    }

    private List<Double> sessions(int n) throws LoadException, IOException, InterruptedException {
        ServerProbe.Look empty = probe.look();
        ServerProbe.Look[] away = new ServerProbe.Look[1];
        Pause pause = new Pause("storm", () -> {
            // All were dropped just now; the server has yet to see that they are gone.
            LockSupport.parkNanos(SETTLE_NANOS + n * SETTLE_NANOS_EACH);
            away[0] = probe.look();
        });
        LoadReport report = paused(new LoadPlan.Connections(n, true, true, Duration.ZERO, true), pause);
        if (report.number("storm.session_present") != n) {
            throw new IOException("not all sessions were there again: " + report.json());
        }
        return List.of(
                report.number("connect.connects_per_s"),
                cpu(report.number("connect.broker_cpu_us_per_connect"), n),
                report.number("storm.connects_per_s"),
                cpu(report.number("storm.broker_cpu_us_per_connect"), n),
                each(empty.heap(), away[0].heap(), n),
                (away[0].store() - empty.store()) / n);
    }

    private List<Double> queued(int n) throws LoadException, IOException, InterruptedException {
        ServerProbe.Look empty = probe.look();
        ServerProbe.Look[] full = new ServerProbe.Look[1];
        Pause pause = new Pause("draining", () -> full[0] = probe.look());
        LoadReport report = paused(new LoadPlan.Offline(1, n, new Senders(1, 1, PAYLOAD, WINDOW, 0)), pause);
        return List.of(
                report.number("pub_rate"),
                cpu(report.number("broker_publish.cpu_us_per_msg"), n),
                report.number("drain_rate"),
                cpu(report.number("broker_drain.cpu_us_per_msg"), n),
                each(empty.heap(), full[0].heap(), n),
                (full[0].store() - empty.store()) / n);
    }

    private List<Double> subscriptions(int n, Times times) throws LoadException, IOException, InterruptedException {
        ServerProbe.Look empty = probe.look();
        ServerProbe.Look[] full = new ServerProbe.Look[1];
        Pause pause = new Pause("publishing", () -> full[0] = probe.look());
        LoadReport report = paused(
                new LoadPlan.Subscriptions(
                        n,
                        Math.min(n, MOST_CLIENTS),
                        WILDCARDS,
                        new Senders(MOST_CLIENTS, 0, PAYLOAD, 2 * WINDOW, 0),
                        new Pace(0, true, times.warmUp, times.measured)),
                pause);
        return List.of(
                report.number("subscribes_per_s"),
                cpu(report.number("subscribe_broker_cpu_us_per_sub"), n),
                each(empty.heap(), full[0].heap(), n),
                report.number("del_rate"),
                report.number("broker.cpu_us_per_msg"));
    }

    private List<Double> levels(int n, Times times) throws LoadException, IOException, InterruptedException {
        String prefix = "l" + "/l".repeat(n - (int) LEAST_LEVELS);
        LoadReport report = load(
                new LoadPlan.PubSub(
                        Topology.PAIRS,
                        BESIDE.publishers(),
                        false,
                        new Senders(BESIDE.publishers(), 1, PAYLOAD, WINDOW, 0),
                        new Pace(0, true, times.warmUp, times.measured)),
                prefix,
                _ -> {});
        return List.of(report.number("del_rate"), report.number("broker.cpu_us_per_msg"));
    }

    private static double cpu(double microsEach, int n) {
        return microsEach * n < LEAST_CPU_SECONDS * 1e6 ? Double.NaN : microsEach;
    }

    private static double each(double before, double after, int n) {
        return after - before < LEAST_BYTES ? Double.NaN : (after - before) / n;
    }

    private LoadReport paused(LoadPlan plan, Pause pause) throws LoadException, IOException, InterruptedException {
        LoadReport report = load(plan, LoadSettings.DEFAULTS.topicPrefix(), pause);
        pause.check();
        return report;
    }

    private LoadReport load(LoadPlan plan, String prefix, Consumer<String> progress)
            throws LoadException, IOException, InterruptedException {
        LoadReport report = Load.run(
                LoadTarget.local(port),
                plan,
                new LoadSettings(prefix, List.of(probe.pid()), null, false, PHASE),
                progress);
        if (!report.isClean()) {
            throw new IOException("not everything arrived as it should: " + report.json());
        }
        return report;
    }

    // ---- Between two steps of a run --------------------------------------------------------------------------------

    @FunctionalInterface
    private interface Step {
        void take() throws LoadException, IOException, InterruptedException;
    }

    /// Takes a step of ours when a run says a word for the first time: the run tells what it does on the thread
    /// that does it, so it stands still meanwhile, with all connections held.
    private static final class Pause implements Consumer<String> {
        private final String word;
        private final Step step;
        private boolean taken;
        private @Nullable Exception failure;

        private Pause(String word, Step step) {
            this.word = word;
            this.step = step;
        }

        @Override
        public void accept(String said) {
            if (taken || !said.equals(word)) {
                return;
            }
            taken = true;
            try {
                step.take();
            } catch (LoadException | IOException e) {
                failure = e;
            } catch (InterruptedException e) {
                // The run will notice where it waits next.
                Thread.currentThread().interrupt();
                failure = e;
            }
        }

        private void check() throws IOException {
            if (!taken) {
                throw new IllegalStateException("the run never said '" + word + "'");
            }
            if (failure != null) {
                throw new IOException(String.valueOf(failure.getMessage()), failure);
            }
        }
    }
}
