// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

/// CONNACK. In 3.x the codec writes the return code that stands for `reason`.
public record ConnAck(boolean sessionPresent, ReasonCode reason, Properties properties) implements Packet {

    @Override
    public PacketType type() {
        return PacketType.CONNACK;
    }
}
