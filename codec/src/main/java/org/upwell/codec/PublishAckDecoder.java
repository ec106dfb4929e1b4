// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

/// Reads PUBACK, PUBREC, PUBREL and PUBCOMP, which share one layout. Stateless.
enum PublishAckDecoder implements PacketBodyDecoder {
    PUBACK {
        @Override
        public Packet decode(PacketReader in) throws DecodeException {
            int packetId = in.packetId();
            if (in.remaining() == 0) {
                return new PubAck(packetId);
            }
            ReasonCode reason = reason(in, ReasonCodes.PUBACK_PUBREC);
            return new PubAck(packetId, reason, properties(in));
        }
    },
    PUBREC {
        @Override
        public Packet decode(PacketReader in) throws DecodeException {
            int packetId = in.packetId();
            if (in.remaining() == 0) {
                return new PubRec(packetId);
            }
            ReasonCode reason = reason(in, ReasonCodes.PUBACK_PUBREC);
            return new PubRec(packetId, reason, properties(in));
        }
    },
    PUBREL {
        @Override
        public Packet decode(PacketReader in) throws DecodeException {
            int packetId = in.packetId();
            if (in.remaining() == 0) {
                return new PubRel(packetId);
            }
            ReasonCode reason = reason(in, ReasonCodes.PUBREL_PUBCOMP);
            return new PubRel(packetId, reason, properties(in));
        }
    },
    PUBCOMP {
        @Override
        public Packet decode(PacketReader in) throws DecodeException {
            int packetId = in.packetId();
            if (in.remaining() == 0) {
                return new PubComp(packetId);
            }
            ReasonCode reason = reason(in, ReasonCodes.PUBREL_PUBCOMP);
            return new PubComp(packetId, reason, properties(in));
        }
    };

    private static ReasonCode reason(PacketReader in, ReasonCodes allowed) throws DecodeException {
        if (!in.isMqtt5()) {
            throw in.malformed("end", in.remaining() + " bytes too many");
        }
        return in.reason(allowed);
    }

    /// The property length may be left out together with the properties (section 3.4.2.2.1).
    private static Properties properties(PacketReader in) throws DecodeException {
        return in.remaining() == 0 ? Properties.NONE : PropertiesDecoder.decode(in, PropertyRules.ACKNOWLEDGEMENT);
    }
}
