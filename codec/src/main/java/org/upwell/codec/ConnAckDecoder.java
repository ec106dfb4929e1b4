// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

/// Reads CONNACK on the client's side. Stateless.
final class ConnAckDecoder implements PacketBodyDecoder {

    private static final int SESSION_PRESENT = 0x01;

    @Override
    public Packet decode(PacketReader in) throws DecodeException {
        int flags = flags(in);
        boolean sessionPresent = (flags & SESSION_PRESENT) != 0;
        ReasonCode reason = in.isMqtt5() ? in.reason(ReasonCodes.CONNACK) : returnCode(in);
        if (sessionPresent && reason != ReasonCode.SUCCESS) {
            // [MQTT-3.2.2-6], [MQTT3-3.2.2-4]
            throw in.protocolError("session present", "is set in a refusal");
        }
        Properties properties = in.properties(PropertyRules.CONNACK);
        if (properties.has(Property.AUTHENTICATION_DATA) && !properties.has(Property.AUTHENTICATION_METHOD)) {
            // Section 3.2.2.3.18
            throw in.protocolError(Property.AUTHENTICATION_DATA.name(), "comes without an authentication method");
        }
        return new ConnAck(sessionPresent, reason, properties);
    }

    private static int flags(PacketReader in) throws DecodeException {
        int flags = in.unsignedByte("acknowledge flags");
        if (in.version() == MqttVersion.MQTT_3_1) {
            // 3.1 leaves the byte unused and knows no session present flag.
            return 0;
        }
        if ((flags & ~SESSION_PRESENT) != 0) {
            // [MQTT-3.2.2-1]; section 3.2.2.1 of 3.1.1
            throw in.malformed("acknowledge flags", "reserved bits are set");
        }
        return flags;
    }

    private static ReasonCode returnCode(PacketReader in) throws DecodeException {
        int code = in.unsignedByte("return code");
        ReasonCode reason = ReasonCodes.ofConnectReturnCode(code);
        if (reason == null) {
            // Section 3.2.2.3 of 3.1.1: 6 to 255 are reserved.
            throw in.protocolError("return code", "cannot be " + code);
        }
        return reason;
    }
}
