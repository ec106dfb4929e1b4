// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import org.upwell.codec.PacketDecoder.Receiver;

/// A packet and its bytes, as one side receives them in one version.
record Sample(String name, MqttVersion version, Receiver receiver, byte[] bytes, Packet packet) {

    static Sample of(String name, MqttVersion version, Receiver receiver, Packet packet, String layout) {
        return new Sample(version + " " + name, version, receiver, LabelledBytes.of(layout), packet);
    }

    /// A decoder in the state in which this packet may arrive.
    PacketDecoder decoder() {
        return decoder(version, receiver, packet.type() == PacketType.CONNECT);
    }

    static PacketDecoder decoder(MqttVersion version, Receiver receiver, boolean fresh) {
        PacketDecoder decoder = new PacketDecoder(receiver, 1 << 20);
        if (!fresh) {
            decoder.version(version);
        }
        return decoder;
    }

    @Override
    public String toString() {
        return name;
    }
}
