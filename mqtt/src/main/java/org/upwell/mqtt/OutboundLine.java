// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.owner.Loop;
import org.upwell.broker.owner.Owner;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PacketEncoder;
import org.upwell.codec.PacketType;
import org.upwell.codec.Publish;
import org.upwell.codec.PublishEncoder;
import org.upwell.mqtt.hook.Hooks;
import org.upwell.mqtt.hook.Interceptor;
import org.upwell.mqtt.hook.Verdict;

/// The way of packets to the client: through the interceptors, in order, into one buffer that is written once per
/// batch. Owned by the connection's event loop.
///
/// While an interceptor thinks, later packets wait behind it. Without interceptors a packet is encoded on the spot.
@SuppressWarnings("FutureReturnValueIgnored") // A failed write closes the channel, and that is acted on.
final class OutboundLine {

    private static final Logger LOG = LoggerFactory.getLogger(OutboundLine.class);

    /// Encoded bytes at which a buffer is passed to the channel before the batch ends, so that it need not grow on.
    private static final int PASS_ON_BYTES = 128 << 10;

    /// Encoded bytes of a batch at which deliveries wait for its flush. It lies between one and two of the largest
    /// segments (64 KiB), where a batch of messages of any size seldom ends just behind a segment: a tail of a few
    /// bytes costs as much as a whole one, and the last messages are complete only with it.
    private static final int FULL_BATCH_BYTES = 112 << 10;

    /// What a PUBLISH has beside its payload, in most cases. Where it is more, the buffer grows.
    private static final int USUAL_HEAD_BYTES = 128;

    private static final int FIRST_BYTES = 512;

    /// How long the last packet of a connection that we end waits for interceptors, its own and those of the
    /// packets before it.
    private static final Duration LAST_PACKET_TIMEOUT = Duration.ofSeconds(3);

    /// How long a peer that is in the middle of sending has for it before the channel is closed on him.
    private static final Duration LINGER = Duration.ofSeconds(2);

    /// Packets that may wait for interceptors before deliveries stay in their queue instead.
    private static final int MAX_WAITING = 100;

    /// What happens to a packet once it had its turn.
    interface Outcome {
        /// The packet did not leave: prevented by an interceptor, or larger than the client accepts.
        void notSent(boolean tooLarge);
    }

    /// A packet that waits for its turn, or for its interceptors.
    private static final class Waiting {
        private @Nullable Packet packet;
        private final @Nullable Outcome outcome;
        private final boolean closeAfter;
        private boolean asked;
        private boolean decided;

        private Waiting(@Nullable Packet packet, @Nullable Outcome outcome, boolean closeAfter) {
            this.packet = packet;
            this.outcome = outcome;
            this.closeAfter = closeAfter;
        }
    }

    private final Channel channel;
    private final Owner owner;
    private final HookRunner hookRunner;
    private final Traffic traffic;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>(0);
    private MqttVersion version = MqttVersion.MQTT_3_1_1;
    private long maxPacketBytes = Long.MAX_VALUE;
    private boolean leavesWordsOut;
    private @Nullable OutboundAliases aliases;
    private @Nullable ByteBuf out;
    private int passedOnBytes;
    private boolean flushAsked;
    private boolean askedInVain;
    private boolean lingers;
    private Runnable onRoom = () -> {};
    private Loop.@Nullable Cancellation deadline;
    private int lastBatchBytes = FIRST_BYTES;

    OutboundLine(Channel channel, Owner owner, HookRunner hookRunner, Traffic traffic) {
        this.channel = channel;
        this.owner = owner;
        this.hookRunner = hookRunner;
        this.traffic = traffic;
    }

    /// @param clientMaxPacketBytes what the client accepts ([MQTT-3.1.2-24])
    /// @param topicAliases how many topic aliases may be used towards it ([MQTT-3.1.2-26], [MQTT-3.1.2-27])
    void configure(MqttVersion clientVersion, long clientMaxPacketBytes, int topicAliases) {
        version = clientVersion;
        maxPacketBytes = clientMaxPacketBytes;
        aliases = topicAliases == 0 ? null : new OutboundAliases(topicAliases, clientMaxPacketBytes);
    }

    /// For a client that wants no problem information: nothing but PUBLISH, CONNACK and DISCONNECT may have reason
    /// string or user properties ([MQTT-3.1.2-29]).
    void leaveWordsOut(boolean leave) {
        leavesWordsOut = leave;
    }

    /// Who is told when there is room again after [#hasRoom] said no.
    void onRoom(Runnable callback) {
        onRoom = callback;
    }

    /// True while more may be sent without piling up what the socket cannot take. Whoever is told no is called
    /// back.
    boolean hasRoom() {
        boolean room = channel.isWritable() && waiting.size() < MAX_WAITING && batchBytes() < FULL_BATCH_BYTES;
        askedInVain |= !room;
        return room;
    }

    /// Tells whoever asked in vain, if there is room now.
    void announceRoom() {
        if (askedInVain && channel.isOpen() && hasRoom()) {
            askedInVain = false;
            onRoom.run();
        }
    }

    /// True if the client accepts a packet of this size ([MQTT-3.1.2-24]).
    boolean fits(Packet packet) {
        return maxPacketBytes == Long.MAX_VALUE || PacketEncoder.encodedBytes(packet, version) <= maxPacketBytes;
    }

    void send(Packet packet) {
        send(packet, null);
    }

    void send(Packet packet, @Nullable Outcome outcome) {
        Hooks hooks = hookRunner.hooks();
        if (waiting.isEmpty() && hooks.outbound(packet.type()) == null) {
            encode(packet, outcome);
        } else if (channel.isOpen()) {
            waiting.addLast(new Waiting(packet, outcome, false));
            advance();
        }
    }

    /// True if a PUBLISH without properties may go out by [#sendPlain]: nothing waits before it, nobody wants to
    /// see it, and no rule of this client changes or refuses it.
    boolean takesPlain() {
        return waiting.isEmpty()
                && aliases == null
                && maxPacketBytes == Long.MAX_VALUE
                && hookRunner.hooks().outbound(PacketType.PUBLISH) == null
                && channel.isOpen();
    }

    /// Sends a PUBLISH without properties, as [#send] would after it was made, while [#takesPlain].
    void sendPlain(String topic, byte[] payload, int flags, int packetId) {
        ByteBuf buffer = buffer(USUAL_HEAD_BYTES + payload.length);
        PublishEncoder.encodePlain(buffer, version, topic, payload, flags, packetId);
        written(buffer);
    }

    /// Sends a last packet, if any, behind all that waits, then closes the channel; without it if the interceptors
    /// take too long.
    void sendLastAndClose(@Nullable Packet packet) {
        waiting.addLast(new Waiting(packet, null, true));
        advance();
        if (!waiting.isEmpty()) {
            deadline = owner.schedule(LAST_PACKET_TIMEOUT, channel::close);
        }
    }

    /// What the peer sends may not be read to its end before the channel is closed. A system that closes over unread
    /// bytes resets the connection, which takes what was sent last from the peer; so the peer has a moment to end.
    void lingerAtClose() {
        lingers = true;
    }

    private void close(boolean toldWhy) {
        flush();
        // OpenSSL's own goodbye needs both directions.
        if (!toldWhy || !lingers || channel.pipeline().get(SslHandler.class) != null) {
            channel.close();
            return;
        }
        if (deadline != null) {
            deadline.cancel();
        }
        deadline = owner.schedule(LINGER, channel::close);
        // Reading goes on, into nothing: the line from the client has stopped.
        channel.config().setAutoRead(true);
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> {
            if (channel instanceof DuplexChannel socket) {
                socket.shutdownOutput();
            }
        });
    }

    private void advance() {
        for (Waiting head = waiting.peekFirst(); head != null; head = waiting.peekFirst()) {
            if (!head.decided && !decide(head)) {
                return;
            }
            waiting.removeFirst();
            Packet packet = head.packet;
            if (packet != null) {
                encode(packet, head.outcome);
            }
            if (head.closeAfter) {
                waiting.clear();
                close(packet != null);
                return;
            }
        }
    }

    /// True if the packet may go on now; else its interceptors were asked and will call [#advance].
    private boolean decide(Waiting head) {
        if (head.asked) {
            return false;
        }
        Packet packet = head.packet;
        List<Interceptor> chain = packet == null ? null : hookRunner.hooks().outbound(packet.type());
        if (packet == null || chain == null) {
            return true;
        }
        head.asked = true;
        hookRunner.intercept(chain, packet, verdict -> {
            head.decided = true;
            if (verdict instanceof Verdict.Pass pass) {
                // Aliases are ours to give: a hook knows neither the client's maximum nor what stands for what.
                head.packet =
                        pass.packet() instanceof Publish publish ? OutboundAliases.without(publish) : pass.packet();
            } else {
                head.packet = null;
                notSent(head.outcome, false);
            }
            advance();
            announceRoom();
        });
        return false;
    }

    private static void notSent(@Nullable Outcome outcome, boolean tooLarge) {
        if (outcome != null) {
            outcome.notSent(tooLarge);
        }
    }

    private void encode(Packet whole, @Nullable Outcome outcome) {
        if (!channel.isOpen()) {
            return;
        }
        Packet packet = toFit(whole);
        if (fits(packet)) {
            write(packet);
        } else {
            tooLarge(packet, outcome);
        }
    }

    /// The packet as this client is to get it.
    private Packet toFit(Packet whole) {
        if (whole instanceof Publish publish) {
            return aliases == null ? publish : aliases.shorten(publish);
        }
        Packet packet = whole;
        if (leavesWordsOut && packet.type() != PacketType.CONNACK && packet.type() != PacketType.DISCONNECT) {
            packet = WordyPackets.withoutUserProperties(WordyPackets.withoutReasonString(packet));
        }
        if (!fits(packet)) {
            packet = WordyPackets.withoutReasonString(packet);
        }
        return fits(packet) ? packet : WordyPackets.withoutUserProperties(packet);
    }

    /// What was encoded since the last flush.
    private int batchBytes() {
        return out == null ? passedOnBytes : passedOnBytes + out.readableBytes();
    }

    private void write(Packet packet) {
        ByteBuf buffer = buffer(packet instanceof Publish publish ? USUAL_HEAD_BYTES + publish.payload().length : 0);
        PacketEncoder.encode(packet, version, buffer);
        written(buffer);
    }

    /// The buffer for a packet of about so many bytes. One that would have to grow beyond what is passed on anyway is
    /// passed on first, since growing copies all that is in it.
    private ByteBuf buffer(int bytes) {
        ByteBuf buffer = out;
        if (buffer != null && buffer.readableBytes() + bytes > PASS_ON_BYTES) {
            passOn(buffer);
            buffer = null;
        }
        if (buffer == null) {
            buffer = channel.alloc().directBuffer(Math.max(lastBatchBytes, bytes));
            out = buffer;
        }
        return buffer;
    }

    private void written(ByteBuf buffer) {
        if (buffer.readableBytes() >= PASS_ON_BYTES) {
            passOn(buffer);
        }
        if (!flushAsked) {
            flushAsked = true;
            owner.atEndOfBatch(this::flush);
        }
    }

    /// [MQTT-3.1.2-24]: it is not sent. A client that allows no packet as large as the answer that it waits for
    /// would wait for ever, so its connection ends.
    private void tooLarge(Packet packet, @Nullable Outcome outcome) {
        if (outcome != null) {
            outcome.notSent(true);
        } else {
            LOG.debug("a {} is larger than the {} bytes that its client accepts", packet.type(), maxPacketBytes);
            channel.close();
        }
    }

    private void passOn(ByteBuf buffer) {
        passedOnBytes += buffer.readableBytes();
        traffic.sent(buffer.readableBytes());
        out = null;
        channel.write(buffer, channel.voidPromise());
    }

    private void flush() {
        flushAsked = false;
        ByteBuf buffer = out;
        if (buffer != null) {
            // The next batch of this connection is likely to be as large; sizing by it saves copies while growing.
            lastBatchBytes = Math.max(FIRST_BYTES, Math.min(PASS_ON_BYTES, batchBytes()));
            passOn(buffer);
        }
        passedOnBytes = 0;
        channel.flush();
        announceRoom();
    }

    /// Lets go of what was not written. After the channel closed.
    void discard() {
        waiting.clear();
        if (deadline != null) {
            deadline.cancel();
            deadline = null;
        }
        ByteBuf buffer = out;
        if (buffer != null) {
            out = null;
            buffer.release();
        }
    }
}
