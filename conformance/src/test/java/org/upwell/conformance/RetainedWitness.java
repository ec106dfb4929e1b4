// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.Properties;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;

/// Looks, right after each start, whether the retained message of a publisher is the last that it had acknowledged
/// or a later one of its own.
final class RetainedWitness implements Witness {

    private final List<Pair> pairs;
    private final List<String> faults = new ArrayList<>();
    private int looks;

    /// @param pairs whose publishers retain; they resume after this
    RetainedWitness(List<Pair> pairs) {
        this.pairs = List.copyOf(pairs);
    }

    @Override
    public void resume(int port, int round) throws IOException {
        for (Pair pair : pairs) {
            int kept = look(port, pair.publisher.topic);
            looks++;
            if (kept < pair.publisher.acknowledged() || kept > pair.publisher.sent()) {
                faults.add("retained of " + pair.publisher.topic + " is " + kept + ", acknowledged "
                        + pair.publisher.acknowledged() + ", sent " + pair.publisher.sent());
            }
        }
    }

    /// The number that is retained for a topic, 0 for none.
    private static int look(int port, String topic) throws IOException {
        try (PacketLine line = new PacketLine(port, MqttVersion.MQTT_5)) {
            line.send(new Connect(MqttVersion.MQTT_5, "looker", true, 0, null, null, null, Properties.NONE));
            line.receive(ConnAck.class);
            line.send(new Subscribe(1, List.of(new Subscribe.Request(topic, QoS.AT_MOST_ONCE)), Properties.NONE));
            line.receive(SubAck.class);
            line.send(org.upwell.codec.PingReq.INSTANCE);
            Packet next = line.receive();
            return next instanceof Publish publish ? Ledger.number(publish.payload()) : 0;
        }
    }

    @Override
    public void place(int port, int round) {
        // Its pairs are placed.
    }

    @Override
    public void killed() {
        // It is not connected.
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
        return "retained: " + looks + " looks";
    }
}
