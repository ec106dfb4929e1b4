// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

/// PUBREL, answers the PUBLISH handshake of `packetId` (1 to 65535).
public record PubRel(int packetId, ReasonCode reason, Properties properties) implements Packet {

    public PubRel(int packetId) {
        this(packetId, ReasonCode.SUCCESS, Properties.NONE);
    }

    @Override
    public PacketType type() {
        return PacketType.PUBREL;
    }
}
