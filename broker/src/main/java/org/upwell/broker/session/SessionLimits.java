// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

/// The limits of one session, looked up once when it opens and replaceable as a whole.
///
/// @param queueMessages most messages in the queue, in-flight ones not counted; at least 1
/// @param queueBytes most bytes of topics, payloads and properties in the queue; at least 1
/// @param qos0Bytes most bytes of QoS 0 messages that wait for a connection that cannot take them now
/// @param redeliverSharedOnLoss true if a shared subscription's unacknowledged messages of QoS 1 go to another
///     member as soon as the connection is lost, false if only when the session ends
public record SessionLimits(
        int queueMessages, long queueBytes, OverflowRule overflow, long qos0Bytes, boolean redeliverSharedOnLoss) {

    public static final SessionLimits DEFAULT =
            new SessionLimits(50_000, 64L << 20, OverflowRule.DROP_NEWEST, 1L << 20);

    /// Limits under which shared messages stay with a session until it ends.
    public SessionLimits(int queueMessages, long queueBytes, OverflowRule overflow, long qos0Bytes) {
        this(queueMessages, queueBytes, overflow, qos0Bytes, false);
    }

    public SessionLimits {
        if (queueMessages < 1 || queueBytes < 1 || qos0Bytes < 0) {
            throw new IllegalArgumentException("session limits must be positive: " + queueMessages + " messages, "
                    + queueBytes + " bytes, " + qos0Bytes + " QoS 0 bytes");
        }
    }
}
