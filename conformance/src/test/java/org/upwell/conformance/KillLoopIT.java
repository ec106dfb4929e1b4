// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.QoS;

/// `kill -9`, again and again, of a server whose clients stand in each window of the QoS 1 and 2 handshakes, change
/// subscriptions, retain, leave wills and share. No acknowledged message may be lost, none of QoS 2 come twice, the
/// order per publisher and topic must be kept, and packet ids survive.
///
/// `-Dupwell.kills=1000` sets how often, `-Dupwell.seed=N` repeats a run's choices.
class KillLoopIT {

    private static final int KILLS = Integer.getInteger("upwell.kills", 30);
    private static final int KILLS_WITH_INTERVAL = Math.max(5, KILLS / 6);
    private static final long SEED = Long.getLong("upwell.seed", System.nanoTime());
    private static final int MOST_MESSAGES_LATER = 40;
    private static final int WORTH_TRAINING = 20;

    @TempDir
    private Path directory;

    private final Random random = new Random(SEED);
    private final Map<String, Integer> windows = new TreeMap<>();
    private final List<LoadPair> load = new ArrayList<>();
    private final List<Witness> witnesses = new ArrayList<>();

    @Test
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void killedServerKeepsItsWord(TestReporter reporter) throws Exception {
        run("sync", KILLS, reporter);
    }

    /// What is written survives the end of the process, synced or not.
    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void killedServerKeepsItsWordWithoutWaitingForTheDisk(TestReporter reporter) throws Exception {
        run("interval", KILLS_WITH_INTERVAL, reporter);
    }

    private void engage() {
        List<Pair> pairs = List.of(
                new Pair("one-5", MqttVersion.MQTT_5, QoS.AT_LEAST_ONCE, true, random, windows),
                new Pair("one-3", MqttVersion.MQTT_3_1_1, QoS.AT_LEAST_ONCE, false, random, windows),
                new Pair("two-5", MqttVersion.MQTT_5, QoS.EXACTLY_ONCE, false, random, windows),
                new Pair("two-3", MqttVersion.MQTT_3_1_1, QoS.EXACTLY_ONCE, true, random, windows));
        witnesses.add(new WillWitness());
        witnesses.add(new RetainedWitness(List.of(pairs.getFirst(), pairs.getLast())));
        witnesses.add(new SubscriptionWitness(random));
        load.add(new LoadPair("load-one", MqttVersion.MQTT_3_1_1, QoS.AT_LEAST_ONCE, new Random(random.nextLong())));
        load.add(new LoadPair("load-two", MqttVersion.MQTT_5, QoS.EXACTLY_ONCE, new Random(random.nextLong())));
        witnesses.addAll(load);
        witnesses.add(new SharedPair("shared-one", QoS.AT_LEAST_ONCE, random));
        witnesses.add(new SharedPair("shared-two", QoS.EXACTLY_ONCE, random));
        witnesses.addAll(pairs);
    }

    private void run(String durability, int kills, TestReporter reporter) throws Exception {
        reporter.publishEntry("seed of " + durability, Long.toString(SEED));
        engage();
        Installation installation = new Installation(directory);
        if (kills >= WORTH_TRAINING) {
            installation.trainStartUp(durability);
        }
        long begin = System.nanoTime();
        long starting = 0;
        int round = 0;
        try {
            for (; round < kills; round++) {
                long start = System.nanoTime();
                try (UpwellProcess server = installation.startLean(durability)) {
                    starting += System.nanoTime() - start;
                    live(server, installation.tcpPort, round);
                }
                check(round);
            }
            try (UpwellProcess server = installation.startLean(durability)) {
                assertThat(server.isAlive()).isTrue();
                for (Witness each : witnesses) {
                    each.resume(installation.tcpPort, round);
                }
                for (Witness each : witnesses) {
                    each.finish();
                }
                check(round);
            }
        } catch (IOException | AssertionError e) {
            throw new AssertionError("seed " + SEED + ", round " + round + ": " + e.getMessage(), e);
        } finally {
            long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin);
            reporter.publishEntry(
                    durability,
                    round + " kills in " + seconds + " s, starting took "
                            + TimeUnit.NANOSECONDS.toSeconds(starting) + " s\n"
                            + String.join(
                                    "\n",
                                    witnesses.stream().map(Witness::summary).toList())
                            + "\n" + windows);
        }
    }

    private void live(UpwellProcess server, int port, int round) throws IOException, InterruptedException {
        for (Witness each : witnesses) {
            each.resume(port, round);
        }
        for (Witness each : witnesses) {
            each.place(port, round);
        }
        // At a moment that depends on nothing but the load.
        awaitLoad(random.nextInt(MOST_MESSAGES_LATER));
        server.kill();
        for (Witness each : witnesses) {
            each.killed();
        }
    }

    private void awaitLoad(int more) {
        int until = load.getFirst().sent() + more;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
        while (load.getFirst().sent() < until && System.nanoTime() < deadline) {
            LockSupport.parkNanos(50_000);
        }
    }

    private void check(int round) {
        List<String> faults = new ArrayList<>();
        witnesses.forEach(each -> faults.addAll(each.faults()));
        assertThat(faults).as("faults after kill %d, seed %d", round, SEED).isEmpty();
    }
}
