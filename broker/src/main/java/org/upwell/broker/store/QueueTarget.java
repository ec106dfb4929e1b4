// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

/// One queue that a message enters.
///
/// @param session the number of the session, or of the group, in the store
/// @param qos 1 or 2
/// @param retain the flag to send to a session; for a group the publisher's flag
/// @param subscriptionIds not written after construction; none for a group
public record QueueTarget(long session, int qos, boolean retain, int[] subscriptionIds) {}
