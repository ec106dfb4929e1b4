// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.owner.Owner;
import org.upwell.codec.DecodeException;
import org.upwell.codec.Packet;
import org.upwell.codec.PacketDecoder;

/// The way of packets from the client: bytes are collected, and decoded packet by packet while nothing *holds* the
/// line. Owned by the connection's event loop; knows nothing of what the packets mean.
///
/// ```text
/// Holds  While any step of handling a packet answers later, no further packet is decoded and no further bytes are
///        read, so the client's order holds and nobody else waits. Holds are counted; each is released once.
/// 1.     Reading stops only when a hold outlasts the decoding step, since most are released within it and each
///        change of interest is a system call.
/// 2.     A peer that closes takes back nothing of what it sent: the rest is decoded as the holds go, and only then
///        the line ends.
/// 3.     Back-pressure holds too: for sessions on other loops that are too far behind, and for a client that sends
///        and never reads, whose answers would fill the memory.
/// 4.     After [#stop] nothing is decoded any more, whoever still releases.
/// ```
final class InboundLine {

    /// Where the line leads.
    interface Receiver {

        void onPacket(Packet packet);

        /// The stream is out of step; nothing more is decoded once the receiver has stopped the line.
        void onMalformed(DecodeException cause);

        /// Bytes of a packet that is not complete, or that waits, are kept in a buffer of that capacity.
        void onKept(int capacity);

        /// What was told by [#onKept] is not kept any more.
        void onNothingKept();

        /// Handling a packet broke.
        void onFault(Throwable cause);

        /// The peer closed its side and all that it had sent is handled.
        void onEnd();
    }

    /// Size of the buffer that keeps an incomplete packet, at least.
    private static final int MIN_REST_BYTES = 256;

    /// A buffer that is so many times as large as what it holds is not kept.
    private static final int MOST_SLACK = 4;

    /// A client that sends slower than that within one packet is as good as silent.
    private static final int SLOWEST_BYTES_PER_SECOND = 256;

    private final Channel channel;
    private final Owner owner;
    private final PacketDecoder decoder;
    private final OutboundLine answers;
    private final long maxUnsentAnswerBytes;
    private final Receiver receiver;
    private final Runnable resume;

    private @Nullable ByteBuf unread;
    private int holds;
    private boolean decoding;
    private boolean readingPaused;
    private boolean waitsForRoom;
    private boolean toldOfKept;
    private boolean peerClosed;
    private boolean stopped;
    /// When a packet ended or began, reading went on, or the client's reading was waited for.
    private long lastHeardNanos = System.nanoTime();

    /// @param maxUnsentAnswerBytes unwritten bytes beyond the water mark at which nothing more is read
    InboundLine(
            Channel channel,
            Owner owner,
            PacketDecoder decoder,
            OutboundLine answers,
            long maxUnsentAnswerBytes,
            Receiver receiver) {
        this.channel = channel;
        this.owner = owner;
        this.decoder = decoder;
        this.answers = answers;
        this.maxUnsentAnswerBytes = maxUnsentAnswerBytes;
        this.receiver = receiver;
        this.resume = () -> owner.execute(this::release);
    }

    /// Takes bytes from the socket, and the buffer with them.
    void read(ByteBuf bytes) {
        ByteBuf begun = unread;
        if (begun == null) {
            lastHeardNanos = System.nanoTime();
            decode(bytes);
            return;
        }
        int missing = bytesUnderWay() - begun.readableBytes();
        boolean completes = 0 < missing && missing <= bytes.readableBytes();
        boolean goesOn = false;
        try {
            begun.writeBytes(bytes, completes ? missing : bytes.readableBytes());
            // Not before: what there is no memory for to grow is let go of at the end.
            unread = null;
            if (completes) {
                // What is behind the packet that had begun is decoded where it is: most reads of a client that sends
                // much end within a packet, and none of it but that one packet need be copied.
                try {
                    decodeAll(begun);
                    goesOn = true;
                } finally {
                    begun.release();
                }
            }
        } finally {
            if (!goesOn) {
                bytes.release();
            }
        }
        decode(goesOn ? bytes : begun);
    }

    private void decode(ByteBuf bytes) {
        try {
            decodeAll(bytes);
        } finally {
            keepUnread(bytes);
        }
        holdForAnswers();
        holdForOthers();
        if (holds > 0) {
            pauseReading();
        }
        endIfHandled();
    }

    /// All packets that are complete, while nothing holds.
    private void decodeAll(ByteBuf bytes) {
        decoding = true;
        try {
            Packet packet;
            int packets = 0;
            while (holds == 0 && !stopped && (packet = decoder.decode(bytes)) != null) {
                packets++;
                receiver.onPacket(packet);
            }
            if (packets > 0) {
                lastHeardNanos = System.nanoTime();
            }
        } catch (DecodeException e) {
            receiver.onMalformed(e);
        } catch (RuntimeException e) {
            receiver.onFault(e);
        } finally {
            decoding = false;
        }
    }

    private void keepUnread(ByteBuf bytes) {
        if (stopped || !bytes.isReadable()) {
            bytes.release();
            if (toldOfKept) {
                toldOfKept = false;
                receiver.onNothingKept();
            }
        } else if (isTooRoomy(bytes) || (holds == 0 && (bytes.writableBytes() == 0 || bytes.readerIndex() > 0))) {
            // The read buffer is large; keep a copy of the rest only. While each packet of a read is held in turn,
            // that is only now and then.
            ByteBuf rest = channel.alloc().buffer(Math.max(MIN_REST_BYTES, bytes.readableBytes() * 2));
            rest.writeBytes(bytes);
            bytes.release();
            keep(rest);
        } else {
            keep(bytes);
        }
    }

    private static boolean isTooRoomy(ByteBuf bytes) {
        return bytes.capacity() > Math.max(MIN_REST_BYTES, MOST_SLACK * bytes.readableBytes());
    }

    private void keep(ByteBuf rest) {
        unread = rest;
        toldOfKept = true;
        receiver.onKept(rest.capacity());
    }

    /// Deliveries stop long before this bound.
    private void holdForAnswers() {
        if (isOpen() && !waitsForRoom && channel.bytesBeforeWritable() > maxUnsentAnswerBytes) {
            waitsForRoom = true;
            // Its own silence begins here, however long it has been in the middle of a packet.
            lastHeardNanos = System.nanoTime();
            answers.hasRoom();
            hold();
        }
    }

    /// The line to the client has room again.
    void roomCame() {
        if (waitsForRoom) {
            waitsForRoom = false;
            release();
        }
    }

    private void holdForOthers() {
        if (!stopped && holds == 0 && owner.mustWait(resume)) {
            // The sessions that this connection publishes to are too far behind.
            hold();
        }
    }

    private boolean isOpen() {
        return !stopped && !peerClosed;
    }

    /// Stops decoding and reading until the matching [#release].
    void hold() {
        holds++;
        if (!decoding) {
            pauseReading();
        }
    }

    private void pauseReading() {
        if (!readingPaused && isOpen()) {
            readingPaused = true;
            channel.config().setAutoRead(false);
        }
    }

    void release() {
        if (--holds > 0 || stopped) {
            return;
        }
        if (readingPaused && !peerClosed) {
            readingPaused = false;
            // The time while we did not read does not count against the client's keep-alive.
            lastHeardNanos = System.nanoTime();
            channel.config().setAutoRead(true);
        }
        ByteBuf rest = unread;
        if (decoding) {
            return;
        }
        if (rest == null) {
            endIfHandled();
        } else {
            unread = null;
            decode(rest);
        }
    }

    /// True while a step answers later.
    boolean isHeld() {
        return holds > 0;
    }

    /// True if there are bytes that were not decoded yet.
    boolean hasUnread() {
        return unread != null;
    }

    /// How long the client has been silent; 0 while it cannot be heard. Held because it does not read, its silence
    /// is its own. Silence is the time without a packet ([MQTT-3.1.2-22]), whatever bytes come; one that is under
    /// way has the time that the slowest link takes for all of it, since a client's keep-alive runs only from the
    /// end of one packet to the begin of the next.
    long silentMillis() {
        if (holds > 0 && !waitsForRoom) {
            return 0;
        }
        long unheard = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - lastHeardNanos);
        return Math.max(0, unheard - TimeUnit.SECONDS.toMillis(bytesUnderWay() / SLOWEST_BYTES_PER_SECOND));
    }

    /// All bytes of the packet that has begun, 0 if there is none or if its length has yet to come.
    private int bytesUnderWay() {
        return holds == 0 && unread != null ? decoder.awaitedBytes() : 0;
    }

    /// The peer closed. Ends the line by [Receiver#onEnd] once nothing holds it and what was sent is handled, which
    /// may be before this returns.
    void peerClosed() {
        peerClosed = true;
        // No room will come any more.
        roomCame();
        endIfHandled();
    }

    private void endIfHandled() {
        if (peerClosed && !stopped && holds == 0 && !decoding) {
            receiver.onEnd();
        }
    }

    /// Decodes nothing more and lets go of what was not decoded.
    void stop() {
        stopped = true;
        if (unread != null) {
            unread.release();
            unread = null;
        }
    }
}
