// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.broker.event.BrokerCounters;
import org.upwell.broker.owner.Owner;
import org.upwell.codec.DecodeException;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PacketDecoder;

/// What is kept of a packet that is under way, and how long its client counts as silent.
@Timeout(60)
class InboundLineTest implements InboundLine.Receiver {

    private static final long WHILE_MILLIS = 50;

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final Owner owner = new Owner("loop", new EventLoopOwner(channel.eventLoop()));
    private final PacketDecoder decoder = new PacketDecoder(PacketDecoder.Receiver.SERVER, 1 << 20);
    private final OutboundLine answers = new OutboundLine(
            channel,
            owner,
            new HookRunner(new HookRegistry(Runnable::run), Runnable::run),
            new Traffic(new BrokerCounters()));
    private final InboundLine line = new InboundLine(channel, owner, decoder, answers, 1 << 10, this);
    private int packets;
    private int keptBytes;

    @Override
    public void onPacket(Packet packet) {
        packets++;
    }

    @Override
    public void onMalformed(DecodeException cause) {
        throw new AssertionError(cause);
    }

    @Override
    public void onKept(int capacity) {
        keptBytes = capacity;
    }

    @Override
    public void onNothingKept() {
        keptBytes = 0;
    }

    @Override
    public void onFault(Throwable cause) {
        throw new AssertionError(cause);
    }

    @Override
    public void onEnd() {
        throw new AssertionError("nobody closed");
    }

    @AfterEach
    void release() {
        line.stop();
        channel.finishAndReleaseAll();
    }

    private static long millisSince(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
    }

    /// What a client sent before has the next read expect as much.
    @Test
    void theFirstBytesOfAPacketDoNotKeepALargeReadBuffer() {
        decoder.version(MqttVersion.MQTT_5);
        ByteBuf packet = TestClient.publishBytes(100_000);
        for (int part = 10; part < packet.readableBytes(); part *= 2) {
            ByteBuf read = channel.alloc().buffer(128 << 10);
            packet.readBytes(read, part);
            line.read(read);
            assertThat(keptBytes).isLessThanOrEqualTo(Math.max(256, 4 * packet.readerIndex()));
        }
        line.read(packet.readBytes(packet.readableBytes()));
        assertThat(packets).isEqualTo(1);
        assertThat(keptBytes).isZero();
    }

    /// A packet that is under way has its time (decision 16). That it took some before we stopped to read, since
    /// the client does not, was no silence.
    @Test
    void whoIsHeldInAPacketForNotReadingIsSilentFromThenOn() {
        decoder.version(MqttVersion.MQTT_5);
        ByteBuf packet = TestClient.publishBytes(100_000);
        long begun = System.nanoTime();
        line.read(packet.readBytes(1_000));
        await().until(() -> millisSince(begun) > WHILE_MILLIS);
        assertThat(line.silentMillis()).isZero();

        ChannelFuture _ = channel.write(Unpooled.wrappedBuffer(new byte[1 << 20]));
        long before = System.nanoTime();
        line.read(packet.readBytes(1_000));
        assertThat(line.isHeld()).isTrue();
        assertThat(line.silentMillis()).isLessThanOrEqualTo(millisSince(before));

        await().until(() -> line.silentMillis() > WHILE_MILLIS);
        long resumed = System.nanoTime();
        channel.flush();
        line.roomCame();
        assertThat(line.isHeld()).isFalse();
        line.read(packet.readBytes(packet.readableBytes()));
        assertThat(packets).isEqualTo(1);
        assertThat(line.silentMillis()).isLessThanOrEqualTo(millisSince(resumed));
    }
}
