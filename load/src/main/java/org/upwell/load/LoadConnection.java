// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.DecodeException;
import org.upwell.codec.Disconnect;
import org.upwell.codec.Packet;
import org.upwell.codec.PacketEncoder;
import org.upwell.codec.PingReq;
import org.upwell.codec.Properties;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;

/// One MQTT connection of a run, from its opening to its end; reads PUBLISH and its acknowledgements where they lie
/// in the read buffer and makes no object of them. Answers QoS 1 and 2 by itself. Owned by the loop.
final class LoadConnection extends ChannelInboundHandlerAdapter {
    /// What a connection tells its run. On the loop.
    interface Events {
        default void subscribed(LoadConnection connection, SubAck ack) {}

        /// @param flags of the fixed header
        default void message(LoadConnection connection, ByteBuf in, int payloadAt, int payloadBytes, int flags) {}

        /// @param type of the packet, 4 PUBACK, 5 PUBREC or 7 PUBCOMP
        default void acknowledged(LoadConnection connection, int type, int packetId, int reason) {}

        /// All was sent, after it could not.
        default void writable(LoadConnection connection) {}

        /// The broker answered a ping.
        default void ponged(LoadConnection connection) {}

        /// The connection ended, and not by our will.
        default void lost(LoadConnection connection, String why) {}
    }

    /// Who waits for a connection to be made. On the loop; one of both is called, once.
    interface Opening {
        void opened(LoadConnection connection, ConnAck ack);

        void failed(LoadConnection connection, String why);
    }

    /// Beyond this many bytes a connection takes no more until they are sent.
    private static final int MOST_UNSENT = 256 << 10;

    private static final int PUBREL = 0x62;
    private static final int ERROR = 0x80;

    private final LoadLoop loop;
    private final int number;
    private final Connect connect;
    private final Events events;

    private @Nullable Opening opening;
    private @Nullable ChannelHandlerContext context;
    private @Nullable Channel channel;
    private @Nullable ByteBuf out;
    private @Nullable ByteBuf partial;
    private long[] heldIds = new long[0];
    private long openedNanos;
    private long readNanos;
    private long writtenNanos;
    private int usualBytes = 256;
    private int packetId;
    private boolean leaving;
    private boolean over;
    private String lostWhy = "the broker closed the connection";

    /// @param number among the connections of its kind in the run
    LoadConnection(LoadLoop loop, int number, Connect connect, Events events) {
        this.loop = loop;
        this.number = number;
        this.connect = connect;
        this.events = events;
    }

    int number() {
        return number;
    }

    /// When opening began.
    long openedNanos() {
        return openedNanos;
    }

    /// When the bytes that are being handled were read.
    long readNanos() {
        return readNanos;
    }

    boolean isOver() {
        return over;
    }

    boolean isOpen() {
        return context != null && !over && !leaving && opening == null;
    }

    /// @param channel registered with the loop, with this in its pipeline, connecting
    void opening(Channel channel, Opening opening) {
        this.channel = channel;
        this.opening = opening;
        this.openedNanos = System.nanoTime();
    }

    // ---- Out -----------------------------------------------------------------------------------------------------

    /// Where packets are appended that leave at the end of the batch.
    ByteBuf out() {
        ByteBuf to = out;
        if (to == null) {
            to = context().alloc().directBuffer(usualBytes);
            out = to;
            loop.needFlush(this);
        }
        return to;
    }

    boolean takesMore() {
        ByteBuf waiting = out;
        return isOpen()
                && context().channel().isWritable()
                && (waiting == null || waiting.readableBytes() < MOST_UNSENT);
    }

    /// Whether the socket takes bytes, as far as is known.
    boolean isWritable() {
        return isOpen() && context().channel().isWritable();
    }

    void flush() {
        ByteBuf ready = out;
        if (ready == null || over) {
            return;
        }
        out = null;
        usualBytes = Math.max(256, Integer.highestOneBit(ready.readableBytes()) << 1);
        writtenNanos = System.nanoTime();
        var _ = context().writeAndFlush(ready, context().voidPromise());
    }

    private void send(Packet packet) {
        PacketEncoder.encode(packet, connect.version(), out());
    }

    void subscribe(List<Subscribe.Request> requests) {
        packetId = packetId == 0xFFFF ? 1 : packetId + 1;
        send(new Subscribe(packetId, requests, Properties.NONE));
    }

    void ping() {
        send(PingReq.INSTANCE);
    }

    void pingIfIdle(long now, long afterNanos) {
        if (isOpen() && now - writtenNanos > afterNanos) {
            ping();
        }
    }

    /// Says goodbye; the broker closes.
    void leave() {
        if (isOpen()) {
            send(new Disconnect(ReasonCode.SUCCESS, Properties.NONE));
            leaving = true;
        } else {
            drop();
        }
    }

    /// Closes without a word.
    void drop() {
        leaving = true;
        Channel open = channel;
        if (open != null) {
            var _ = open.close();
        }
    }

    // ---- Life ----------------------------------------------------------------------------------------------------

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
    }

    @Override
    public void channelActive(ChannelHandlerContext active) {
        if (active.pipeline().get(SslHandler.class) == null) {
            send(connect);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext at, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            if (handshake.isSuccess()) {
                send(connect);
            } else {
                fail("the TLS handshake failed: " + handshake.cause().getMessage());
            }
        }
    }

    /// Ends the connection for a reason that its run is told.
    void fail(String why) {
        lostWhy = why;
        Channel open = channel;
        if (open != null) {
            var _ = open.close();
        }
        end();
    }

    /// Fails unless it is open by now or has ended.
    void timedOut(Duration patience) {
        if (opening != null) {
            fail("no CONNACK within " + patience.toMillis() + " ms");
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext at, Throwable fault) {
        fail(String.valueOf(fault.getMessage()));
    }

    @Override
    public void channelInactive(ChannelHandlerContext inactive) {
        end();
    }

    private void end() {
        if (over) {
            return;
        }
        over = true;
        if (out != null) {
            out.release();
            out = null;
        }
        if (partial != null) {
            partial.release();
            partial = null;
        }
        Opening waiting = opening;
        opening = null;
        if (waiting != null) {
            waiting.failed(this, lostWhy);
        } else if (!leaving) {
            events.lost(this, lostWhy);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext at) {
        if (at.channel().isWritable()) {
            events.writable(this);
        }
    }

    // ---- In ------------------------------------------------------------------------------------------------------

    @Override
    public void channelRead(ChannelHandlerContext at, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            readNanos = System.nanoTime();
            if (!over && (partial == null || completePartial(in))) {
                readAll(in);
            }
        } catch (LoadException | DecodeException | IndexOutOfBoundsException e) {
            fail("the broker sent what is not MQTT: " + e.getMessage());
        } finally {
            in.release();
        }
    }

    private void readAll(ByteBuf in) throws LoadException, DecodeException {
        while (in.isReadable() && !over) {
            int start = in.readerIndex();
            int bytes = packetBytes(in);
            if (bytes < 0 || bytes > in.readableBytes()) {
                keepPartial(in, bytes);
                return;
            }
            handle(in, start, bytes);
            in.readerIndex(start + bytes);
        }
    }

    private void keepPartial(ByteBuf in, int bytes) {
        ByteBuf kept = context().alloc().directBuffer(Math.max(bytes, 16));
        kept.writeBytes(in);
        partial = kept;
    }

    /// Takes from `in` what the packet lacks that came in part, and no more.
    ///
    /// @return whether it was all
    private boolean completePartial(ByteBuf in) throws LoadException, DecodeException {
        ByteBuf packet = partial;
        if (packet == null) {
            return true;
        }
        int bytes = packetBytes(packet);
        while (bytes < 0 && in.isReadable()) {
            packet.writeByte(in.readByte());
            bytes = packetBytes(packet);
        }
        if (bytes < 0) {
            return false;
        }
        packet.writeBytes(in, Math.min(in.readableBytes(), bytes - packet.readableBytes()));
        if (packet.readableBytes() < bytes) {
            return false;
        }
        partial = null;
        try {
            handle(packet, 0, bytes);
        } finally {
            packet.release();
        }
        return !over;
    }

    /// Of the packet that begins at the reader index, its fixed header included; -1 while that is not whole.
    private static int packetBytes(ByteBuf in) throws LoadException {
        int start = in.readerIndex();
        int readable = in.readableBytes();
        int length = 0;
        for (int i = 1; i < readable; i++) {
            int next = in.getByte(start + i);
            length |= (next & 0x7F) << (7 * (i - 1));
            if (next >= 0) {
                return 1 + i + length;
            }
            if (i == 4) {
                throw new LoadException("a remaining length of more than four bytes");
            }
        }
        return -1;
    }

    private void handle(ByteBuf in, int start, int bytes) throws LoadException, DecodeException {
        int first = in.getUnsignedByte(start);
        int body = start + 2;
        while (in.getByte(body - 1) < 0) {
            body++;
        }
        switch (first >> 4) {
            case 3 -> onPublish(in, body, start + bytes, first & 0x0F);
            case SendWindow.PUBACK, SendWindow.PUBREC, SendWindow.PUBCOMP -> {
                int reason = start + bytes - body > 2 ? in.getUnsignedByte(body + 2) : 0;
                events.acknowledged(this, first >> 4, in.getUnsignedShort(body), reason);
            }
            case 6 -> onPubRel(in.getUnsignedShort(body));
            case 13 -> events.ponged(this);
            default -> onSeldom(in, start, bytes);
        }
    }

    private void onPublish(ByteBuf in, int body, int end, int flags) throws LoadException {
        int at = body + 2 + in.getUnsignedShort(body);
        int qos = flags >> 1 & 3;
        int id = 0;
        if (qos > 0) {
            id = in.getUnsignedShort(at);
            at += 2;
        }
        if (connect.version().isMqtt5()) {
            at = behindProperties(in, at);
        }
        if (at > end) {
            throw new LoadException("a PUBLISH shorter than its fields");
        }
        if (qos == 2) {
            out().writeInt(SendWindow.PUBREC << 28 | 2 << 16 | id);
            if (!hold(id)) {
                return;
            }
        } else if (qos == 1) {
            out().writeInt(SendWindow.PUBACK << 28 | 2 << 16 | id);
        }
        events.message(this, in, at, end - at, flags);
    }

    private static int behindProperties(ByteBuf in, int at) {
        int length = 0;
        int shift = 0;
        int next = at;
        while (true) {
            int part = in.getByte(next++);
            length |= (part & 0x7F) << shift;
            if (part >= 0) {
                return next + length;
            }
            shift += 7;
        }
    }

    /// Takes a QoS 2 packet id until its release; a message that comes again under it is none ([MQTT-4.3.3-10],
    /// [MQTT3-4.3.3-2]).
    private boolean hold(int id) {
        if (heldIds.length == 0) {
            heldIds = new long[1024];
        }
        long bit = 1L << id;
        boolean isNew = (heldIds[id >> 6] & bit) == 0;
        heldIds[id >> 6] |= bit;
        return isNew;
    }

    private void onPubRel(int id) {
        if (heldIds.length > 0) {
            heldIds[id >> 6] &= ~(1L << id);
        }
        out().writeInt(SendWindow.PUBCOMP << 28 | 2 << 16 | id);
    }

    void release(int id) {
        out().writeInt(PUBREL << 24 | 2 << 16 | id);
    }

    private void onSeldom(ByteBuf in, int start, int bytes) throws LoadException, DecodeException {
        Packet packet = loop.decoder().decode(in.slice(start, bytes));
        switch (packet) {
            case ConnAck ack -> onConnAck(ack);
            case SubAck ack -> events.subscribed(this, ack);
            case Disconnect disconnect -> fail("the broker disconnected us: " + disconnect.reason());
            case null, default -> throw new LoadException("a packet of type " + (in.getUnsignedByte(start) >> 4));
        }
    }

    private void onConnAck(ConnAck ack) {
        Opening waiting = opening;
        if (waiting == null) {
            fail("the broker sent a second CONNACK");
        } else if (ack.reason().code() >= ERROR) {
            fail("the broker refused the connection: " + ack.reason());
        } else {
            opening = null;
            waiting.opened(this, ack);
        }
    }

    private ChannelHandlerContext context() {
        if (context == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return context;
    }
}
