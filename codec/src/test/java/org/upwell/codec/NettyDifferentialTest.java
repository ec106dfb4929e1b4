// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.mqtt.MqttDecoder;
import io.netty.handler.codec.mqtt.MqttMessage;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.upwell.codec.PacketDecoder.Receiver;

/// Netty's own MQTT decoder as oracle: it must read the same out of the same bytes wherever a packet is valid.
class NettyDifferentialTest {

    private static final int PACKETS = 5_000;

    @ParameterizedTest
    @EnumSource
    void bothReadTheSame(MqttVersion version) throws DecodeException {
        for (Receiver receiver : Receiver.values()) {
            long seed = 100L + version.level();
            RandomPackets packets = new RandomPackets(new Random(seed), version, receiver);
            PacketDecoder ours = Sample.decoder(version, receiver, false);
            EmbeddedChannel theirs = new EmbeddedChannel(new MqttDecoder(1 << 20, 65_535));
            // Netty takes the version from the first CONNECT on the channel.
            theirs.writeInbound(encode(new Connect(version, "c", true, 0, null, null, null, Properties.NONE), version));
            assertThat(theirs.<MqttMessage>readInbound().decoderResult().isSuccess())
                    .isTrue();
            for (int i = 0; i < PACKETS; i++) {
                Packet packet = packets.next();
                if (packet instanceof Connect connect && version == MqttVersion.MQTT_3_1 && tooLongFor31(connect)) {
                    continue;
                }
                ByteBuf bytes = encode(packet, version);
                String hex = ByteBufUtil.hexDump(bytes);
                Packet read = ours.decode(bytes.duplicate());
                theirs.writeInbound(bytes);
                MqttMessage message = theirs.readInbound();

                if (read == null) {
                    throw new AssertionError("incomplete: " + hex);
                }
                assertThat(message.decoderResult().cause())
                        .as("seed %d, packet %d: %s %s", seed, i, packet, hex)
                        .isNull();
                assertThat(NettyPackets.toOurs(message, version))
                        .as("seed %d, packet %d: %s", seed, i, hex)
                        .isEqualTo(NettyPackets.sorted(read));
            }
            theirs.finish();
        }
    }

    /// Netty holds 3.1 to its limit of 23 characters in a client id, which is the broker's business with us.
    private static boolean tooLongFor31(Connect connect) {
        return connect.clientId().isEmpty() || connect.clientId().length() > 23;
    }

    private static ByteBuf encode(Packet packet, MqttVersion version) {
        ByteBuf bytes = Unpooled.buffer();
        PacketEncoder.encode(packet, version, bytes);
        return bytes;
    }
}
