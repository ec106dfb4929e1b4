// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.Broker;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.broker.message.Message;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.session.InboundPacketIds;
import org.upwell.broker.session.Session;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.StoreCondition;
import org.upwell.broker.store.StoreException;
import org.upwell.broker.store.StoreFullException;
import org.upwell.codec.Properties;
import org.upwell.codec.PubAck;
import org.upwell.codec.PubComp;
import org.upwell.codec.PubRec;
import org.upwell.codec.PubRel;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.mqtt.hook.PacketAuthorizer;

/// The QoS handshakes from the client of one connection: quota, authorisation, repeats, and acknowledgements in the
/// order of the PUBLISH packets ([MQTT-4.6.0-2], [MQTT-4.6.0-3]). Owned by the connection's event loop.
final class InboundPublishes {

    /// Uncommitted publishes at which the connection stops reading.
    private static final int MAX_UNCOMMITTED = 10_000;

    /// Payload bytes of them at which it does.
    private static final long MAX_UNCOMMITTED_BYTES = 8 << 20;

    /// How long a connection whose PUBLISH takes up scarce space is not read from.
    private static final Duration SLOWED = Duration.ofMillis(20);

    private final MqttConnection connection;
    private final OutboundLine line;
    private final Session session;
    private final InboundTopics topics;
    private final Broker broker;
    private final MqttLimits limits;
    private final Deque<Acknowledgement> uncommitted = new ArrayDeque<>(0);
    private long uncommittedBytes;
    private boolean waitsForStore;
    private boolean isSlowed;

    /// QoS 1 and 2 handshakes that the client has open, against the receive maximum that we announced.
    private int open;

    /// The packet ids of QoS 2 among them.
    private @Nullable BitSet openQos2;

    InboundPublishes(MqttConnection connection, OutboundLine line, Session session, InboundTopics topics) {
        this.connection = connection;
        this.line = line;
        this.session = session;
        this.topics = topics;
        this.broker = connection.broker();
        this.limits = connection.limits();
    }

    /// Takes a PUBLISH that is [InboundTopics#named].
    void onPublish(Publish publish) {
        if (!begin(publish)) {
            return;
        }
        if (limits.checkPayloadFormat() && !Messages.isPayloadAsSaid(publish.payload(), publish.properties())) {
            refuse(publish, ReasonCode.PAYLOAD_FORMAT_INVALID, "the payload is not UTF-8 as its format indicator says");
            return;
        }
        if (!topics.mayPublish(session.permissions(), publish)) {
            refuseUnauthorized(publish);
            return;
        }
        List<PacketAuthorizer> authorizers = connection.hooks().authorizers();
        if (authorizers == null) {
            accept(publish);
            return;
        }
        connection.hold();
        connection.hookRunner().authorizePublish(authorizers, publish, allowed -> {
            if (connection.isOpen()) {
                if (allowed) {
                    accept(publish);
                } else {
                    refuseUnauthorized(publish);
                }
            }
            connection.release();
        });
    }

    /// Takes a PUBLISH that is [InboundTopics#named], to a topic name that nobody may publish to. Its bytes are in
    /// order, so it ends no connection that can be told by its acknowledgement (0x90).
    void onMisnamed(Publish publish, String fault) {
        if (begin(publish)) {
            refuse(publish, ReasonCode.TOPIC_NAME_INVALID, fault);
        }
    }

    /// Takes a PUBLISH that is [InboundTopics#named] and that an interceptor keeps from going on. It wants the
    /// message gone and not the client: one that cannot be told the reason is told that all is well, so that it
    /// does not send it again.
    void onPrevented(Publish publish, ReasonCode reason) {
        if (!begin(publish)) {
            return;
        }
        countRefusal(publish.topic(), "prevented by an interceptor: " + reason.name());
        if (publish.qos() != QoS.AT_MOST_ONCE) {
            boolean sayWhy = connection.version().isMqtt5() && reason.isError();
            answer(publish, sayWhy ? toAcknowledgement(reason) : ReasonCode.SUCCESS);
        }
    }

    /// The reason nearest to `error` that PUBACK and PUBREC may carry ([MQTT-3.4.2-1], [MQTT-3.5.2-1]).
    private static ReasonCode toAcknowledgement(ReasonCode error) {
        return switch (error) {
            case UNSPECIFIED_ERROR,
                    IMPLEMENTATION_SPECIFIC_ERROR,
                    NOT_AUTHORIZED,
                    TOPIC_NAME_INVALID,
                    PACKET_IDENTIFIER_IN_USE,
                    QUOTA_EXCEEDED,
                    PAYLOAD_FORMAT_INVALID -> error;
            case BAD_USER_NAME_OR_PASSWORD, BAD_AUTHENTICATION_METHOD, BANNED, ADMINISTRATIVE_ACTION ->
                ReasonCode.NOT_AUTHORIZED;
            case TOPIC_FILTER_INVALID -> ReasonCode.TOPIC_NAME_INVALID;
            case SERVER_BUSY,
                    MESSAGE_RATE_TOO_HIGH,
                    RECEIVE_MAXIMUM_EXCEEDED,
                    PACKET_TOO_LARGE,
                    CONNECTION_RATE_EXCEEDED -> ReasonCode.QUOTA_EXCEEDED;
            // The PUBLISH is valid, and the receiver does not want it.
            default -> ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR;
        };
    }

    /// Opens the handshake of a PUBLISH. False if it is a repeat, which is seen to here, or if the connection had
    /// to end.
    private boolean begin(Publish publish) {
        if (publish.qos() == QoS.AT_MOST_ONCE) {
            return true;
        }
        if (publish.qos() == QoS.EXACTLY_ONCE && session.inboundPacketIds().isTaken(publish.packetId())) {
            // One that an earlier connection left open counts on this one from here on.
            if (isOpenHere(publish.packetId()) || countOpen(publish)) {
                repeat(publish.packetId());
            }
            return false;
        }
        return countOpen(publish);
    }

    private boolean isOpenHere(int packetId) {
        return openQos2 != null && openQos2.get(packetId);
    }

    /// False if the client has more handshakes open than we announced ([MQTT-3.3.4-7], [MQTT-3.3.4-9]); the
    /// connection then ends.
    private boolean countOpen(Publish publish) {
        if (open >= limits.receiveMaximum() && connection.version().isMqtt5()) {
            connection.disconnect(
                    ReasonCode.RECEIVE_MAXIMUM_EXCEEDED,
                    "more than " + limits.receiveMaximum() + " unacknowledged PUBLISH packets");
            return false;
        }
        open++;
        if (publish.qos() == QoS.EXACTLY_ONCE) {
            BitSet ids = openQos2;
            if (ids == null) {
                ids = new BitSet();
                openQos2 = ids;
            }
            ids.set(publish.packetId());
        }
        return true;
    }

    private void endQos2(int packetId) {
        // An id that an earlier connection left open and that was not sent again was never counted on this one.
        if (isOpenHere(packetId) && openQos2 != null) {
            openQos2.clear(packetId);
            open--;
        }
    }

    /// A QoS 2 PUBLISH whose packet id is not released yet is acknowledged again and never routed again
    /// ([MQTT-4.3.3-10]); one whose first is not committed yet gets that one's PUBREC, here also if the connection
    /// of the first is gone.
    private void repeat(int packetId) {
        InboundPacketIds ids = session.inboundPacketIds();
        if (ids.isCommitted(packetId)) {
            line.send(new PubRec(packetId));
        } else if (waitingQos2(packetId) == null) {
            ids.await(packetId, new RepeatOfAnEarlierConnection(packetId));
        }
    }

    /// A repeat that waits for what comes of its first, which an earlier connection took.
    private final class RepeatOfAnEarlierConnection implements InboundPacketIds.Outcome {
        private final int packetId;

        private RepeatOfAnEarlierConnection(int packetId) {
            this.packetId = packetId;
        }

        @Override
        public void committed() {
            connection.guard(() -> {
                if (connection.isOpen()) {
                    line.send(new PubRec(packetId));
                }
            });
        }

        @Override
        public void refused(StoreException cause) {
            connection.guard(() -> {
                if (!connection.isOpen()) {
                    return;
                }
                if (!(cause instanceof StoreFullException)) {
                    connection.storeFailed();
                    return;
                }
                endQos2(packetId);
                disconnectUnlessToldWhy();
                if (connection.isOpen()) {
                    line.send(new PubRec(packetId, ReasonCode.QUOTA_EXCEEDED, Properties.NONE));
                }
            });
        }
    }

    /// There is no space: MQTT 5 says so in the acknowledgement, 3.x has no word for it, and an acknowledgement
    /// would say that the message was taken.
    private void disconnectUnlessToldWhy() {
        if (!connection.version().isMqtt5()) {
            connection.disconnect(ReasonCode.QUOTA_EXCEEDED, "the store has no space for what must be kept");
        }
    }

    /// The acknowledgement that a QoS 2 PUBLISH of this connection still waits for; null if there is none.
    private @Nullable Acknowledgement waitingQos2(int packetId) {
        for (Acknowledgement waiting : uncommitted) {
            if (waiting.packetId == packetId && waiting.qos == QoS.EXACTLY_ONCE) {
                return waiting;
            }
        }
        return null;
    }

    private void accept(Publish publish) {
        broker.counters().messagesReceived.increment();
        Message message = Messages.toMessage(publish, session.key(), broker.clock());
        if (publish.qos() == QoS.AT_MOST_ONCE && !publish.retain()) {
            // Nobody hears how it went, and the store has no part in it.
            broker.router().route(message, session, 0, connection.owner(), Commit.NONE);
            return;
        }
        Acknowledgement acknowledgement = new Acknowledgement(publish, message.weightBytes());
        if (publish.qos() == QoS.EXACTLY_ONCE) {
            session.inboundPacketIds().take(publish.packetId());
        }
        if (publish.qos() != QoS.AT_MOST_ONCE) {
            uncommitted.addLast(acknowledgement);
            uncommittedBytes += acknowledgement.bytes;
        }
        boolean matched = broker.router()
                .route(
                        message,
                        session,
                        publish.qos() == QoS.EXACTLY_ONCE ? publish.packetId() : 0,
                        connection.owner(),
                        acknowledgement);
        acknowledgement.routed(matched);
        if (!waitsForStore && (uncommitted.size() > MAX_UNCOMMITTED || uncommittedBytes > MAX_UNCOMMITTED_BYTES)) {
            waitsForStore = true;
            connection.hold();
        }
        if (!acknowledgement.committed && broker.store().condition() == StoreCondition.SCARCE) {
            slow();
        }
    }

    /// Space runs short: who fills it is slowed, so that those who empty it get ahead. Nobody else is.
    private void slow() {
        if (!isSlowed) {
            isSlowed = true;
            connection.hold();
            connection
                    .owner()
                    .schedule(
                            SLOWED,
                            () -> connection.guard(() -> {
                                isSlowed = false;
                                connection.release();
                            }));
        }
    }

    /// There is no space for what a PUBLISH wants kept.
    private void refuseForSpace(Acknowledgement refused) {
        countRefusal(refused.topic, "the store has no space");
        if (refused.qos == QoS.AT_MOST_ONCE) {
            return;
        }
        refused.reason = ReasonCode.QUOTA_EXCEEDED;
        refused.committed = true;
        disconnectUnlessToldWhy();
        refused.proceed();
    }

    /// MQTT 5 has a reason for QoS 1 and 2; else closing is the only honest word, since an acknowledgement would
    /// say that the message was taken.
    ///
    /// @param cause for the reason string of a connection that ends
    private void refuse(Publish publish, ReasonCode reason, @Nullable String cause) {
        countRefusal(publish.topic(), reason.name());
        if (connection.version().isMqtt5() && publish.qos() != QoS.AT_MOST_ONCE) {
            answer(publish, reason);
        } else {
            connection.disconnect(reason, cause);
        }
    }

    private void refuseUnauthorized(Publish publish) {
        refuse(publish, ReasonCode.NOT_AUTHORIZED, "PUBLISH to this topic is refused");
    }

    private void countRefusal(String topic, String reason) {
        broker.counters().publishesRefused.increment();
        broker.events().on(new BrokerEvent.PublishRefused(session.key(), MqttConnection.cut(topic), reason));
    }

    /// Answers a PUBLISH that goes no further, in its turn.
    private void answer(Publish publish, ReasonCode reason) {
        Acknowledgement answer = new Acknowledgement(publish, 0);
        answer.reason = reason;
        answer.routed = true;
        answer.committed = true;
        if (publish.qos() == QoS.EXACTLY_ONCE && !reason.isError()) {
            session.inboundPacketIds().take(publish.packetId());
        }
        uncommitted.addLast(answer);
        acknowledge();
    }

    /// Sends the acknowledgements that are due, up to the first that is not.
    private void acknowledge() {
        for (Acknowledgement head = uncommitted.peekFirst();
                head != null && head.committed && head.routed;
                head = uncommitted.peekFirst()) {
            uncommitted.removeFirst();
            uncommittedBytes -= head.bytes;
            send(head);
        }
        if (waitsForStore
                && uncommitted.size() <= MAX_UNCOMMITTED / 2
                && uncommittedBytes <= MAX_UNCOMMITTED_BYTES / 2) {
            waitsForStore = false;
            connection.release();
        }
    }

    private void send(Acknowledgement due) {
        if (due.qos == QoS.AT_LEAST_ONCE) {
            open--;
            line.send(new PubAck(due.packetId, due.reason, Properties.NONE));
            return;
        }
        if (due.reason.isError()) {
            endQos2(due.packetId);
        } else {
            session.inboundPacketIds().commit(due.packetId);
        }
        line.send(new PubRec(due.packetId, due.reason, Properties.NONE));
        if (due.releaseAsked) {
            release(due.packetId);
        }
    }

    void onPubRel(PubRel packet) {
        int packetId = packet.packetId();
        InboundPacketIds ids = session.inboundPacketIds();
        if (ids.isTaken(packetId) && !ids.isCommitted(packetId)) {
            releaseOnceAcknowledged(packetId);
        } else {
            release(packetId);
        }
    }

    /// A PUBREL that did not wait for our PUBREC releases nothing yet: without its id on record, a repeat would be
    /// taken for a new message. PUBREC and PUBCOMP follow in their order.
    private void releaseOnceAcknowledged(int packetId) {
        Acknowledgement waiting = waitingQos2(packetId);
        if (waiting != null) {
            waiting.releaseAsked = true;
            return;
        }
        connection.disconnect(
                ReasonCode.PROTOCOL_ERROR, "PUBREL for a PUBLISH of an earlier connection that had no PUBREC");
    }

    private void release(int packetId) {
        if (!session.inboundPacketIds().release(packetId)) {
            line.send(new PubComp(packetId, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND, Properties.NONE));
            return;
        }
        endQos2(packetId);
        long number = session.storeNumber();
        if (number == 0) {
            line.send(new PubComp(packetId));
        } else {
            // PUBCOMP is due once the release is on record.
            broker.store()
                    .inboundReleased(
                            number, packetId, connection.whenCommitted(() -> line.send(new PubComp(packetId))));
        }
    }

    /// The connection ended. Acknowledgements that waited for one before them go nowhere any more, but the packet
    /// ids stay taken and are committed, so a repeat on the next connection gets its PUBREC.
    void close() {
        for (Acknowledgement waiting : uncommitted) {
            waiting.proceed();
        }
    }

    /// One PUBLISH on its way to being acknowledged.
    private final class Acknowledgement implements Commit {

        private final int packetId;
        private final QoS qos;
        private final String topic;
        private final int bytes;
        private ReasonCode reason = ReasonCode.SUCCESS;
        private boolean committed;
        private boolean routed;
        private boolean releaseAsked;

        private Acknowledgement(Publish publish, int bytes) {
            this.packetId = publish.packetId();
            this.qos = publish.qos();
            this.topic = publish.topic();
            this.bytes = bytes;
        }

        @Override
        public Owner owner() {
            return connection.owner();
        }

        private void routed(boolean matched) {
            routed = true;
            if (!matched && reason == ReasonCode.SUCCESS) {
                reason = ReasonCode.NO_MATCHING_SUBSCRIBERS;
            }
            proceed();
        }

        @Override
        public void committed() {
            committed = true;
            try {
                proceed();
            } catch (RuntimeException e) {
                connection.onFault(e);
            }
        }

        private void proceed() {
            // After the connection ended an acknowledgement goes nowhere: the client will send the PUBLISH again.
            if (routed && committed && qos != QoS.AT_MOST_ONCE) {
                if (connection.isOpen()) {
                    acknowledge();
                } else if (qos == QoS.EXACTLY_ONCE && !reason.isError()) {
                    session.runAsOwner(() -> session.inboundPacketIds().commit(packetId));
                }
            }
        }

        /// A full store refuses what it cannot keep and goes on; any other failure is the end.
        @Override
        public void failed(StoreException cause) {
            if (qos == QoS.EXACTLY_ONCE) {
                // Nobody has the message, so what comes under its id is no repeat.
                session.runAsOwner(() -> session.inboundPacketIds().refuse(packetId, cause));
            }
            if (cause instanceof StoreFullException) {
                connection.guard(() -> refuseForSpace(this));
            } else {
                connection.storeFailed();
            }
        }
    }
}
