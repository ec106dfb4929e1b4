// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.upwell.broker.event.BrokerCounters;
import org.upwell.broker.owner.Owner;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.PublishEncoder;

/// How packets are gathered into buffers.
class OutboundLineTest {

    private static final int LARGEST_BUFFER = 128 << 10;

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final Owner owner = new Owner("loop", new EventLoopOwner(channel.eventLoop()));
    private final OutboundLine line = new OutboundLine(
            channel,
            owner,
            new HookRunner(new HookRegistry(Runnable::run), Runnable::run),
            new Traffic(new BrokerCounters()));
    private final ByteBuf expected = Unpooled.buffer();
    private int announced;

    OutboundLineTest() {
        channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(1 << 20, 4 << 20));
        line.configure(MqttVersion.MQTT_3_1_1, Long.MAX_VALUE, 0);
        line.onRoom(() -> announced++);
    }

    @AfterEach
    void release() {
        line.discard();
        channel.finishAndReleaseAll();
    }

    private void send(int payloadBytes, int packetId) {
        byte[] payload = new byte[payloadBytes];
        payload[0] = (byte) packetId;
        line.sendPlain("acme/a", payload, PublishEncoder.flags(1, false, false), packetId);
        PublishEncoder.encodePlain(
                expected, MqttVersion.MQTT_3_1_1, "acme/a", payload, PublishEncoder.flags(1, false, false), packetId);
    }

    private void inOneBatch(Runnable sends) {
        owner.execute(sends);
        channel.runPendingTasks();
    }

    private void assertThatAllWasWritten() {
        ByteBuf written = Unpooled.buffer();
        for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            assertThat(part.capacity()).isLessThanOrEqualTo(LARGEST_BUFFER);
            written.writeBytes(part);
            part.release();
        }
        assertThat(ByteBufUtil.equals(written, expected)).isTrue();
    }

    @Test
    void largeMessagesNeverMakeAFullBufferGrow() {
        inOneBatch(() -> {
            for (int i = 1; i <= 50; i++) {
                send(16_384, i);
            }
        });
        assertThatAllWasWritten();
    }

    @Test
    void neitherDoSmallOnes() {
        inOneBatch(() -> {
            for (int i = 1; i <= 4_000; i++) {
                send(64, i);
            }
        });
        assertThatAllWasWritten();
    }

    /// The batch ends within the second of the largest segments, not with a few bytes of a third.
    @Test
    void aBatchIsFullBeforeItNeedsAThirdSegment() {
        int sent = 0;
        while (line.hasRoom()) {
            sent++;
            send(16_384, sent);
        }
        assertThat(sent).isEqualTo(7);
        assertThat(announced).isZero();

        channel.runPendingTasks();
        assertThat(announced).isEqualTo(1);
        assertThat(line.hasRoom()).isTrue();
        assertThatAllWasWritten();
    }
}
