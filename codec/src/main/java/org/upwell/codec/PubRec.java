// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

/// PUBREC, answers the PUBLISH handshake of `packetId` (1 to 65535).
public record PubRec(int packetId, ReasonCode reason, Properties properties) implements Packet {

    public PubRec(int packetId) {
        this(packetId, ReasonCode.SUCCESS, Properties.NONE);
    }

    @Override
    public PacketType type() {
        return PacketType.PUBREC;
    }
}
