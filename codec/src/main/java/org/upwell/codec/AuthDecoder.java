// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

/// Reads AUTH, which only MQTT 5 has. Stateless.
final class AuthDecoder implements PacketBodyDecoder {

    @Override
    public Packet decode(PacketReader in) throws DecodeException {
        ReasonCodes allowed = in.receiverIsServer() ? ReasonCodes.AUTH_FROM_CLIENT : ReasonCodes.AUTH_FROM_SERVER;
        if (in.remaining() == 0) {
            // Section 3.15.2.1: an empty AUTH stands for success without properties, which only a server may send.
            if (allowed.find(0) == null) {
                throw in.protocolError("reason code", "cannot be 0");
            }
            return new Auth(ReasonCode.SUCCESS, Properties.NONE);
        }
        ReasonCode reason = in.reason(allowed);
        Properties properties = in.properties(PropertyRules.AUTH);
        if (!properties.has(Property.AUTHENTICATION_METHOD)
                && !(reason == ReasonCode.SUCCESS && properties.isEmpty())) {
            // Section 3.15.2.2.2
            throw in.protocolError(Property.AUTHENTICATION_METHOD.name(), "is missing");
        }
        return new Auth(reason, properties);
    }
}
