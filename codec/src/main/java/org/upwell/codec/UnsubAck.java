// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import java.util.List;

/// UNSUBACK, one reason per filter in MQTT 5; 3.x writes none.
public record UnsubAck(int packetId, List<ReasonCode> reasons, Properties properties) implements Packet {

    public UnsubAck {
        reasons = List.copyOf(reasons);
    }

    @Override
    public PacketType type() {
        return PacketType.UNSUBACK;
    }
}
