// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import java.util.List;

/// UNSUBSCRIBE with at least one topic filter.
public record Unsubscribe(int packetId, List<String> filters, Properties properties) implements Packet {

    public Unsubscribe {
        filters = List.copyOf(filters);
    }

    @Override
    public PacketType type() {
        return PacketType.UNSUBSCRIBE;
    }
}
