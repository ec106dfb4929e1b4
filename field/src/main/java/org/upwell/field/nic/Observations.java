// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.field.coap.CoapMessage;
import org.upwell.field.coap.CoapOption;
import org.upwell.field.loop.Loop;

/// The NIC's registrations on the sensor: one for each path that the table or any network observer wants, however
/// many want it. Owned by the NIC's loop.
///
/// 1. Registrations are spread, since collecting one notification takes a second or more and what falls due
/// meanwhile is lost.
/// 2. A registration is renewed when the sensor restarts, or when a periodic sensor has been silent for three times the
/// longer of Max-Age and the interval seen. Never by the clock: renewing delays the next notification by a period.
/// Each renewal in vain doubles the patience, or a sensor whose period is longer would never come to speak.
/// 3. The token of a path is always the same, so that what the sensor says while the NIC restarts still finds its row.
final class Observations {
    private static final Logger LOG = LoggerFactory.getLogger(Observations.class);
    private static final int SILENT_INTERVALS = 3;
    /// About three days for the shortest patience.
    private static final int MAX_DOUBLINGS = 10;
    private static final int REGISTER = 0;
    private static final int DEREGISTER = 1;
    private static final Duration RETRY = Duration.ofSeconds(30);

    /// One path of the sensor.
    private static final class Observation {
        final String path;
        final byte[] token;
        boolean fromTable;
        boolean fromNetwork;
        boolean pushOnly;
        boolean registered;
        boolean queued;
        int silentRenewals;
        /// Whether anything was registered or heard yet, and when last.
        boolean timed;
        long lastNanos;
        Duration interval = Duration.ZERO;
        Duration maxAge = Duration.ofSeconds(90);

        @Nullable
        Reading latest;

        long latestNanos;
        Loop.@Nullable Timer timer;
        final List<Consumer<SensorAnswer>> waiting = new ArrayList<>();

        Observation(String path, byte[] token) {
            this.path = path;
            this.token = token;
        }

        boolean isWanted() {
            return fromTable || fromNetwork;
        }

        void note(long nowNanos) {
            timed = true;
            lastNanos = nowNanos;
        }
    }

    private final Loop loop;
    private final SensorClient sensor;
    private final Duration spread;
    private final Map<String, Observation> observations = new LinkedHashMap<>();
    private final Deque<Observation> queue = new ArrayDeque<>();
    private boolean enabled;
    private boolean registering;
    private boolean pausing;

    Observations(Loop loop, SensorClient sensor, Duration spread) {
        this.loop = loop;
        this.sensor = sensor;
        this.spread = spread;
    }

    /// Until [#unwant], from the table.
    void want(String path, boolean pushOnly) {
        Observation observation = observation(path);
        observation.fromTable = true;
        boolean changed = observation.pushOnly != pushOnly;
        observation.pushOnly = pushOnly;
        if (changed && observation.registered) {
            watch(observation);
        }
        enqueue(observation);
    }

    /// The table has no row for it any more.
    void unwant(String path) {
        Observation observation = observations.get(path);
        if (observation != null && observation.fromTable) {
            observation.fromTable = false;
            if (!observation.isWanted() && observation.waiting.isEmpty()) {
                forget(observation);
            }
        }
    }

    /// For a network observer. The answer is the sensor's own to the registration, or the latest reading when there
    /// is a registration already.
    void observe(String path, Consumer<SensorAnswer> done) {
        Observation observation = observation(path);
        observation.fromNetwork = true;
        if (observation.registered) {
            done.accept(registered(observation));
        } else {
            observation.waiting.add(done);
            enqueue(observation);
        }
    }

    /// The last network observer has gone. Not so while another waits for its answer.
    void unobserve(String path) {
        Observation observation = observations.get(path);
        if (observation == null || !observation.fromNetwork || !observation.waiting.isEmpty()) {
            return;
        }
        observation.fromNetwork = false;
        if (!observation.isWanted()) {
            forget(observation);
        }
    }

    /// The sensor knows nobody any more; nothing is registered until [#registerAll].
    void forgetRegistrations() {
        enabled = false;
        queue.clear();
        for (Observation observation : observations.values()) {
            observation.registered = false;
            observation.queued = false;
            stop(observation);
        }
    }

    /// The sensor does not answer: network observers that wait for it are told so.
    void onUnreachable() {
        List.copyOf(observations.values())
                .forEach(observation -> answerWaiting(observation, new SensorAnswer.Nothing()));
    }

    /// The sensor's time is set: register everything that is wanted.
    void registerAll() {
        enabled = true;
        observations.values().forEach(this::enqueue);
    }

    /// The path whose notification this is; empty when nobody asked for it.
    Optional<String> accept(CoapMessage notification) {
        Observation observation = find(notification.token());
        if (observation == null) {
            return Optional.empty();
        }
        long now = loop.nanoTime();
        // The first one comes a period after the registration, so that counts as an interval too. One that waited on
        // the sensor since before this NIC's start comes after nothing.
        if (observation.timed) {
            observation.interval = Duration.ofNanos(now - observation.lastNanos);
        }
        observation.note(now);
        observation.silentRenewals = 0;
        Reading reading = Reading.of(notification);
        observation.latest = reading;
        observation.latestNanos = now;
        observation.maxAge = Duration.ofSeconds(reading.maxAgeSeconds());
        watch(observation);
        return Optional.of(observation.path);
    }

    void close() {
        queue.clear();
        observations.values().forEach(Observations::stop);
        observations.clear();
    }

    private Observation observation(String path) {
        return observations.computeIfAbsent(path, key -> new Observation(key, token(key)));
    }

    private byte[] token(String path) {
        int hash = path.hashCode();
        byte[] token = bytes(hash);
        while (find(token) != null) {
            token = bytes(++hash);
        }
        return token;
    }

    private static byte[] bytes(int value) {
        return new byte[] {(byte) (value >>> 24), (byte) (value >>> 16), (byte) (value >>> 8), (byte) value};
    }

    private @Nullable Observation find(byte[] token) {
        Collection<Observation> all = observations.values();
        for (Observation observation : all) {
            if (Arrays.equals(observation.token, token)) {
                return observation;
            }
        }
        return null;
    }

    private void enqueue(Observation observation) {
        if (enabled && observation.isWanted() && !observation.registered && !observation.queued) {
            observation.queued = true;
            stop(observation);
            queue.add(observation);
            next();
        }
    }

    private void next() {
        if (registering || pausing) {
            return;
        }
        Observation observation = queue.poll();
        if (observation == null) {
            return;
        }
        registering = true;
        SensorClient.Request request =
                SensorClient.Request.get(observation.path, "sens").observing(observation.token, REGISTER);
        sensor.send(request, answer -> {
            registering = false;
            onRegistered(observation, answer);
            pausing = true;
            loop.after(spread, () -> {
                pausing = false;
                next();
            });
        });
    }

    private void onRegistered(Observation observation, SensorAnswer answer) {
        if (!observation.queued) {
            // The sensor restarted meanwhile: this registration is void.
            answerWaiting(observation, new SensorAnswer.Nothing());
            return;
        }
        observation.queued = false;
        boolean accepted = answer instanceof SensorAnswer.Response response
                && response.message().option(CoapOption.OBSERVE).isPresent();
        answerWaiting(observation, answer);
        if (!accepted) {
            LOG.debug("sensor path {}: observation refused or unanswered, tried again later", observation.path);
            observation.timer = loop.after(RETRY, () -> enqueue(observation));
            return;
        }
        observation.registered = true;
        observation.note(loop.nanoTime());
        if (observation.isWanted()) {
            watch(observation);
        } else {
            forget(observation);
        }
    }

    private void watch(Observation observation) {
        stop(observation);
        if (observation.pushOnly) {
            return;
        }
        Duration longer =
                observation.maxAge.compareTo(observation.interval) > 0 ? observation.maxAge : observation.interval;
        Duration patience = longer.multipliedBy((long) SILENT_INTERVALS << observation.silentRenewals);
        observation.timer = loop.after(patience, () -> {
            LOG.debug("sensor path {}: silent for too long, registered again", observation.path);
            observation.silentRenewals = Math.min(observation.silentRenewals + 1, MAX_DOUBLINGS);
            observation.registered = false;
            enqueue(observation);
        });
    }

    private void forget(Observation observation) {
        stop(observation);
        queue.remove(observation);
        // Its path may have another by now, if it was unwanted while its registration was under way.
        observations.remove(observation.path, observation);
        answerWaiting(observation, new SensorAnswer.Nothing());
        if (observation.registered) {
            SensorClient.Request request =
                    SensorClient.Request.get(observation.path, "sens").observing(observation.token, DEREGISTER);
            // Best effort: a notification that nobody asked for is dropped by its token.
            sensor.send(request, answer -> {});
        }
    }

    /// A registration answer without a reading is what the sensor gives.
    private SensorAnswer registered(Observation observation) {
        Reading latest = observation.latest;
        return latest == null
                ? new SensorAnswer.Empty()
                : new SensorAnswer.Cached(latest.aged(Duration.ofNanos(loop.nanoTime() - observation.latestNanos)));
    }

    private static void answerWaiting(Observation observation, SensorAnswer answer) {
        List<Consumer<SensorAnswer>> waiting = List.copyOf(observation.waiting);
        observation.waiting.clear();
        waiting.forEach(done -> done.accept(answer));
    }

    private static void stop(Observation observation) {
        if (observation.timer != null) {
            observation.timer.cancel();
            observation.timer = null;
        }
    }
}
