// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import java.util.List;

/// SUBSCRIBE with at least one request. The subscription identifier, if any, is in `properties`.
public record Subscribe(int packetId, List<Request> requests, Properties properties) implements Packet {

    public Subscribe {
        requests = List.copyOf(requests);
    }

    /// One topic filter with its options; `filter` may begin with `$share/`.
    public record Request(
            String filter, QoS qos, boolean noLocal, boolean retainAsPublished, RetainHandling retainHandling) {

        /// A request as MQTT 3.x can express it.
        public Request(String filter, QoS qos) {
            this(filter, qos, false, false, RetainHandling.SEND);
        }
    }

    /// What a new subscription wants of retained messages.
    public enum RetainHandling {
        SEND,
        SEND_IF_NEW,
        DO_NOT_SEND
    }

    @Override
    public PacketType type() {
        return PacketType.SUBSCRIBE;
    }
}
