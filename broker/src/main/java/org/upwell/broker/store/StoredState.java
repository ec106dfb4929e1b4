// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

import java.util.List;
import java.util.Set;
import org.upwell.broker.message.Message;

/// All that a store holds, as read at start.
public record StoredState(List<StoredSession> sessions, List<Message> retained) {

    public StoredState {
        sessions = List.copyOf(sessions);
        retained = List.copyOf(retained);
    }

    /// A session with what belongs to it.
    ///
    /// @param queue in order of sequence
    /// @param inboundPacketIds QoS 2 packet ids that were received from the client and not released
    public record StoredSession(
            long number,
            SessionRecord session,
            List<SubscriptionRecord> subscriptions,
            List<StoredDelivery> queue,
            Set<Integer> inboundPacketIds) {

        public StoredSession {
            subscriptions = List.copyOf(subscriptions);
            queue = List.copyOf(queue);
            inboundPacketIds = Set.copyOf(inboundPacketIds);
        }
    }

    /// A queued or in-flight message.
    ///
    /// @param packetId the id under which it was sent, 0 if not known to have been sent
    /// @param received true once the client's PUBREC is on record
    public record StoredDelivery(
            long sequence,
            Message message,
            int qos,
            boolean retain,
            int[] subscriptionIds,
            int packetId,
            boolean received) {}
}
