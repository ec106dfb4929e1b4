// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;

/// A client with a delayed will in a persistent session. In some rounds it does not come back after the kill: the
/// will is to come. In the others it does, and the will must not.
final class WillWitness implements Witness {

    private static final String TOPIC = "acme/app/will";
    private static final int EACH = 5;
    private static final long LONG_DELAY = 600;

    private final List<String> faults = new ArrayList<>();
    private @Nullable PacketLine owner;
    private boolean isDue;
    private String last = "";
    private int seen;

    @Override
    public void resume(int port, int round) throws IOException {
        try (PacketLine watcher = new PacketLine(port, MqttVersion.MQTT_5)) {
            watcher.send(new Connect(
                    MqttVersion.MQTT_5,
                    "will-watcher",
                    false,
                    0,
                    null,
                    null,
                    null,
                    PersistentClient.expiry(MqttVersion.MQTT_5, 36_000)));
            watcher.receive(ConnAck.class);
            if (last.isEmpty()) {
                watcher.send(
                        new Subscribe(1, List.of(new Subscribe.Request(TOPIC, QoS.AT_LEAST_ONCE)), Properties.NONE));
                watcher.receive(SubAck.class);
            } else if (isDue) {
                awaitWill(watcher);
            } else {
                Packet early = watcher.receive(5);
                if (early != null) {
                    watch(watcher, early, false);
                }
            }
        }
    }

    private void awaitWill(PacketLine watcher) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
        while (isDue && System.nanoTime() < deadline) {
            Packet packet = watcher.receive(100);
            if (packet != null) {
                watch(watcher, packet, true);
            }
        }
        if (isDue) {
            faults.add("will " + last + " did not come");
        }
    }

    private void watch(PacketLine watcher, Packet packet, boolean allowed) throws IOException {
        if (packet instanceof Publish publish) {
            String text = new String(publish.payload(), StandardCharsets.UTF_8);
            watcher.send(new PubAck(publish.packetId()));
            // A crash between a will and the record of its being sent repeats it.
            boolean known = allowed ? text.startsWith("due") : text.startsWith("due") && !text.equals(last);
            if (!known) {
                faults.add("will " + text + " came, last was " + last);
            }
            if (text.equals(last)) {
                isDue = false;
                seen++;
            }
        } else {
            faults.add("the watcher of wills got " + packet);
        }
    }

    @Override
    public void place(int port, int round) throws IOException {
        boolean comes = round % EACH == EACH - 1;
        last = (comes ? "due-" : "never-") + round;
        isDue = comes;
        PacketLine line = new PacketLine(port, MqttVersion.MQTT_5);
        owner = line;
        Connect.Will will = new Connect.Will(
                TOPIC,
                last.getBytes(StandardCharsets.UTF_8),
                QoS.AT_LEAST_ONCE,
                false,
                Properties.builder()
                        .integer(Property.WILL_DELAY_INTERVAL, comes ? 1 : LONG_DELAY)
                        .build());
        line.send(new Connect(
                MqttVersion.MQTT_5,
                "will-owner",
                false,
                0,
                will,
                null,
                null,
                PersistentClient.expiry(MqttVersion.MQTT_5, 36_000)));
        line.receive(ConnAck.class);
    }

    @Override
    public void killed() {
        PacketLine line = owner;
        owner = null;
        if (line != null) {
            line.close();
        }
    }

    @Override
    public void finish() {
        // It looked.
    }

    @Override
    public List<String> faults() {
        return faults;
    }

    @Override
    public String summary() {
        return "wills: " + seen + " came";
    }
}
