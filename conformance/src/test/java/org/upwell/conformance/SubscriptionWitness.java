// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.Properties;
import org.upwell.codec.PubAck;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;
import org.upwell.codec.UnsubAck;
import org.upwell.codec.Unsubscribe;

/// A persistent session whose subscriptions change until the very moment of the kill, and one that expires while
/// the server is dead. A probe message tells by its PUBACK whether a subscription is there (MQTT 5, reason 0x10).
final class SubscriptionWitness implements Witness {

    private static final int FILTERS = 6;
    private static final int EACH = 4;
    private static final long SHORT_EXPIRY = 1;

    /// What is known of one subscription.
    private enum State {
        THERE,
        GONE,
        /// Asked for, and the server was killed before it answered.
        UNKNOWN
    }

    private final Random random;
    private final Map<String, State> states = new TreeMap<>();
    private final List<String> faults = new ArrayList<>();
    private final Map<State, Integer> probes = new EnumMap<>(State.class);
    private @Nullable PacketLine changing;
    private long expiresNanos;
    private int expired;
    private int packetId;

    SubscriptionWitness(Random random) {
        this.random = random;
        for (int i = 0; i < FILTERS; i++) {
            states.put("acme/app/changing/" + i, State.GONE);
        }
    }

    private static PacketLine connect(int port, String clientId, long expiry, @Nullable Boolean known)
            throws IOException {
        PacketLine line = new PacketLine(port, MqttVersion.MQTT_5);
        line.send(new Connect(
                MqttVersion.MQTT_5,
                clientId,
                false,
                0,
                null,
                null,
                null,
                PersistentClient.expiry(MqttVersion.MQTT_5, expiry)));
        ConnAck answer = line.receive(ConnAck.class);
        if (known != null && answer.sessionPresent() != known) {
            throw new AssertionError("session of " + clientId + (known ? " is lost" : " should be gone"));
        }
        return line;
    }

    @Override
    public void resume(int port, int round) throws IOException {
        probe(port);
        PacketLine line = connect(port, "changing", 36_000, round > 0);
        changing = line;
        change(line);
        if (expiresNanos != 0) {
            while (System.nanoTime() < expiresNanos) {
                LockSupport.parkNanos(expiresNanos - System.nanoTime());
            }
            connect(port, "expiring", 0, false).close();
            expiresNanos = 0;
            expired++;
        }
    }

    /// Before the session has its connection again, so that nothing of it can repair what is wrong.
    private void probe(int port) throws IOException {
        try (PacketLine prober = connect(port, "prober", 0, false)) {
            for (Map.Entry<String, State> each : states.entrySet()) {
                prober.send(
                        new Publish(each.getKey(), new byte[3], QoS.AT_LEAST_ONCE, false, false, 1, Properties.NONE));
                boolean there = prober.receive(PubAck.class).reason() == ReasonCode.SUCCESS;
                State state = each.getValue();
                probes.merge(state, 1, Integer::sum);
                if (state != State.UNKNOWN && there != (state == State.THERE)) {
                    faults.add("subscription " + each.getKey() + " should be " + state);
                }
            }
        }
    }

    /// Asks for a few changes and waits for all answers.
    private void change(PacketLine line) throws IOException {
        for (String filter : List.copyOf(states.keySet())) {
            if (random.nextInt(3) == 0 || states.get(filter) == State.UNKNOWN) {
                State wanted = ask(line, filter);
                await(line);
                states.put(filter, wanted);
            }
        }
    }

    private State ask(PacketLine line, String filter) throws IOException {
        packetId = packetId % 0xFFFF + 1;
        if (random.nextBoolean()) {
            line.send(new Subscribe(
                    packetId, List.of(new Subscribe.Request(filter, QoS.AT_LEAST_ONCE)), Properties.NONE));
            return State.THERE;
        }
        line.send(new Unsubscribe(packetId, List.of(filter), Properties.NONE));
        return State.GONE;
    }

    /// Reads the answer, and the probes that come before it.
    private static void await(PacketLine line) throws IOException {
        while (true) {
            Packet packet = line.receive();
            switch (packet) {
                case SubAck _ -> {
                    return;
                }
                case UnsubAck _ -> {
                    return;
                }
                case Publish publish -> line.send(new PubAck(publish.packetId()));
                default -> throw new AssertionError("the changing subscriber got " + packet);
            }
        }
    }

    @Override
    public void place(int port, int round) throws IOException {
        if (round % EACH == 2) {
            PacketLine line = connect(port, "expiring", SHORT_EXPIRY, false);
            line.send(new Disconnect(ReasonCode.SUCCESS, Properties.NONE));
            line.close();
            expiresNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(SHORT_EXPIRY) + 1_500_000_000L;
        }
        PacketLine line = changing;
        if (line != null) {
            change(line);
            for (String filter : List.copyOf(states.keySet())) {
                if (random.nextInt(3) == 0) {
                    ask(line, filter);
                    states.put(filter, State.UNKNOWN);
                }
            }
        }
    }

    @Override
    public void killed() {
        PacketLine line = changing;
        changing = null;
        if (line != null) {
            line.close();
        }
    }

    @Override
    public void finish() {
        // It probed.
    }

    @Override
    public List<String> faults() {
        return faults;
    }

    @Override
    public String summary() {
        return "subscriptions probed: " + probes + ", sessions expired: " + expired;
    }
}
