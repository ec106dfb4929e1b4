// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.client.InFlightStore.InFlight;
import org.upwell.client.Outgoing.State;
import org.upwell.codec.PacketEncoder;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.PubComp;
import org.upwell.codec.PubRec;
import org.upwell.codec.PubRel;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;

/// The way of our messages to the server, over as many connections as it takes. Owned by the client's event loop.
final class OutboundMessages {

    private static final Logger LOG = LoggerFactory.getLogger(OutboundMessages.class);

    /*
     * A message goes: waiting -> (packet id) -> storing -> in flight, sent -> finished.
     *
     * 1. Messages leave in the order in which they were accepted, whatever their QoS: `waiting` is one queue, and what
     *    the store has not confirmed holds back what follows it.
     * 2. A packet id is taken, and send quota used, only when a message leaves `waiting`; so at most `quota` messages
     *    are with the store or in flight on the current connection ([MQTT-4.9.0-2]).
     * 3. What is in flight stays so when the connection is lost, even when its caller was told that it failed: the
     *    server may hold the packet id. Only a session that the server lost ends it.
     * 4. On the next connection `resending` holds all in flight in their order ([MQTT-4.6.0-1]); nothing new leaves
     *    before it is empty.
     */

    private final ClientOptions options;
    private final PacketIds ids;
    private final InFlightStore store;
    private final Deque<Outgoing> waiting = new ArrayDeque<>();
    private final Deque<Outgoing> storing = new ArrayDeque<>();
    private final Deque<Outgoing> resending = new ArrayDeque<>();
    private final IntObjectMap<Outgoing> inFlight = new IntObjectHashMap<>();
    private final InOrder<Outgoing> stored;
    private final InOrder<Outgoing> released;
    private long nextOrder;

    // These live as long as one connection.
    private @Nullable ClientConnection connection;
    private ServerLimits limits = new ServerLimits(1, 0, 0, false, -1);
    private int connectionNumber;
    private int quota;
    private int quotaUsed;
    private boolean pumping;

    OutboundMessages(ClientOptions options, PacketIds ids, EventExecutor owner) {
        this.options = options;
        this.ids = ids;
        this.store = options.inFlightStore();
        this.stored = new InOrder<>(owner, this::onStored);
        this.released = new InOrder<>(owner, this::onReleased);
    }

    /// Takes over what an earlier process left in the store, all or nothing.
    void restore(List<InFlight> left) {
        Set<Integer> packetIds = new HashSet<>();
        for (InFlight each : left) {
            if (each.publish().qos() == QoS.AT_MOST_ONCE
                    || !packetIds.add(each.publish().packetId())) {
                throw new MqttException(
                        MqttException.Kind.STORE,
                        ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
                        "the in-flight store gave a message without a packet id of its own: " + each.publish());
            }
        }
        for (InFlight each : left) {
            int bytes = PacketEncoder.encodedBytes(each.publish(), options.version());
            Outgoing message = new Outgoing(each.publish(), bytes, null);
            message.state = each.released() ? State.RELEASED : State.PUBLISHING;
            message.sent = true;
            message.order = nextOrder++;
            ids.take(message.packetId());
            inFlight.put(message.packetId(), message);
        }
    }

    /// Queues a message; [#pump] sends it.
    void accept(Outgoing message) {
        waiting.add(message);
    }

    /// A connection was accepted by the server. `again` says that we came back by ourselves: what was accepted
    /// since the last connection was meant for the session of then.
    void onConnected(ClientConnection connection, ServerLimits limits, boolean sessionPresent, boolean again) {
        this.connection = connection;
        this.limits = limits;
        connectionNumber++;
        quota = Math.min(options.maxInFlight(), limits.receiveMaximum());
        quotaUsed = 0;
        for (Outgoing message : storing) {
            useQuota(message);
        }
        if (again && !sessionPresent && !options.republish()) {
            failUnsent();
        }
        List<Outgoing> left = new ArrayList<>(inFlight.values());
        left.sort(Comparator.comparingLong(message -> message.order));
        for (Outgoing message : left) {
            if (!sessionPresent) {
                onSessionLost(message);
            }
            // What the store is still releasing sends its PUBREL by itself.
            if (message.state == State.PUBLISHING || message.state == State.RELEASED) {
                resending.add(message);
            }
        }
        pump();
    }

    /// A server that lost our session may have lost those of our subscribers too: nobody might hear these messages,
    /// so that their callers, who know better, decide. What is with the store stays in `storing` until that is
    /// done.
    private void failUnsent() {
        List<Outgoing> unsent = new ArrayList<>(waiting);
        waiting.clear();
        unsent.addAll(storing);
        for (Outgoing message : unsent) {
            message.state = State.FINISHED;
            message.fail(sessionLost("the server lost the session before the message was sent"));
        }
    }

    private static MqttException sessionLost(String words) {
        return new MqttException(MqttException.Kind.SESSION_LOST, ReasonCode.UNSPECIFIED_ERROR, words);
    }

    private void onSessionLost(Outgoing message) {
        if (message.state != State.PUBLISHING) {
            // The server had taken the message over before it forgot the handshake.
            finish(message, true);
            message.succeed(ReasonCode.SUCCESS);
        } else if (!options.republish()) {
            if (message.isOfEarlierProcess()) {
                // Nobody waits for its result, so nobody else can tell.
                LOG.warn("the server lost the session; dropped what was stored as packet id {}", message.packetId());
            }
            boolean sent = message.sent;
            finish(message, false);
            message.fail(sessionLost(
                    sent
                            ? "the server lost the session; whether it got the message is not known"
                            : "the server lost the session before the message was sent"));
        } else {
            message.sent = false;
        }
    }

    void onDisconnected() {
        connection = null;
        resending.clear();
    }

    /// Tells all callers that nothing more will come of their messages. What is in flight stays so: see above.
    void failAll(MqttException cause) {
        List<Outgoing> all = new ArrayList<>(waiting);
        waiting.clear();
        all.addAll(storing);
        all.addAll(inFlight.values());
        for (Outgoing message : all) {
            message.fail(cause);
        }
    }

    /// Sends what may be sent now.
    void pump() {
        ClientConnection to = connection;
        if (to == null || pumping) {
            return;
        }
        pumping = true;
        try {
            boolean more = true;
            while (more && to.isWritable()) {
                more = resending.isEmpty() ? sendNext() : resendNext(to);
            }
        } finally {
            pumping = false;
        }
    }

    private boolean resendNext(ClientConnection to) {
        Outgoing message = resending.element();
        if (message.state == State.RELEASED) {
            resending.remove();
            to.send(new PubRel(message.packetId()));
            return true;
        }
        if (quotaUsed >= quota) {
            return false;
        }
        resending.remove();
        MqttException refusal = refuse(message);
        if (refusal != null) {
            finish(message, false);
            message.fail(refusal);
            return true;
        }
        useQuota(message);
        send(to, message);
        return true;
    }

    private boolean sendNext() {
        Outgoing message = waiting.peek();
        if (message == null) {
            return false;
        }
        MqttException refusal = refuse(message);
        if (refusal != null) {
            waiting.remove();
            message.fail(refusal);
            return true;
        }
        if (message.qos() == QoS.AT_MOST_ONCE) {
            waiting.remove();
            store(message, MessageListener.DONE);
            return true;
        }
        if (quotaUsed >= quota || !takePacketId(message)) {
            return false;
        }
        waiting.remove();
        if (message.state == State.FINISHED) {
            return true;
        }
        useQuota(message);
        message.order = nextOrder++;
        store(message, put(message));
        return true;
    }

    private void store(Outgoing message, CompletionStage<?> stage) {
        storing.add(message);
        stored.add(message, stage);
    }

    private @Nullable MqttException refuse(Outgoing message) {
        return limits.refuse(message.qos(), message.publish().retain(), message.bytes());
    }

    /// False if no packet id is free now. An id that the caller chose and that is in use fails the message.
    private boolean takePacketId(Outgoing message) {
        int chosen = message.packetId();
        if (chosen == 0) {
            int id = ids.take();
            message.packetId(id);
            return id != 0;
        }
        if (!ids.take(chosen)) {
            message.state = State.FINISHED;
            message.fail(ServerLimits.limit(ReasonCode.PACKET_IDENTIFIER_IN_USE, "packet id " + chosen + " is in use"));
        }
        return true;
    }

    private CompletionStage<?> put(Outgoing message) {
        try {
            return store.put(message.publish());
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private void onStored(Outgoing message, @Nullable Throwable fault) {
        storing.remove();
        if (message.qos() == QoS.AT_MOST_ONCE) {
            if (message.state != State.FINISHED) {
                write(message);
            }
            return;
        }
        if (message.state == State.FINISHED) {
            finish(message, false);
            pump();
            return;
        }
        if (fault != null) {
            giveQuotaBack(message);
            ids.free(message.packetId());
            message.state = State.FINISHED;
            message.fail(storeFault(fault));
        } else {
            inFlight.put(message.packetId(), message);
            sendStored(message);
        }
        pump();
    }

    private void write(Outgoing message) {
        ClientConnection to = connection;
        if (to == null) {
            message.fail(MqttException.lost("the connection was lost before the message was written", null));
        } else {
            to.send(message.publish(), message);
        }
    }

    private void sendStored(Outgoing message) {
        ClientConnection to = connection;
        if (to == null) {
            return;
        }
        // While the store was busy a new connection may have come: with older messages to be sent again first, or with
        // less quota than was used already.
        if (resending.isEmpty() && quotaUsed <= quota) {
            send(to, message);
        } else {
            giveQuotaBack(message);
            resending.add(message);
        }
    }

    private static void send(ClientConnection to, Outgoing message) {
        message.markSent();
        to.send(message.publish());
    }

    /// PUBACK ends a handshake at QoS 1.
    void onPubAck(PubAck ack) {
        Outgoing message = inFlight.get(ack.packetId());
        if (message == null) {
            return;
        }
        if (message.qos() != QoS.AT_LEAST_ONCE) {
            closeFor("PUBACK for a message at QoS 2");
            return;
        }
        finish(message, !ack.reason().isError());
        settle(message, ack.reason(), ack.properties());
    }

    void onPubRec(PubRec rec) {
        ClientConnection to = connection;
        Outgoing message = inFlight.get(rec.packetId());
        if (message == null) {
            if (to != null && !rec.reason().isError()) {
                // Else the server would hold this id for ever.
                to.send(new PubRel(rec.packetId(), ReasonCode.PACKET_IDENTIFIER_NOT_FOUND, Properties.NONE));
            }
            return;
        }
        if (message.qos() != QoS.EXACTLY_ONCE) {
            closeFor("PUBREC for a message at QoS 1");
        } else if (rec.reason().isError()) {
            // [MQTT-4.3.3-4]: no PUBREL follows, the packet id is free.
            finish(message, false);
            settle(message, rec.reason(), rec.properties());
        } else if (message.state == State.PUBLISHING) {
            message.state = State.RELEASING;
            released.add(message, release(message));
        } else if (message.state == State.RELEASED && to != null) {
            to.send(new PubRel(message.packetId()));
        }
    }

    private CompletionStage<?> release(Outgoing message) {
        try {
            return store.release(message.packetId());
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private void onReleased(Outgoing message, @Nullable Throwable fault) {
        if (message.state != State.RELEASING) {
            return;
        }
        ClientConnection to = connection;
        if (fault != null) {
            // Not written down, so PUBREL must not leave; PUBLISH may be sent again, which the server can tell.
            message.state = State.PUBLISHING;
            if (to != null) {
                to.close(storeFault(fault), ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR);
            }
            return;
        }
        message.state = State.RELEASED;
        if (to != null) {
            to.send(new PubRel(message.packetId()));
        }
    }

    void onPubComp(PubComp comp) {
        Outgoing message = inFlight.get(comp.packetId());
        if (message == null) {
            return;
        }
        if (message.state != State.RELEASED) {
            closeFor("PUBCOMP without PUBREL");
            return;
        }
        // A server that does not know the id any more has been through with it.
        ReasonCode reason =
                comp.reason() == ReasonCode.PACKET_IDENTIFIER_NOT_FOUND ? ReasonCode.SUCCESS : comp.reason();
        finish(message, !reason.isError());
        settle(message, reason, comp.properties());
    }

    /// QoS 0: the socket took the bytes, or did not.
    void onWritten(List<Outgoing> messages, @Nullable Throwable fault) {
        for (Outgoing message : messages) {
            if (fault == null) {
                message.succeed(ReasonCode.SUCCESS);
            } else {
                message.fail(MqttException.lost("the connection was lost before the message was written", fault));
            }
        }
    }

    private static void settle(Outgoing message, ReasonCode reason, Properties properties) {
        if (reason.isError()) {
            message.fail(MqttException.refused(reason, "PUBLISH", properties.string(Property.REASON_STRING)));
        } else {
            message.succeed(reason);
        }
    }

    /// Frees packet id, quota and store.
    private void finish(Outgoing message, boolean delivered) {
        message.state = State.FINISHED;
        inFlight.remove(message.packetId());
        ids.free(message.packetId());
        giveQuotaBack(message);
        try {
            store.remove(message.packetId(), delivered);
        } catch (RuntimeException e) {
            // Found again after a restart, the message is sent again, which the server can tell.
            LOG.warn("the in-flight store did not forget packet id {}", message.packetId(), e);
        }
    }

    private void useQuota(Outgoing message) {
        if (message.qos() != QoS.AT_MOST_ONCE) {
            quotaUsed++;
            message.quotaOf = connectionNumber;
        }
    }

    private void giveQuotaBack(Outgoing message) {
        if (message.quotaOf == connectionNumber) {
            quotaUsed--;
        }
        message.quotaOf = 0;
    }

    private void closeFor(String fault) {
        if (connection != null) {
            connection.close(MqttException.protocol(ReasonCode.PROTOCOL_ERROR, fault), ReasonCode.PROTOCOL_ERROR);
        }
    }

    private static MqttException storeFault(Throwable fault) {
        return new MqttException(
                MqttException.Kind.STORE,
                ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
                "the in-flight store failed: " + fault.getMessage(),
                fault);
    }
}
