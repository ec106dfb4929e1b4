// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.Auth;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.DecodeException;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PacketDecoder;
import org.upwell.codec.PacketEncoder;
import org.upwell.codec.PingReq;
import org.upwell.codec.PingResp;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.Publish;
import org.upwell.codec.PublishEncoder;
import org.upwell.codec.ReasonCode;

/// One network connection from CONNECT to its end: bytes to packets and back, keep alive, and the cause of the end.
/// Owned by its channel's event loop. Knows nothing of sessions; packets go to [Events].
///
/// What is sent gathers in one buffer, which goes to the socket at the end of the present run of the event loop.
final class ClientConnection extends ByteToMessageDecoder implements KeepAlive.Actions {

    private static final int BATCH_BYTES = 64 << 10;
    private static final int FIRST_BATCH_BYTES = 1 << 10;
    private static final long FAREWELL_SECONDS = 2;

    /// What the connection reports, on its event loop.
    interface Events {

        /// The server's answer to CONNECT, whatever it says.
        void onConnAck(ClientConnection connection, ConnAck connAck);

        /// A packet after CONNACK.
        void onPacket(Packet packet);

        /// There may be room to send more: a batch of packets was read, or the socket took what it had.
        void onReady();

        /// Messages given to [#send(Publish, Outgoing)] were written, or were not.
        void onWritten(List<Outgoing> messages, @Nullable Throwable fault);

        /// The end, once, for a connection whose socket was open.
        void onClosed(ClientConnection connection, MqttException cause);
    }

    private final Connect connect;
    private final Events events;
    private final MqttVersion version;
    private final PacketDecoder decoder;
    private final Duration pingTimeout;
    private @Nullable ChannelHandlerContext context;
    private @Nullable KeepAlive keepAlive;
    private @Nullable ByteBuf batch;
    private List<Outgoing> batchMessages = new ArrayList<>();
    private boolean flushDue;
    private boolean accepted;
    private @Nullable MqttException cause;
    private boolean ended;

    ClientConnection(Connect connect, int maxPacketBytes, Duration pingTimeout, Events events) {
        this.connect = connect;
        this.events = events;
        this.version = connect.version();
        this.pingTimeout = pingTimeout;
        this.decoder = new PacketDecoder(PacketDecoder.Receiver.CLIENT, maxPacketBytes);
        decoder.version(version);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        this.context = context;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        send(connect);
        context.fireChannelActive();
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        try {
            Packet packet = cause == null ? decoder.decode(in) : null;
            while (packet != null) {
                receive(packet);
                packet = cause == null ? decoder.decode(in) : null;
            }
        } catch (DecodeException e) {
            close(MqttException.protocol(e.reason(), "the server sent a bad packet: " + e.getMessage()), e.reason());
        }
        if (cause != null) {
            in.skipBytes(in.readableBytes());
        }
    }

    private void receive(Packet packet) {
        if (packet instanceof ConnAck connAck) {
            if (accepted) {
                // [MQTT-3.2.0-2]
                protocolError("a second CONNACK");
                return;
            }
            if (connAck.sessionPresent() && connect.cleanStart()) {
                // [MQTT-3.2.2-2], [MQTT3-3.2.2-1]. A session that we did not ask to discard is taken up even where we
                // remember none ([MQTT-3.2.2-4] would have us leave): it may be that of an earlier process.
                protocolError("a session, though we asked for a new one");
                return;
            }
            accepted = connAck.reason() == ReasonCode.SUCCESS;
            events.onConnAck(this, connAck);
        } else if (!accepted) {
            // [MQTT-3.2.0-1], [MQTT3-3.2.0-1]
            protocolError(packet.type() + " before CONNACK");
        } else if (packet instanceof Disconnect disconnect) {
            String words = disconnect.properties().string(Property.REASON_STRING);
            close(MqttException.refused(disconnect.reason(), "connection", words), null);
        } else if (packet instanceof Auth) {
            // [MQTT-4.12.0-6]: we never name an authentication method.
            protocolError("AUTH without an authentication method");
        } else if (!(packet instanceof PingResp)) {
            events.onPacket(packet);
        }
    }

    private void protocolError(String fault) {
        close(MqttException.protocol(ReasonCode.PROTOCOL_ERROR, fault), ReasonCode.PROTOCOL_ERROR);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) throws Exception {
        if (keepAlive != null) {
            keepAlive.onRead();
        }
        events.onReady();
        flush();
        super.channelReadComplete(context);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (isWritable()) {
            events.onReady();
        }
        context.fireChannelWritabilityChanged();
    }

    /// The server accepted us: watch over the silence from here on.
    void startKeepAlive(Duration interval) {
        keepAlive = new KeepAlive(context().executor(), interval, pingTimeout, this);
        keepAlive.start();
    }

    @Override
    public void ping() {
        send(PingReq.INSTANCE);
        flush();
    }

    @Override
    public void onPeerSilent() {
        close(MqttException.timeout(ReasonCode.KEEP_ALIVE_TIMEOUT, "the server gave no sign of life"), null);
    }

    boolean isWritable() {
        return cause == null && context().channel().isWritable();
    }

    /// Appends a packet; after the end, drops it.
    void send(Packet packet) {
        if (cause == null) {
            PacketEncoder.encode(packet, version, batch());
            limitBatch();
        }
    }

    /// The same for PUBLISH, the usual one.
    void send(Publish publish) {
        if (cause == null) {
            PublishEncoder.encode(batch(), version, publish);
            limitBatch();
        }
    }

    /// Appends a PUBLISH whose fate, written or not, is reported for `message`.
    void send(Publish publish, Outgoing message) {
        if (cause != null) {
            events.onWritten(List.of(message), cause);
            return;
        }
        PublishEncoder.encode(batch(), version, publish);
        batchMessages.add(message);
        limitBatch();
    }

    private ByteBuf batch() {
        ByteBuf current = batch;
        if (current == null) {
            current = context().alloc().buffer(FIRST_BATCH_BYTES);
            batch = current;
        }
        if (!flushDue) {
            flushDue = true;
            context().executor().execute(this::flush);
        }
        return current;
    }

    private void limitBatch() {
        if (batch != null && batch.readableBytes() >= BATCH_BYTES) {
            writeBatch();
        }
    }

    /// Gives the socket all that was sent so far.
    void flush() {
        flushDue = false;
        writeBatch();
        context().flush();
    }

    private void writeBatch() {
        ByteBuf bytes = batch;
        if (bytes == null) {
            return;
        }
        batch = null;
        if (keepAlive != null) {
            keepAlive.onWrite();
        }
        ChannelFuture written = context().write(bytes);
        if (!batchMessages.isEmpty()) {
            List<Outgoing> messages = batchMessages;
            batchMessages = new ArrayList<>();
            written.addListener(done -> events.onWritten(messages, done.cause()));
        }
    }

    /// Ends the connection for `cause`. With a `farewell` the server is told by DISCONNECT, where the version has
    /// words for it; closing waits for that to be written, but not for long.
    void close(MqttException cause, @Nullable ReasonCode farewell) {
        close(cause, farewell, Properties.NONE);
    }

    void close(MqttException cause, @Nullable ReasonCode farewell, Properties properties) {
        if (this.cause != null) {
            return;
        }
        boolean tell = farewell != null && accepted && (version.isMqtt5() || farewell == ReasonCode.SUCCESS);
        if (tell && farewell != null) {
            send(new Disconnect(farewell, properties));
        }
        this.cause = cause;
        if (keepAlive != null) {
            keepAlive.stop();
        }
        ChannelHandlerContext at = context();
        flush();
        if (tell) {
            var _ = at.executor().schedule(this::closeNow, FAREWELL_SECONDS, TimeUnit.SECONDS);
            at.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        } else {
            closeNow();
        }
    }

    private void closeNow() {
        // What follows comes by channelInactive.
        var _ = context().close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
        // Decodes what is left first: it may be a DISCONNECT that tells why.
        super.channelInactive(context);
        end(MqttException.lost("the server closed the connection", null));
    }

    private void end(MqttException unlessKnown) {
        if (ended) {
            return;
        }
        ended = true;
        if (cause == null) {
            cause = unlessKnown;
        }
        if (keepAlive != null) {
            keepAlive.stop();
        }
        if (batch != null) {
            batch.release();
            batch = null;
        }
        if (!batchMessages.isEmpty()) {
            events.onWritten(batchMessages, cause);
        }
        events.onClosed(this, cause);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
        if (event instanceof SslHandshakeCompletionEvent handshake && !handshake.isSuccess()) {
            Throwable fault = handshake.cause();
            close(MqttException.lost("the TLS handshake failed: " + fault.getMessage(), fault), null);
        }
        super.userEventTriggered(context, event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable fault) {
        close(MqttException.lost("the connection failed: " + fault.getMessage(), fault), null);
    }

    private ChannelHandlerContext context() {
        if (context == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return context;
    }
}
