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
import java.time.Duration;
import java.util.List;
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
import org.upwell.codec.Auth;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.DecodeException;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PacketDecoder;
import org.upwell.codec.PingReq;
import org.upwell.codec.PingResp;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.PubComp;
import org.upwell.codec.PubRec;
import org.upwell.codec.PubRel;
import org.upwell.codec.Publish;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.Subscribe;
import org.upwell.codec.Unsubscribe;
import org.upwell.mqtt.hook.Hooks;
import org.upwell.mqtt.hook.Interceptor;
import org.upwell.mqtt.hook.Verdict;

/// One network connection: bytes in, packets to their handlers, and all that dies with it. Owned by its event loop.
///
/// Reading can be *held*: while any step of handling a packet answers later, no further packet is decoded and no
/// further bytes are read, so the client's order holds and nobody else waits. Holds are counted; each is released
/// once.
final class MqttConnection extends ChannelInboundHandlerAdapter implements SessionConnection {

    private static final Logger LOG = LoggerFactory.getLogger(MqttConnection.class);

    /// [MQTT-3.1.2-22]: the client is given half as long again.
    private static final double KEEP_ALIVE_GRACE = 1.5;

    /// Unwritten bytes beyond the water mark at which nothing more is read.
    private static final long MAX_UNSENT_ANSWER_BYTES = 1 << 20;

    private final ServerContext server;
    private final ListenerConfig listener;
    private final Channel channel;
    private final Owner owner;
    private final PacketDecoder decoder;
    private final HookRunner hookRunner;
    private final OutboundLine line;

    private @Nullable ByteBuf unread;
    private int holds;
    private boolean decoding;
    private boolean readingPaused;
    private boolean waitsForRoom;
    private boolean closing;
    private boolean connectSeen;
    private long lastReadNanos;
    private Loop.@Nullable Cancellation timer;

    private @Nullable Session session;
    private @Nullable InboundPublishes inbound;
    private @Nullable OutboundPublishes outbound;
    private @Nullable SubscribeHandler subscribes;

    private boolean cleanEnd;
    private @Nullable Long changedExpirySeconds;
    private String closeCause = "connection lost";

    MqttConnection(ServerContext server, ListenerConfig listener, Channel channel, Owner owner) {
        this.server = server;
        this.listener = listener;
        this.channel = channel;
        this.owner = owner;
        this.decoder =
                new PacketDecoder(PacketDecoder.Receiver.SERVER, server.limits().maxPacketBytesBeforeConnect());
        this.hookRunner = new HookRunner(server.hooks(), owner);
        this.line = new OutboundLine(channel, owner, hookRunner);
        this.lastReadNanos = System.nanoTime();
        this.timer = owner.schedule(server.limits().connectTimeout(), () -> {
            if (!connectSeen) {
                end("no CONNECT in time");
            }
        });
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
        return line;
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

    // ---- Bytes in ----------------------------------------------------------------------------------------------

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        lastReadNanos = System.nanoTime();
        ByteBuf all = bytes;
        if (unread != null) {
            all = unread.writeBytes(bytes);
            bytes.release();
            unread = null;
        }
        decode(all);
    }

    private void decode(ByteBuf bytes) {
        decoding = true;
        try {
            Packet packet;
            while (holds == 0 && !closing && (packet = decoder.decode(bytes)) != null) {
                handle(packet);
            }
        } catch (DecodeException e) {
            malformed(e);
        } catch (RuntimeException e) {
            faulty(e);
        } finally {
            decoding = false;
        }
        keepUnread(bytes);
        holdForAnswers();
        if (!closing && holds == 0 && owner.mustWait(this::resumeFromAnyThread)) {
            // The sessions that this connection publishes to are too far behind.
            hold();
        }
        if (holds > 0 && !closing) {
            pauseReading();
        }
    }

    /// A client that sends and never reads would fill the memory with answers; deliveries stop long before this
    /// bound.
    private void holdForAnswers() {
        if (!closing && !waitsForRoom && channel.bytesBeforeWritable() > MAX_UNSENT_ANSWER_BYTES) {
            waitsForRoom = true;
            line.hasRoom();
            hold();
        }
    }

    private void faulty(Throwable cause) {
        LOG.error(
                "a connection of {} ends after a fault of ours",
                session == null ? listener.name() : session.key(),
                cause);
        disconnect(ReasonCode.UNSPECIFIED_ERROR, null);
        end("a fault of ours");
    }

    private void resumeFromAnyThread() {
        owner.execute(this::release);
    }

    private void keepUnread(ByteBuf bytes) {
        if (closing || !bytes.isReadable()) {
            bytes.release();
        } else if (holds > 0 || bytes.writableBytes() == 0 || bytes.readerIndex() > 0) {
            // The read buffer is large and shared; keep a copy of the rest only.
            ByteBuf rest = channel.alloc().buffer(Math.max(256, bytes.readableBytes() * 2));
            rest.writeBytes(bytes);
            bytes.release();
            unread = rest;
        } else {
            unread = bytes;
        }
    }

    /// Stops decoding and reading until the matching [#release].
    void hold() {
        holds++;
        if (!decoding) {
            pauseReading();
        }
    }

    /// Only when a hold outlasts the decoding step, since most are released within it and each change of interest
    /// is a system call.
    private void pauseReading() {
        if (!readingPaused) {
            readingPaused = true;
            channel.config().setAutoRead(false);
        }
    }

    void release() {
        if (--holds > 0 || closing) {
            return;
        }
        if (readingPaused) {
            readingPaused = false;
            // The time while we did not read does not count against the client's keep-alive.
            lastReadNanos = System.nanoTime();
            channel.config().setAutoRead(true);
        }
        ByteBuf rest = unread;
        if (!decoding && rest != null) {
            unread = null;
            decode(rest);
        }
    }

    private void malformed(DecodeException e) {
        broker().counters().protocolErrors.increment();
        if (session != null) {
            disconnect(e.reason(), e.getMessage());
        } else {
            // [MQTT-3.1.4-1], [MQTT-3.1.2-2]: before CONNACK a refusal, in a form that the peer can read.
            MqttVersion version = decoder.connAckVersion();
            // 3.x has no word for a malformed CONNECT but for an unknown level ([MQTT3-3.1.4-1], [MQTT3-3.1.2-2]).
            boolean sayWhy =
                    version != null && (version.isMqtt5() || e.reason() == ReasonCode.UNSUPPORTED_PROTOCOL_VERSION);
            if (version != null && sayWhy) {
                line.configure(version, Long.MAX_VALUE);
                refuse(e.reason(), e.getMessage());
            } else {
                end(e.getMessage());
            }
        }
    }

    // ---- Packets -----------------------------------------------------------------------------------------------

    private void handle(Packet packet) {
        List<Interceptor> chain = hookRunner.hooks().inbound(packet.type());
        if (chain == null) {
            dispatch(packet);
            return;
        }
        hold();
        hookRunner.intercept(chain, packet, verdict -> {
            if (!closing) {
                switch (verdict) {
                    case Verdict.Pass pass -> dispatch(pass.packet());
                    case Verdict.Prevent prevent -> {
                        if (packet instanceof Publish publish && inbound != null) {
                            inbound.preventedBeforehand(publish, prevent.reason());
                        }
                    }
                }
            }
            release();
        });
    }

    private void dispatch(Packet packet) {
        InboundPublishes in = inbound;
        OutboundPublishes out = outbound;
        SubscribeHandler sub = subscribes;
        if (in == null || out == null || sub == null) {
            if (packet instanceof Connect connect && !connectSeen) {
                connect(connect);
            } else {
                end("packet before CONNECT was answered");
            }
            return;
        }
        switch (packet) {
            case Publish publish -> in.onPublish(publish);
            case PubAck ack -> out.onPubAck(ack.packetId());
            case PubRec rec -> out.onPubRec(rec);
            case PubRel rel -> in.onPubRel(rel);
            case PubComp comp -> out.onPubComp(comp);
            case Subscribe subscribe -> sub.onSubscribe(subscribe);
            case Unsubscribe unsubscribe -> sub.onUnsubscribe(unsubscribe);
            case PingReq ping -> line.send(PingResp.INSTANCE);
            case Disconnect disconnect -> disconnected(disconnect);
            // [MQTT-4.12.1-1]: re-authentication needs a method agreed in CONNECT, and none is offered.
            case Auth auth -> disconnect(ReasonCode.PROTOCOL_ERROR, "AUTH without an authentication method");
            // [MQTT-3.1.0-2]
            default -> disconnect(ReasonCode.PROTOCOL_ERROR, "unexpected " + packet.type());
        }
    }

    private void connect(Connect connect) {
        connectSeen = true;
        long maxPacketBytes = connect.properties().integer(Property.MAXIMUM_PACKET_SIZE, Long.MAX_VALUE);
        line.configure(connect.version(), maxPacketBytes);
        new ConnectHandler(this, listener, connect).start();
    }

    /// The session is this connection's. Part of [ConnectHandler].
    void opened(Session opened, int sendQuota) {
        session = opened;
        inbound = new InboundPublishes(this, line, opened);
        outbound = new OutboundPublishes(this, line, opened, sendQuota);
        subscribes = new SubscribeHandler(this, line, opened);
        line.onRoom(this::pump);
        decoder.maxPacketBytes(limits().maxPacketBytes());
    }

    private void pump() {
        if (waitsForRoom) {
            waitsForRoom = false;
            release();
        }
        if (outbound != null && !closing) {
            outbound.pump();
        }
    }

    void startDelivery() {
        if (outbound != null && !closing) {
            outbound.start();
        }
    }

    void keepAlive(int seconds) {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
        if (seconds > 0) {
            watch((long) (seconds * KEEP_ALIVE_GRACE * 1000));
        }
    }

    private void watch(long graceMillis) {
        long silentMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - lastReadNanos);
        // Held because the client does not read: then its silence is its own.
        long leftMillis = holds > 0 && !waitsForRoom ? graceMillis : graceMillis - silentMillis;
        if (leftMillis <= 0) {
            disconnect(ReasonCode.KEEP_ALIVE_TIMEOUT, "nothing was heard for " + silentMillis + " ms");
            return;
        }
        timer = owner.schedule(Duration.ofMillis(leftMillis), () -> {
            if (!closing) {
                watch(graceMillis);
            }
        });
    }

    private void disconnected(Disconnect packet) {
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
    public boolean tryDeliver(Delivery delivery) {
        return outbound != null && outbound.tryDeliver(delivery);
    }

    @Override
    public void deliverQos0(Delivery delivery) {
        if (outbound != null) {
            outbound.deliverQos0(delivery);
        }
    }

    @Override
    public void deliveriesReadable() {
        if (outbound != null && !closing) {
            outbound.pump();
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

    // ---- The end -------------------------------------------------------------------------------------------------

    /// Ends the connection from our side: MQTT 5 clients are told why ([MQTT-4.13.1-1]), others are just closed.
    void disconnect(ReasonCode reason, @Nullable String cause) {
        if (closing) {
            return;
        }
        Packet last = session != null && version().isMqtt5() ? new Disconnect(reason, reasonString(cause)) : null;
        close(last, reason.name() + (cause == null ? "" : ": " + cause));
    }

    private static Properties reasonString(@Nullable String cause) {
        return cause == null
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
        disconnect(ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR, "the store failed");
    }

    private void end(@Nullable String cause) {
        if (!closing) {
            close(null, cause == null ? "closed" : cause);
        }
    }

    private void close(@Nullable Packet last, String cause) {
        closing = true;
        closeCause = cause;
        leaveSession();
        line.sendLastAndClose(last);
    }

    private void leaveSession() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
        Session left = session;
        if (outbound != null) {
            outbound.close();
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

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        closing = true;
        leaveSession();
        line.discard();
        if (unread != null) {
            unread.release();
            unread = null;
        }
        server.connections().remove(this);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        line.announceRoom();
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
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof IOException || cause instanceof DecoderException) {
            LOG.debug("connection of {} lost", session == null ? listener.name() : session.key(), cause);
            end("connection lost");
        } else {
            faulty(cause);
        }
    }
}
