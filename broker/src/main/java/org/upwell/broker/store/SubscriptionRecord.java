// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

/// What the store keeps of a subscription.
///
/// @param filter as the client wrote it, share prefix included
/// @param identifier subscription identifier or 0
public record SubscriptionRecord(String filter, int qos, boolean noLocal, boolean retainAsPublished, int identifier) {}
