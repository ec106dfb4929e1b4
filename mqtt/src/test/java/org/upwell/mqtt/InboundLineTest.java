// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.upwell.broker.event.BrokerCounters;
import org.upwell.broker.owner.Owner;
import org.upwell.codec.DecodeException;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PacketDecoder;
import org.upwell.codec.Publish;

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
    private Consumer<Packet> onPacket = _ -> {};

    @Override
    public void onPacket(Packet packet) {
        packets++;
        onPacket.accept(packet);
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

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void packetsComeWholeAndInOrderHoweverTheyAreCutAndHeld(long seed) {
        decoder.version(MqttVersion.MQTT_5);
        Random random = new Random(seed);
        ByteBuf sent = Unpooled.buffer();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            byte[] payload = new byte[random.nextInt(1, i % 10 == 0 ? 60_000 : 300)];
            random.nextBytes(payload);
            sent.writeBytes(TestClient.publishBytes(payload));
            expected.add(payload.length + " bytes " + Arrays.hashCode(payload));
        }
        List<String> received = new ArrayList<>();
        onPacket = packet -> {
            byte[] payload = ((Publish) packet).payload();
            received.add(payload.length + " bytes " + Arrays.hashCode(payload));
            if (random.nextInt(20) == 0) {
                line.hold();
            }
        };
        int mostBytes = 1 << random.nextInt(5, 18);
        List<ByteBuf> reads = new ArrayList<>();
        while (sent.isReadable()) {
            // A read may be under way when the line is held.
            while (line.isHeld() && random.nextBoolean()) {
                line.release();
            }
            int bytes = Math.min(sent.readableBytes(), random.nextInt(1, 1 + mostBytes));
            ByteBuf read = channel.alloc().buffer(random.nextBoolean() ? bytes : 2 * mostBytes);
            reads.add(read);
            line.read(read.writeBytes(sent, bytes));
        }
        while (line.isHeld()) {
            line.release();
        }

        assertThat(received).isEqualTo(expected);
        assertThat(line.hasUnread()).isFalse();
        assertThat(keptBytes).isZero();
        assertThat(reads).allMatch(read -> read.refCnt() == 0);
    }

    @Test
    void whatComesBehindALastPacketIsLetGo() {
        decoder.version(MqttVersion.MQTT_5);
        onPacket = _ -> line.stop();
        ByteBuf packet = TestClient.publishBytes(1_000);
        ByteBuf begin = packet.readBytes(500);
        ByteBuf end = channel.alloc().buffer().writeBytes(packet).writeBytes(TestClient.publishBytes(10));
        line.read(begin);
        line.read(end);

        assertThat(packets).isEqualTo(1);
        assertThat(begin.refCnt()).isZero();
        assertThat(end.refCnt()).isZero();
        assertThat(keptBytes).isZero();
    }

    @Test
    void whatBreaksInAPacketThatHadBegunKeepsNoBytes() {
        decoder.version(MqttVersion.MQTT_5);
        onPacket = _ -> {
            throw new AssertionError("broke");
        };
        ByteBuf packet = TestClient.publishBytes(1_000);
        ByteBuf begin = packet.readBytes(500);
        ByteBuf end = channel.alloc().buffer().writeBytes(packet).writeBytes(TestClient.publishBytes(10));
        line.read(begin);

        assertThatThrownBy(() -> line.read(end)).hasMessage("broke");
        assertThat(begin.refCnt()).isZero();
        assertThat(end.refCnt()).isZero();
    }
}
