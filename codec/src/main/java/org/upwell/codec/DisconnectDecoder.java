// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

/// Reads DISCONNECT. In 3.x it is empty and only a client sends it. Stateless.
final class DisconnectDecoder implements PacketBodyDecoder {

    private static final Disconnect NORMAL = new Disconnect(ReasonCode.SUCCESS, Properties.NONE);

    @Override
    public Packet decode(PacketReader in) throws DecodeException {
        if (in.remaining() == 0 || !in.isMqtt5()) {
            return NORMAL;
        }
        boolean fromClient = in.receiverIsServer();
        ReasonCode reason =
                in.reason(fromClient ? ReasonCodes.DISCONNECT_FROM_CLIENT : ReasonCodes.DISCONNECT_FROM_SERVER);
        // The property length may be left out together with the properties (section 3.14.2.2.1).
        Properties properties = in.remaining() == 0
                ? Properties.NONE
                : PropertiesDecoder.decode(
                        in, fromClient ? PropertyRules.DISCONNECT_FROM_CLIENT : PropertyRules.DISCONNECT_FROM_SERVER);
        return new Disconnect(reason, properties);
    }
}
