// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import org.upwell.broker.event.BrokerCounters;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.message.Message;
import org.upwell.broker.session.Delivery;
import org.upwell.broker.session.InFlight;
import org.upwell.broker.session.Session;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.PubComp;
import org.upwell.codec.PubRec;
import org.upwell.codec.PubRel;
import org.upwell.codec.Publish;
import org.upwell.codec.PublishEncoder;
import org.upwell.codec.ReasonCode;

/// The QoS handshakes towards the client of one connection: packet ids, send quota, resending. What must outlive
/// the connection is in the session's [InFlight]. Owned by the connection's event loop.
final class OutboundPublishes {

    private final MqttConnection connection;
    private final OutboundLine line;
    private final Session session;
    private final BrokerCounters counters;
    private final InstantSource clock;
    private final MqttVersion version;
    private final int sendQuota;

    /// Handshakes of this connection that still need an answer from the client ([MQTT-4.9.0-1] to [MQTT-4.9.0-3]).
    private int open;

    private final Deque<InFlight.Entry> toResend = new ArrayDeque<>(0);
    private final WaitingQos0 waitingQos0;
    private boolean pumpAsked;

    OutboundPublishes(MqttConnection connection, OutboundLine line, Session session, int sendQuota) {
        this.connection = connection;
        this.line = line;
        this.session = session;
        this.counters = connection.broker().counters();
        this.clock = connection.broker().clock();
        this.version = connection.version();
        this.sendQuota = sendQuota;
        this.waitingQos0 = new WaitingQos0(connection.qos0Room());
    }

    /// Begins to deliver, after CONNACK: first what was in flight ([MQTT-4.4.0-1]), then what waits.
    void start() {
        toResend.addAll(session.inFlight().inOrder());
        session.startDelivery();
        pump();
    }

    /// Sends what waits as far as quota and socket allow.
    void pump() {
        resend();
        // QoS 1 and 2 first: they are bounded by the quota, while QoS 0 could keep the line full for ever.
        while (canSend()) {
            Delivery next = session.pollQueued();
            if (next == null) {
                break;
            }
            if (next.qos() == 0) {
                write(next, 0, false);
            } else {
                send(next);
            }
        }
        sendRetainedQos0();
        // What was published since waits behind older retained messages, whose quota may be used up.
        while (!session.hasRetainedToSend() && line.hasRoom()) {
            Delivery next = waitingQos0.poll();
            if (next == null) {
                break;
            }
            writeWaiting(next);
        }
    }

    /// Receive Maximum does not concern QoS 0 ([MQTT-3.3.4-7] speaks of QoS 1 and 2).
    private void sendRetainedQos0() {
        while (session.hasRetainedToSend() && line.hasRoom()) {
            Delivery next = session.pollRetainedQos0();
            if (next == null) {
                return;
            }
            write(next, 0, false);
        }
    }

    private void writeWaiting(Delivery next) {
        if (next.message().isExpiredAt(clock.millis())) {
            // [MQTT-3.3.2-5]
            session.drop(next, DropCause.EXPIRED);
        } else if (session.isPermitted(next)) {
            write(next, 0, false);
        } else {
            session.drop(next, DropCause.NOT_PERMITTED);
        }
    }

    private void resend() {
        while (!toResend.isEmpty() && line.hasRoom()) {
            InFlight.Entry entry = toResend.peekFirst();
            boolean release = entry.stage() == InFlight.Stage.AWAITS_PUBCOMP;
            if (!release && open >= sendQuota) {
                return;
            }
            toResend.removeFirst();
            if (!release
                    && !session.permissions()
                            .mayReceive(entry.delivery().message().topic())) {
                session.handshakes().lost(entry, entry.delivery().message().topic(), DropCause.NOT_PERMITTED);
                continue;
            }
            open++;
            if (release) {
                line.send(new PubRel(entry.packetId()));
            } else {
                // [MQTT-3.3.1-1]
                write(entry.delivery(), entry.packetId(), true);
            }
        }
    }

    private boolean canSend() {
        return open < sendQuota && toResend.isEmpty() && session.inFlight().hasRoom() && line.hasRoom();
    }

    int sendQuota() {
        return sendQuota;
    }

    boolean tryDeliver(Delivery delivery) {
        if (!canSend()) {
            return false;
        }
        send(delivery);
        return true;
    }

    void deliverQos0(Delivery delivery) {
        if (waitingQos0.isEmpty() && !session.hasRetainedToSend() && line.hasRoom()) {
            write(delivery, 0, false);
            return;
        }
        if (!waitingQos0.offer(delivery, session.limits().qos0Bytes())) {
            session.drop(delivery, DropCause.QOS_0_PRESSURE);
        }
    }

    private void send(Delivery delivery) {
        open++;
        InFlight.Entry entry = session.inFlight().add(delivery);
        if (delivery.qos() == 2) {
            session.handshakes().sent(entry, connection.whenCommitted(() -> write(delivery, entry.packetId(), false)));
        } else {
            session.handshakes().sent(entry);
            write(delivery, entry.packetId(), false);
        }
    }

    private void write(Delivery delivery, int packetId, boolean dup) {
        counters.messagesSent.increment();
        boolean nothingToTell = session.drops().untold() == 0 || !version.isMqtt5();
        if (nothingToTell && line.takesPlain() && (!version.isMqtt5() || Messages.isPlain(delivery))) {
            Message message = delivery.message();
            line.sendPlain(
                    message.topic(),
                    message.payload(),
                    PublishEncoder.flags(delivery.qos(), dup, delivery.retain()),
                    packetId);
            return;
        }
        Publish publish = Messages.toPublish(delivery, version, packetId, dup, clock);
        if (!nothingToTell && tryTell(delivery, publish)) {
            return;
        }
        line.send(publish, notSent(delivery, packetId, 0));
    }

    /// Sends the packet with word of what was lost. False if the client does not accept so large a one.
    private boolean tryTell(Delivery delivery, Publish publish) {
        long untold = session.drops().untold();
        Publish telling = Messages.telling(publish, untold);
        if (!line.fits(telling)) {
            return false;
        }
        // Before it is sent, since it may be found out at once that it is not.
        session.toldOfDrops(untold);
        line.send(telling, notSent(delivery, publish.packetId(), untold));
        return true;
    }

    private OutboundLine.Outcome notSent(Delivery delivery, int packetId, long told) {
        return tooLarge -> {
            // After the connection ended the session may be somebody else's; what is in flight stays so.
            if (connection.isOpen()) {
                if (told > 0) {
                    session.toldOfDrops(-told);
                }
                notSent(delivery, packetId, tooLarge);
            }
        };
    }

    private void notSent(Delivery delivery, int packetId, boolean tooLarge) {
        InFlight.Entry entry = packetId == 0 ? null : session.inFlight().get(packetId);
        // [MQTT-3.1.2-25]: as if it had been sent, but counted.
        DropCause cause = tooLarge ? DropCause.TOO_LARGE : DropCause.PREVENTED;
        if (entry == null) {
            session.drop(delivery, cause);
            return;
        }
        complete(entry, false);
        session.handshakes().lost(entry, delivery.message().topic(), cause);
        pumpLater();
    }

    /// Quota came free without an acknowledgement that would make the deliveries go on. Not at once, since it may
    /// have been the pump that sent.
    private void pumpLater() {
        if (!pumpAsked) {
            pumpAsked = true;
            connection
                    .owner()
                    .atEndOfBatch(() -> connection.guard(() -> {
                        pumpAsked = false;
                        if (connection.isOpen()) {
                            pump();
                        }
                    }));
        }
    }

    void onPubAck(int packetId) {
        InFlight.Entry entry = session.inFlight().get(packetId);
        if (entry == null) {
            unexpected();
        } else if (entry.stage() == InFlight.Stage.AWAITS_PUBACK) {
            complete(entry, true);
        } else {
            wrong("PUBACK", entry);
        }
    }

    void onPubRec(PubRec packet) {
        InFlight.Entry entry = session.inFlight().get(packet.packetId());
        if (entry == null) {
            unexpected();
            line.send(new PubRel(packet.packetId(), ReasonCode.PACKET_IDENTIFIER_NOT_FOUND, Properties.NONE));
            return;
        }
        if (entry.stage() == InFlight.Stage.AWAITS_PUBACK) {
            wrong("PUBREC", entry);
            return;
        }
        if (packet.reason().isError()) {
            // [MQTT-4.3.3-4]: the client refused it, so that is its end.
            complete(entry, true);
            return;
        }
        session.handshakes().received(entry, connection.whenCommitted(() -> line.send(new PubRel(packet.packetId()))));
    }

    void onPubComp(PubComp packet) {
        InFlight.Entry entry = session.inFlight().get(packet.packetId());
        if (entry == null) {
            unexpected();
        } else if (entry.stage() == InFlight.Stage.AWAITS_PUBCOMP) {
            complete(entry, true);
        } else {
            wrong("PUBCOMP", entry);
        }
    }

    /// An answer that the message's QoS or the handshake does not have next ([MQTT-4.3.2-1], [MQTT-4.3.3-1],
    /// [MQTT-4.13.1-1]). Passed over, the message would hold its place in the quota for ever.
    private void wrong(String packet, InFlight.Entry entry) {
        connection.disconnect(
                ReasonCode.PROTOCOL_ERROR,
                packet + " for packet id " + entry.packetId() + ", which has QoS " + entry.qos() + " and "
                        + entry.stage().name().toLowerCase(Locale.ROOT).replace('_', ' '));
    }

    private void unexpected() {
        counters.protocolErrors.increment();
    }

    private void complete(InFlight.Entry entry, boolean acknowledged) {
        session.inFlight().remove(entry);
        // What was in flight before this connection and waits to be sent again was not counted yet.
        if (toResend.isEmpty() || !toResend.remove(entry)) {
            open--;
        }
        if (acknowledged) {
            session.handshakes().done(entry);
            pump();
        }
    }

    /// The connection ended: QoS 0 messages that still wait go with it.
    void close() {
        waitingQos0.clear();
    }
}
