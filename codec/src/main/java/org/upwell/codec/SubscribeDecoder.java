// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import java.util.ArrayList;
import java.util.List;

/// Reads SUBSCRIBE. Where wildcards may stand in a filter is the broker's rule, not the codec's. Stateless.
final class SubscribeDecoder implements PacketBodyDecoder {

    private static final int QOS = 0x03;
    private static final int NO_LOCAL = 0x04;
    private static final int RETAIN_AS_PUBLISHED = 0x08;
    private static final int RETAIN_HANDLING = 0x30;
    private static final int RESERVED = 0xC0;
    private static final int RESERVED_3 = 0xFC;
    private static final Subscribe.RetainHandling[] RETAIN_HANDLINGS = Subscribe.RetainHandling.values();

    @Override
    public Packet decode(PacketReader in) throws DecodeException {
        int packetId = in.packetId();
        Properties properties = in.properties(PropertyRules.SUBSCRIBE);
        List<Subscribe.Request> requests = new ArrayList<>();
        while (in.remaining() > 0) {
            String filter = filter(in);
            requests.add(request(in, filter));
        }
        if (requests.isEmpty()) {
            // [MQTT-3.8.3-2], [MQTT3-3.8.3-3]
            throw in.protocolError("payload", "names no topic filter");
        }
        return new Subscribe(packetId, requests, properties);
    }

    /// [MQTT-3.8.3-1], [MQTT-3.10.3-1], [MQTT3-3.8.3-1], [MQTT3-3.10.3-1]: a string.
    static String filter(PacketReader in) throws DecodeException {
        String filter = in.string("topic filter");
        if (filter.isEmpty()) {
            // [MQTT-4.7.3-1], [MQTT3-4.7.3-1]
            throw in.protocolError("topic filter", "is empty");
        }
        return filter;
    }

    private static Subscribe.Request request(PacketReader in, String filter) throws DecodeException {
        int options = in.unsignedByte("subscription options");
        if ((options & (in.isMqtt5() ? RESERVED : RESERVED_3)) != 0) {
            // [MQTT-3.8.3-5], [MQTT3-3.8.3-4]
            throw in.malformed("subscription options", "reserved bits are set");
        }
        int qos = options & QOS;
        if (qos == 3) {
            // Section 3.8.3.1 names it a protocol error; [MQTT3-3.8.3-4] calls it malformed.
            throw in.failure(
                    in.isMqtt5() ? ReasonCode.PROTOCOL_ERROR : ReasonCode.MALFORMED_PACKET, "maximum QoS", "is 3");
        }
        int retainHandling = (options & RETAIN_HANDLING) >> 4;
        if (retainHandling == 3) {
            // Section 3.8.3.1
            throw in.protocolError("retain handling", "is 3");
        }
        boolean noLocal = (options & NO_LOCAL) != 0;
        if (noLocal && filter.startsWith("$share/")) {
            // [MQTT-3.8.3-4]
            throw in.protocolError("no local", "is set on a shared subscription");
        }
        return new Subscribe.Request(
                filter, QoS.of(qos), noLocal, (options & RETAIN_AS_PUBLISHED) != 0, RETAIN_HANDLINGS[retainHandling]);
    }
}
