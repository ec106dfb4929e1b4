// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import java.util.ArrayList;
import java.util.List;

/// Reads SUBACK and UNSUBACK on the client's side. Stateless.
enum SubAckDecoder implements PacketBodyDecoder {
    SUBACK {
        @Override
        public Packet decode(PacketReader in) throws DecodeException {
            int packetId = in.packetId();
            Properties properties = in.properties(PropertyRules.ACKNOWLEDGEMENT);
            // [MQTT-3.9.3-2], [MQTT3-3.9.3-2]
            List<ReasonCode> reasons = reasons(in, in.isMqtt5() ? ReasonCodes.SUBACK : ReasonCodes.SUBACK_3);
            return new SubAck(packetId, reasons, properties);
        }
    },
    UNSUBACK {
        @Override
        public Packet decode(PacketReader in) throws DecodeException {
            int packetId = in.packetId();
            if (!in.isMqtt5()) {
                return new UnsubAck(packetId, List.of(), Properties.NONE);
            }
            Properties properties = in.properties(PropertyRules.ACKNOWLEDGEMENT);
            return new UnsubAck(packetId, reasons(in, ReasonCodes.UNSUBACK), properties);
        }
    };

    private static List<ReasonCode> reasons(PacketReader in, ReasonCodes allowed) throws DecodeException {
        List<ReasonCode> reasons = new ArrayList<>();
        while (in.remaining() > 0) {
            reasons.add(in.reason(allowed));
        }
        if (reasons.isEmpty()) {
            // [MQTT-3.8.4-6], [MQTT3-3.8.4-5]: one for each topic filter, and there is at least one.
            throw in.protocolError("payload", "has no reason code");
        }
        return reasons;
    }
}
