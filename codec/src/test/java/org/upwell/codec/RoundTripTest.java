// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.upwell.codec.PacketDecoder.Receiver;

/// decode(encode(packet)) = packet, over random packets of all kinds with all properties.
class RoundTripTest {

    private static final int PACKETS = 10_000;

    @ParameterizedTest
    @EnumSource
    void whatIsEncodedIsDecodedAsItWas(MqttVersion version) throws DecodeException {
        for (Receiver receiver : Receiver.values()) {
            long seed = version.level();
            RandomPackets packets = new RandomPackets(new Random(seed), version, receiver);
            PacketDecoder decoder = Sample.decoder(version, receiver, false);
            for (int i = 0; i < PACKETS; i++) {
                Packet packet = packets.next();
                ByteBuf bytes = Unpooled.buffer();
                PacketEncoder.encode(packet, version, bytes);

                assertThat(PacketEncoder.encodedBytes(packet, version))
                        .as("seed %d, packet %d", seed, i)
                        .isEqualTo(bytes.readableBytes());
                assertThat(decoder.decode(bytes))
                        .as("seed %d, packet %d", seed, i)
                        .isEqualTo(packet);
                assertThat(bytes.isReadable()).isFalse();
            }
        }
    }

    @Test
    void theRandomPacketsAreOfAllKindsAndCarryAllProperties() {
        Set<PacketType> types = EnumSet.noneOf(PacketType.class);
        Set<Property> properties = EnumSet.noneOf(Property.class);
        for (Receiver receiver : Receiver.values()) {
            RandomPackets packets = new RandomPackets(new Random(1), MqttVersion.MQTT_5, receiver);
            for (int i = 0; i < 2000; i++) {
                types.add(packets.next().type());
            }
            for (PropertyRules rules : PropertyRules.values()) {
                for (int i = 0; i < 20; i++) {
                    Properties drawn = packets.properties(rules);
                    for (int j = 0; j < drawn.size(); j++) {
                        properties.add(drawn.key(j));
                    }
                }
            }
        }

        assertThat(types).containsExactlyInAnyOrder(PacketType.values());
        assertThat(properties).containsExactlyInAnyOrder(Property.values());
    }
}
