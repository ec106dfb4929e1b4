// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

import java.util.List;
import java.util.Set;
import org.upwell.broker.message.Message;

/// Takes what a store kept, piece by piece, so that millions of queued messages need not be in memory at once. All
/// calls come on the thread that called [Store#recover]. Sessions and groups come before the messages in their
/// queues.
public interface Recovery {

    void session(StoredSession session);

    void group(long number, GroupRecord group);

    /// A message in the queue, or in flight to the client, of a session or group. In rising order of sequence
    /// within one queue.
    ///
    /// @param entry valid during the call only
    void queued(long session, QueueEntry entry);

    void retained(long sequence, Message message);

    /// A session with what belongs to it but its queue.
    ///
    /// @param inboundPacketIds QoS 2 packet ids that were received from the client and not released
    record StoredSession(
            long number, SessionRecord session, List<SubscriptionRecord> subscriptions, Set<Integer> inboundPacketIds) {

        public StoredSession {
            subscriptions = List.copyOf(subscriptions);
            inboundPacketIds = Set.copyOf(inboundPacketIds);
        }
    }

    /// What must be known of a message in a queue without reading it.
    interface QueueEntry {

        long sequence();

        int qos();

        /// As [Message#weightBytes].
        int weightBytes();

        /// As [Message#expiresAtMillis], which may be rounded up to the next full second.
        long expiresAtMillis();

        /// The packet id under which it was sent, 0 if not known to have been sent.
        int packetId();

        /// True once the client's PUBREC is on record; the message itself can then be gone.
        boolean received();
    }
}
