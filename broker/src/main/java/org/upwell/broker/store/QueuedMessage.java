// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

import org.upwell.broker.message.Message;

/// A message as one queue holds it.
///
/// @param qos 1 or 2
/// @param subscriptionIds not written after construction
public record QueuedMessage(long sequence, Message message, int qos, boolean retain, int[] subscriptionIds) {}
