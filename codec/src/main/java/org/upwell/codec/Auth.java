// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

/// AUTH, MQTT 5 only.
public record Auth(ReasonCode reason, Properties properties) implements Packet {

    @Override
    public PacketType type() {
        return PacketType.AUTH;
    }
}
