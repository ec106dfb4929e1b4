// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.Broker;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.broker.owner.Loop;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.session.Delivery;
import org.upwell.broker.session.Session;
import org.upwell.broker.session.SessionConnection;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.StoreException;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.DecodeException;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PacketDecoder;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.ReasonCode;
import org.upwell.mqtt.hook.Hooks;

/// The life of one network connection: from accept over CONNECT to its end, with packets led to their handlers, the
/// keep-alive watched, and all that dies with it let go. How bytes become packets in order is [InboundLine]'s, how
/// packets become bytes [OutboundLine]'s. Owned by its event loop.
final class MqttConnection extends ChannelInboundHandlerAdapter implements SessionConnection, InboundLine.Receiver {

    private static final Logger LOG = LoggerFactory.getLogger(MqttConnection.class);

    private final ServerContext server;
    private final ListenerConfig listener;
    private final Traffic traffic;
    private final Channel channel;
    private final Owner owner;
    private final PacketDecoder decoder;
    private final HookRunner hookRunner;
    private final OutboundLine outboundLine;
    private final InboundLine inboundLine;
    private final KeepAlive keepAlive;

    /// Until the client is admitted.
    private @Nullable ConnectHandler connecting;
    private @Nullable KeptBytes unadmitted;
    private final KeptBytes unfinished;
    private boolean closing;
    /// Ends the connection if CONNECT or its decision does not come, or a late answer after the peer is gone.
    private Loop.@Nullable Cancellation deadline;

    private @Nullable Session session;
    private @Nullable PacketHandlers handlers;

    private boolean wantsReasons = true;
    private boolean cleanEnd;
    private @Nullable Long changedExpirySeconds;
    private String closeCause = "connection lost";

    MqttConnection(ServerContext server, ListenerConfig listener, Traffic traffic, Channel channel, Owner owner) {
        this.server = server;
        this.listener = listener;
        this.traffic = traffic;
        this.channel = channel;
        this.owner = owner;
        this.decoder =
                new PacketDecoder(PacketDecoder.Receiver.SERVER, server.limits().maxPacketBytesBeforeConnect());
        this.hookRunner = new HookRunner(server.hooks(), this::execute);
        this.outboundLine = new OutboundLine(channel, owner, hookRunner, traffic);
        this.inboundLine = new InboundLine(
                channel, owner, decoder, outboundLine, server.limits().maxUnsentAnswerBytes(), this);
        this.keepAlive = new KeepAlive(
                owner,
                inboundLine,
                silentMillis ->
                        disconnect(ReasonCode.KEEP_ALIVE_TIMEOUT, "nothing was heard for " + silentMillis + " ms"));
        this.unadmitted = new KeptBytes(server.unadmittedRoom());
        this.unfinished = new KeptBytes(server.unfinishedRoom());
        this.deadline = owner.schedule(server.limits().connectTimeout(), () -> end("no CONNECT in time"));
    }

    // ---- What the handlers of packets use ----------------------------------------------------------------------

    Broker broker() {
        return server.broker();
    }

    MqttLimits limits() {
        return server.limits();
    }

    Owner owner() {
        return owner;
    }

    Hooks hooks() {
        return hookRunner.hooks();
    }

    HookRunner hookRunner() {
        return hookRunner;
    }

    OutboundLine line() {
        return outboundLine;
    }

    SharedRoom qos0Room() {
        return server.qos0Room();
    }

    /// Any thread.
    String listenerName() {
        return listener.name();
    }

    SocketAddress remoteAddress() {
        return channel.remoteAddress();
    }

    MqttVersion version() {
        MqttVersion version = decoder.version();
        return version == null ? MqttVersion.MQTT_3_1_1 : version;
    }

    boolean isOpen() {
        return !closing;
    }

    /// Text from a peer as it may go into events.
    static String cut(String text) {
        return text.length() <= 200 ? text : text.substring(0, 200) + "…";
    }

    /// No further packet of the client is handled until the matching [#release].
    void hold() {
        inboundLine.hold();
    }

    void release() {
        inboundLine.release();
    }

    /// Runs a step on the event loop after what it is doing now. Any thread.
    void execute(Runnable step) {
        owner.execute(() -> guard(step));
    }

    /// Runs a step that goes on after a late answer: a fault in it ends this connection, as one in handling a
    /// packet does, instead of leaving it held for ever.
    void guard(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException | LinkageError e) {
            onFault(e);
        }
    }

    /// Waits for the store on behalf of this connection: `step` runs once the fact is safe, unless the connection
    /// ended meanwhile; a failing store ends it.
    Commit whenCommitted(Runnable step) {
        return new Commit() {
            @Override
            public Owner owner() {
                return owner;
            }

            @Override
            public void committed() {
                if (!closing) {
                    guard(step);
                }
            }

            @Override
            public void failed(StoreException cause) {
                storeFailed();
            }
        };
    }

    // ---- Packets -----------------------------------------------------------------------------------------------

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        traffic.received(bytes.readableBytes());
        inboundLine.read(bytes);
    }

    @Override
    public void onFault(Throwable cause) {
        LOG.error(
                "a connection of {} ends after a fault of ours",
                session == null ? listener.name() : session.key(),
                cause);
        if (closing) {
            return;
        }
        broker().counters().faults.increment();
        if (session == null && connecting != null) {
            refuse(ReasonCode.SERVER_UNAVAILABLE, null);
        } else {
            disconnect(ReasonCode.UNSPECIFIED_ERROR, null);
        }
    }

    @Override
    public void onMalformed(DecodeException e) {
        broker().counters().protocolErrors.increment();
        outboundLine.lingerAtClose();
        if (session != null) {
            disconnect(e.reason(), e.getMessage());
        } else {
            // [MQTT-3.1.4-1], [MQTT-3.1.2-2]: before CONNACK a refusal, in a form that the peer can read.
            MqttVersion version = decoder.connAckVersion();
            // 3.x has no word for a malformed CONNECT but for an unknown level ([MQTT3-3.1.4-1], [MQTT3-3.1.2-2]).
            boolean sayWhy =
                    version != null && (version.isMqtt5() || e.reason() == ReasonCode.UNSUPPORTED_PROTOCOL_VERSION);
            if (version != null && sayWhy) {
                outboundLine.configure(version, Long.MAX_VALUE, 0);
                refuse(e.reason(), e.getMessage());
            } else {
                end(e.getMessage());
            }
        }
    }

    @Override
    public void onPacket(Packet packet) {
        PacketHandlers admitted = handlers;
        if (admitted != null) {
            admitted.onPacket(packet);
        } else if (connecting != null) {
            connecting.onPacket(packet);
        } else if (packet instanceof Connect connect) {
            connect(connect);
        } else {
            end("packet before CONNECT");
        }
    }

    @Override
    public void onKept(int capacity) {
        if (unadmitted != null && !unadmitted.tryHold(capacity)) {
            broker().counters().connectionsCrowdedOut.increment();
            if (connecting == null) {
                end("unfinished CONNECT packets take too much memory");
            } else {
                refuse(ReasonCode.SERVER_BUSY, "too many clients are connecting");
            }
        } else if (unadmitted == null && !inboundLine.isHeld() && !unfinished.tryFit(capacity)) {
            // What waits because we do is not the client's doing, and bounded by one read.
            broker().counters().connectionsCrowdedOut.increment();
            // It is in the middle of sending, and would hear nothing but a reset.
            outboundLine.lingerAtClose();
            disconnect(ReasonCode.QUOTA_EXCEEDED, "unfinished packets take too much memory");
        }
    }

    @Override
    public void onNothingKept() {
        unfinished.giveBack();
    }

    private void admitted() {
        connecting = null;
        if (unadmitted != null) {
            unadmitted.giveBack();
            unadmitted = null;
        }
    }

    private void connect(Connect connect) {
        cancelDeadline();
        deadline = owner.schedule(
                limits().lateAnswerTimeout(),
                () -> refuse(ReasonCode.SERVER_UNAVAILABLE, "authentication took too long"));
        long maxPacketBytes = connect.properties().integer(Property.MAXIMUM_PACKET_SIZE, Long.MAX_VALUE);
        // [MQTT-3.1.2-26], [MQTT-3.1.2-27]
        long topicAliases = Math.min(
                connect.properties().integer(Property.TOPIC_ALIAS_MAXIMUM, 0), limits().maxOutboundTopicAliases());
        outboundLine.configure(connect.version(), maxPacketBytes, (int) topicAliases);
        // [MQTT-3.1.2-29]
        wantsReasons = connect.properties().integer(Property.REQUEST_PROBLEM_INFORMATION, 1) == 1;
        outboundLine.leaveWordsOut(!wantsReasons);
        if (unadmitted != null && !unadmitted.tryHold(decoder.packetBytes())) {
            broker().counters().connectionsCrowdedOut.increment();
            refuse(ReasonCode.SERVER_BUSY, "too many clients are connecting");
            return;
        }
        ConnectHandler handler = new ConnectHandler(this, listener, connect);
        connecting = handler;
        handler.start();
    }

    private void cancelDeadline() {
        if (deadline != null) {
            deadline.cancel();
            deadline = null;
        }
    }

    /// The session is this connection's. Part of [ConnectHandler].
    void opened(Session opened, int sendQuota, Reauthentication reauthentication) {
        cancelDeadline();
        admitted();
        session = opened;
        handlers = new PacketHandlers(this, outboundLine, opened, sendQuota, reauthentication);
        outboundLine.onRoom(() -> guard(this::pump));
        decoder.maxPacketBytes(limits().maxPacketBytes());
    }

    private void pump() {
        inboundLine.roomCame();
        if (handlers != null && !closing) {
            handlers.outbound().pump();
        }
    }

    /// After CONNACK.
    void start(int keepAliveSeconds) {
        if (handlers != null && !closing) {
            keepAlive.start(keepAliveSeconds, limits().maxKeepAliveSeconds());
            handlers.outbound().start();
        }
    }

    void onDisconnect(Disconnect packet) {
        long expiry = packet.properties().integer(Property.SESSION_EXPIRY_INTERVAL, -1);
        if (expiry > 0 && session != null && !session.isPersistent()) {
            // [MQTT-3.14.2-2] and §3.14.2.2.2: a session that was to end cannot be kept after all.
            disconnect(ReasonCode.PROTOCOL_ERROR, "session expiry was 0 in CONNECT");
            return;
        }
        if (expiry >= 0) {
            changedExpirySeconds = Math.min(expiry, limits().maxSessionExpirySeconds());
        }
        // [MQTT-3.14.4-3]: the will is discarded only by a normal DISCONNECT.
        cleanEnd = packet.reason() == ReasonCode.SUCCESS;
        end(cleanEnd ? "DISCONNECT" : "DISCONNECT with " + packet.reason());
    }

    // ---- The session's view --------------------------------------------------------------------------------------

    @Override
    public int sendQuota() {
        return handlers == null ? 0 : handlers.outbound().sendQuota();
    }

    @Override
    public boolean tryDeliver(Delivery delivery) {
        return handlers != null && handlers.outbound().tryDeliver(delivery);
    }

    @Override
    public void deliverQos0(Delivery delivery) {
        if (handlers != null) {
            handlers.outbound().deliverQos0(delivery);
        }
    }

    @Override
    public void deliveriesReadable() {
        if (handlers != null && !closing) {
            guard(handlers.outbound()::pump);
        }
    }

    @Override
    public void takenOver() {
        disconnect(ReasonCode.SESSION_TAKEN_OVER, "the session was taken over by a new connection");
    }

    @Override
    public void sessionEnded(String cause) {
        disconnect(ReasonCode.ADMINISTRATIVE_ACTION, cause);
    }

    @Override
    public void notAuthorized(String cause) {
        if (session == null) {
            // CONNECT is not answered yet.
            refuse(ReasonCode.NOT_AUTHORIZED, cause);
        } else {
            disconnect(ReasonCode.NOT_AUTHORIZED, cause);
        }
    }

    // ---- The end -------------------------------------------------------------------------------------------------

    /// Ends the connection from our side: MQTT 5 clients are told why ([MQTT-4.13.1-1]), others are just closed.
    void disconnect(ReasonCode reason, @Nullable String cause) {
        if (closing) {
            return;
        }
        Packet last = session != null && version().isMqtt5() ? new Disconnect(reason, reasonString(cause)) : null;
        close(last, reason.name() + (cause == null ? "" : ": " + cause));
    }

    private Properties reasonString(@Nullable String cause) {
        return cause == null || !wantsReasons
                ? Properties.NONE
                : Properties.builder()
                        .string(Property.REASON_STRING, cut(cause))
                        .build();
    }

    /// Refuses the CONNECT; `cause` is for MQTT 5's reason string.
    void refuse(ReasonCode reason, @Nullable String cause) {
        if (closing) {
            return;
        }
        broker().counters().connectionsRefused.increment();
        // [MQTT-3.2.2-6]: with an error, session present is 0.
        close(new ConnAck(false, reason, reasonString(cause)), "refused: " + reason);
    }

    /// Waits until the channel is closed, `nanos` at most. Not on an event loop.
    void awaitClosed(long nanos) {
        channel.closeFuture().awaitUninterruptibly(nanos, TimeUnit.NANOSECONDS);
    }

    /// The store cannot keep what was given: what waits for it must not be acknowledged.
    void storeFailed() {
        if (session == null && connecting != null && !closing) {
            // CONNECT is not answered yet.
            refuse(ReasonCode.SERVER_UNAVAILABLE, "the store failed");
            return;
        }
        disconnect(ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR, "the store failed");
    }

    void end(@Nullable String cause) {
        if (!closing) {
            close(null, cause == null ? "closed" : cause);
        }
    }

    private void close(@Nullable Packet last, String cause) {
        closing = true;
        closeCause = cause;
        leaveSession();
        inboundLine.stop();
        if (channel.isOpen()) {
            outboundLine.sendLastAndClose(last);
        } else {
            // The peer was gone before.
            letGo();
        }
    }

    private void leaveSession() {
        cancelDeadline();
        keepAlive.stop();
        if (connecting != null) {
            connecting.close();
        }
        Session left = session;
        if (handlers != null) {
            handlers.close();
        }
        if (left != null) {
            session = null;
            broker().counters().connectionsClosed.increment();
            broker().events().on(new BrokerEvent.ConnectionClosed(left.key(), closeCause, cleanEnd));
            if (left.owner() == owner) {
                left.detach(this, !cleanEnd, changedExpirySeconds);
            }
        }
    }

    private void letGo() {
        admitted();
        unfinished.giveBack();
        outboundLine.discard();
        server.connections().remove(this);
    }

    /// The channel is closed. What the client sent before is handled first if that is under way: a PUBLISH that it
    /// sent is not undone by its leaving, nor is a DISCONNECT that discards its will.
    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (closing) {
            letGo();
        } else if (inboundLine.isHeld() && (session != null || inboundLine.hasUnread())) {
            cancelDeadline();
            keepAlive.stop();
            deadline =
                    owner.schedule(limits().lateAnswerTimeout(), () -> end("connection lost, and an answer with it"));
            inboundLine.peerClosed();
        } else {
            end(closeCause);
        }
    }

    @Override
    public void onEnd() {
        end(closeCause);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        outboundLine.announceRoom();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake && !handshake.isSuccess()) {
            broker().counters().connectionsRefused.increment();
            end("TLS handshake failed");
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // The close shows in channelInactive.
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof IOException || cause instanceof DecoderException) {
            LOG.debug("connection of {} lost", session == null ? listener.name() : session.key(), cause);
            // Not our end: what the client sent before may still be waiting to be handled.
            channel.close();
        } else {
            onFault(cause);
        }
    }
}
