// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import java.util.ArrayList;
import java.util.List;

/// Reads UNSUBSCRIBE. Stateless.
final class UnsubscribeDecoder implements PacketBodyDecoder {

    @Override
    public Packet decode(PacketReader in) throws DecodeException {
        int packetId = in.packetId();
        Properties properties = in.properties(PropertyRules.UNSUBSCRIBE);
        List<String> filters = new ArrayList<>();
        while (in.remaining() > 0) {
            filters.add(SubscribeDecoder.filter(in));
        }
        if (filters.isEmpty()) {
            // [MQTT-3.10.3-2], [MQTT3-3.10.3-2]
            throw in.protocolError("payload", "names no topic filter");
        }
        return new Unsubscribe(packetId, filters, properties);
    }
}
