// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

/// One session whose queue a message enters.
///
/// @param session the session's number in the store
/// @param qos 1 or 2
/// @param subscriptionIds not written after construction
public record QueueTarget(long session, int qos, boolean retain, int[] subscriptionIds) {}
