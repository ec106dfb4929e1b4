// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import java.util.List;

/// SUBACK, one reason per requested filter, in order. In 3.x every error is written as 0x80.
public record SubAck(int packetId, List<ReasonCode> reasons, Properties properties) implements Packet {

    public SubAck {
        reasons = List.copyOf(reasons);
    }

    @Override
    public PacketType type() {
        return PacketType.SUBACK;
    }
}
