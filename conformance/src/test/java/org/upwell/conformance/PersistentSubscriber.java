// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.Properties;
import org.upwell.codec.PubAck;
import org.upwell.codec.PubComp;
import org.upwell.codec.PubRec;
import org.upwell.codec.PubRel;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;

/// Receives as a conforming client does whose memory outlives every connection: a QoS 2 message is given to the
/// application once and its packet id remembered until PUBREL ([MQTT-4.3.3-10] to [MQTT-4.3.3-12]). After each
/// reconnection it checks that what was open goes on under the same packet ids.
final class PersistentSubscriber extends PersistentClient {

    /// Where a handshake stands still.
    enum Window {
        /// Nowhere: all are answered at once.
        QUIET,
        /// PUBLISH came and is not answered.
        AFTER_PUBLISH,
        /// PUBREC was sent, PUBREL not read.
        AFTER_PUBREC,
        /// PUBREL came and is not answered.
        AFTER_PUBREL,
        /// PUBACK or PUBCOMP was just sent.
        AFTER_ANSWER
    }

    private enum Stage {
        PUBLISHED,
        RECEIVED,
        RELEASED
    }

    private record Open(Publish publish, Stage stage) {}

    private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final String filter;
    private final QoS qos;
    private final Ledger ledger;
    private final Map<Integer, Open> open = new LinkedHashMap<>();
    /// What was open when the last connection ended and has not come again.
    private final Map<Integer, Open> due = new LinkedHashMap<>();
    private boolean areIdsOfQos1Safe;
    private Window window = Window.QUIET;
    private int counted;

    PersistentSubscriber(String clientId, MqttVersion version, String filter, QoS qos, Ledger ledger) {
        super(clientId, version);
        this.filter = filter;
        this.qos = qos;
        this.ledger = ledger;
    }

    @Override
    boolean isFree(int packetId) {
        return true;
    }

    @Override
    void resumed(boolean first) throws IOException {
        window = Window.QUIET;
        if (first) {
            line().send(new Subscribe(packetId(), List.of(new Subscribe.Request(filter, qos)), Properties.NONE));
            if (line().receive(SubAck.class).reasons().getFirst().isError()) {
                throw new AssertionError(clientId + " may not subscribe to " + filter);
            }
        }
        due.clear();
        due.putAll(open);
        // At QoS 1 the client forgets; the message comes again.
        open.values().removeIf(each -> each.publish().qos() == QoS.AT_LEAST_ONCE);
        if (!areIdsOfQos1Safe) {
            due.values().removeIf(each -> each.publish().qos() == QoS.AT_LEAST_ONCE);
        }
        areIdsOfQos1Safe = false;
    }

    /// To be called when the store is known to have all that it was told before: from now on the packet ids of QoS
    /// 1 messages that are open must survive too.
    void idsAreSafe() {
        areIdsOfQos1Safe = true;
    }

    /// Reads until `done`.
    void readUntil(BooleanSupplier done) throws IOException {
        long deadline = System.nanoTime() + WAIT_NANOS;
        while (!done.getAsBoolean() && System.nanoTime() < deadline) {
            read(20);
        }
    }

    /// Reads until a topic's numbers 1 to `last` were delivered and nothing is open any more.
    void drain(String topic, int last) throws IOException {
        readUntil(() -> ledger.has(topic, last) && open.isEmpty() && due.isEmpty());
        if (!ledger.has(topic, last)) {
            ledger.fault("lost: " + ledger.missing(topic, last) + " of " + topic);
        }
        due.forEach((id, each) -> ledger.fault("nothing more came under packet id " + id + ": " + each));
        due.clear();
    }

    /// Handles what comes within `millis`.
    void read(long millis) throws IOException {
        Packet packet = line().receive(millis);
        if (packet != null) {
            on(packet);
        }
    }

    /// Lets the next `count` handshakes come to stand in `where`.
    void stand(Window where, int count) throws IOException {
        window = where;
        counted = 0;
        readUntil(() -> counted >= count);
        if (counted < count) {
            ledger.fault(counted + " of " + count + " handshakes came to " + where);
        }
    }

    @Override
    void on(Packet packet) throws IOException {
        switch (packet) {
            case Publish publish when publish.qos() == QoS.AT_LEAST_ONCE -> onQos1(publish);
            case Publish publish -> onQos2(publish);
            case PubRel rel -> onPubRel(rel.packetId());
            default -> throw new AssertionError(clientId + " got " + packet);
        }
    }

    private void onQos1(Publish publish) throws IOException {
        Open before = due.remove(publish.packetId());
        if (before != null && !isRepeat(before.publish(), publish)) {
            ledger.fault("repeat of " + text(before.publish()) + " is " + text(publish));
        }
        ledger.delivered(publish.topic(), publish.payload(), 1);
        if (window == Window.AFTER_PUBLISH) {
            open.put(publish.packetId(), new Open(publish, Stage.PUBLISHED));
        } else {
            line().send(new PubAck(publish.packetId()));
        }
        counted++;
    }

    private void onQos2(Publish publish) throws IOException {
        int id = publish.packetId();
        due.remove(id);
        Open before = open.get(id);
        if (before == null) {
            open.put(id, new Open(publish, Stage.PUBLISHED));
            ledger.delivered(publish.topic(), publish.payload(), 2);
        } else if (before.stage() == Stage.RELEASED || !isRepeat(before.publish(), publish)) {
            ledger.fault("after " + text(before.publish()) + ", " + before.stage() + ", came " + text(publish));
        }
        if (window == Window.AFTER_PUBLISH) {
            counted++;
        } else {
            open.put(id, new Open(publish, Stage.RECEIVED));
            line().send(new PubRec(id));
            counted += window == Window.AFTER_PUBREC ? 1 : 0;
        }
    }

    private void onPubRel(int id) throws IOException {
        if (window == Window.AFTER_PUBREC) {
            // As if it had not been read.
            return;
        }
        Open before = due.remove(id);
        if (before != null && before.stage() == Stage.PUBLISHED) {
            ledger.fault("PUBREL for " + text(before.publish()) + ", which was not received");
        }
        Open released = open.remove(id);
        if (window == Window.AFTER_PUBREL && released != null) {
            open.put(id, new Open(released.publish(), Stage.RELEASED));
        } else {
            line().send(new PubComp(id));
        }
        counted++;
    }

    private static boolean isRepeat(Publish first, Publish again) {
        return again.dup()
                && first.topic().equals(again.topic())
                && Arrays.equals(first.payload(), again.payload())
                && first.packetId() == again.packetId();
    }

    private static String text(Publish publish) {
        return publish + " number " + Ledger.number(publish.payload());
    }

    /// Packet ids that are open.
    List<Integer> open() {
        return new ArrayList<>(open.keySet());
    }
}
