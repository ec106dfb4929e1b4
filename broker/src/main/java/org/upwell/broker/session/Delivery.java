// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import org.jspecify.annotations.Nullable;
import org.upwell.broker.message.Message;
import org.upwell.broker.topic.Subscription;

/// A message on its way to one session, or to several that take it the same way. Immutable.
///
/// @param sequence the store's number of the message, 0 if the store does not hold it for the target
/// @param qos 0 to 2: the lesser of the message's and the subscription's ([MQTT-3.8.4-8])
/// @param retain the flag to send, per *retain as published* and for retained messages
/// @param subscriptionIds identifiers of all matching subscriptions ([MQTT-3.3.4-3]); not written after
///     construction
/// @param member the member of a group of shared subscriptions that it was given to, null for a session's own
public record Delivery(
        Message message,
        long sequence,
        int qos,
        boolean retain,
        int[] subscriptionIds,
        SharedGroup.@Nullable Member member) {

    /// One that is for its subscriber alone.
    public Delivery(Message message, long sequence, int qos, boolean retain, int[] subscriptionIds) {
        this(message, sequence, qos, retain, subscriptionIds, null);
    }

    public static final int[] NO_IDS = {};

    /// The identifiers of a message that came by this subscription alone.
    public static int[] idsOf(Subscription<?> subscription) {
        return subscription.identifier() == 0 ? NO_IDS : new int[] {subscription.identifier()};
    }
}
