// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.upwell.codec.Auth;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.PacketEncoder;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.SubAck;

class WordyPacketsTest {

    private static final Properties WORDS = Properties.builder()
            .string(Property.REASON_STRING, "r".repeat(50))
            .user("name", "v".repeat(50))
            .build();

    private static final Properties METHOD_AND_WORDS = Properties.builder()
            .string(Property.AUTHENTICATION_METHOD, "M")
            .string(Property.REASON_STRING, "r".repeat(50))
            .user("name", "v".repeat(50))
            .build();

    static Stream<Packet> wordy() {
        return Stream.of(
                new ConnAck(false, ReasonCode.NOT_AUTHORIZED, WORDS),
                new PubAck(1, ReasonCode.NOT_AUTHORIZED, WORDS),
                new SubAck(1, List.of(ReasonCode.NOT_AUTHORIZED), WORDS),
                new Disconnect(ReasonCode.MALFORMED_PACKET, WORDS),
                new Auth(ReasonCode.CONTINUE_AUTHENTICATION, METHOD_AND_WORDS));
    }

    @ParameterizedTest
    @MethodSource("wordy")
    @DisplayName("[MQTT-3.15.2-2] [MQTT-3.15.2-3] [MQTT-3.14.2-3] [MQTT-3.14.2-4] each word taken out leaves the rest")
    void wordsCanBeTakenOutOneByOne(Packet packet) {
        int whole = PacketEncoder.encodedBytes(packet, MqttVersion.MQTT_5);
        Packet shorter = WordyPackets.withoutReasonString(packet);
        Packet shortest = WordyPackets.withoutUserProperties(shorter);

        // Identifier, length and text of the one; of the other with name and value.
        assertThat(PacketEncoder.encodedBytes(shorter, MqttVersion.MQTT_5)).isEqualTo(whole - 53);
        assertThat(PacketEncoder.encodedBytes(shortest, MqttVersion.MQTT_5)).isLessThanOrEqualTo(whole - 53 - 59);
        assertThat(shortest.type()).isEqualTo(packet.type());
    }
}
