// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.Properties;
import org.upwell.codec.PubAck;
import org.upwell.codec.PubComp;
import org.upwell.codec.PubRec;
import org.upwell.codec.PubRel;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;

/// Publishes numbered messages to one topic as a conforming client does whose memory outlives every connection:
/// what is not acknowledged is sent again with DUP under its packet id, what is received but not complete is
/// released again ([MQTT-4.4.0-1], [MQTT-4.3.3-4] to [MQTT-4.3.3-7]).
final class PersistentPublisher extends PersistentClient {

    /// Where a handshake stands still.
    enum Window {
        /// Nowhere: all are finished.
        QUIET,
        /// PUBLISH was sent, its answer not read.
        AFTER_PUBLISH,
        /// PUBREC came, PUBREL is held back.
        AFTER_PUBREC,
        /// PUBREL was sent, PUBCOMP not read.
        AFTER_PUBREL
    }

    private record Open(int number, boolean received) {}

    final String topic;
    final QoS qos;
    final boolean retain;
    private final Ledger ledger;
    private final Map<Integer, Open> open = new LinkedHashMap<>();
    private Window window = Window.QUIET;
    private volatile int sent;
    private int acknowledged;

    PersistentPublisher(String clientId, MqttVersion version, QoS qos, boolean retain, Ledger ledger) {
        super(clientId, version);
        this.topic = "acme/app/" + clientId;
        this.qos = qos;
        this.retain = retain;
        this.ledger = ledger;
    }

    /// The last number that was sent. Any thread.
    int sent() {
        return sent;
    }

    /// The highest number up to which all are acknowledged.
    int acknowledged() {
        return acknowledged;
    }

    int open() {
        return open.size();
    }

    @Override
    boolean isFree(int packetId) {
        return !open.containsKey(packetId);
    }

    @Override
    void resumed(boolean first) throws IOException {
        window = Window.QUIET;
        for (Map.Entry<Integer, Open> each : open.entrySet()) {
            line().send(
                            each.getValue().received()
                                    ? new PubRel(each.getKey())
                                    : packet(each.getValue().number(), each.getKey(), true));
        }
    }

    private Publish packet(int number, int packetId, boolean dup) {
        return new Publish(topic, Ledger.payload(number), qos, dup, retain, packetId, Properties.NONE);
    }

    /// Sends without waiting for answers.
    void publish(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            int packetId = packetId();
            int number = sent + 1;
            sent = number;
            open.put(packetId, new Open(number, false));
            line().send(packet(number, packetId, false));
        }
    }

    /// Reads until at most `rest` handshakes are open.
    void settle(int rest) throws IOException {
        while (open.size() > rest) {
            on(line().receive());
        }
    }

    /// Sends `count` messages and lets each handshake come to stand in `where`.
    void stand(Window where, int count) throws IOException {
        window = where;
        publish(count);
        switch (where) {
            case QUIET -> settle(0);
            case AFTER_PUBLISH -> {}
            case AFTER_PUBREC, AFTER_PUBREL -> {
                while (!open.values().stream().allMatch(Open::received)) {
                    on(line().receive());
                }
            }
        }
    }

    @Override
    void on(Packet packet) throws IOException {
        switch (packet) {
            case PubAck ack -> {
                check(ack.reason(), ack);
                finished(ack.packetId());
            }
            case PubRec rec -> {
                check(rec.reason(), rec);
                received(rec.packetId());
            }
            // A release that was repeated may find nothing to release any more.
            case PubComp comp -> open.remove(comp.packetId());
            default -> throw new AssertionError(clientId + " got " + packet);
        }
    }

    /// The subscriber's session is there all the time, so nothing may come without match either.
    private void check(ReasonCode reason, Packet packet) {
        if (reason != ReasonCode.SUCCESS) {
            ledger.fault("answer " + packet);
        }
    }

    private void finished(int packetId) {
        Open done = open.remove(packetId);
        if (done == null) {
            ledger.fault("PUBACK for " + packetId + ", which is not open");
        } else {
            inTurn(done.number());
        }
    }

    private void received(int packetId) throws IOException {
        Open current = open.get(packetId);
        if (current == null) {
            ledger.fault("PUBREC for " + packetId + ", which is not open");
            return;
        }
        if (!current.received()) {
            inTurn(current.number());
        }
        open.put(packetId, new Open(current.number(), true));
        if (window != Window.AFTER_PUBREC) {
            line().send(new PubRel(packetId));
        }
    }

    /// [MQTT-4.6.0-2], [MQTT-4.6.0-3]: acknowledgements come in the order of the messages.
    private void inTurn(int number) {
        if (number != acknowledged + 1) {
            ledger.fault("message " + number + " was acknowledged after " + acknowledged);
        }
        acknowledged = Math.max(acknowledged, number);
    }
}
