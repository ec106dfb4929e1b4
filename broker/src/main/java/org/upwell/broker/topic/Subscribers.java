// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import org.jspecify.annotations.Nullable;

/// The subscriptions to one topic filter: the only one by itself, as nearly all filters have, or a set of them. Of
/// a million filters a set for each would take 32 bytes more. Null stands for none.
///
/// Shared read-mostly: changes, and what is told here, are made under the tree's lock; readers come from any
/// thread.
///
/// @param <S> the subscriber; compared by identity
@SuppressWarnings("ReferenceEquality") // As said.
sealed interface Subscribers<S> permits Subscription, SubscriberSet {

    /// What holds `subscription` too, in place of one of the same subscriber; perhaps `present`, changed.
    static <S> Subscribers<S> with(@Nullable Subscribers<S> present, Subscription<S> subscription) {
        return switch (present) {
            case null -> subscription;
            case Subscription<S> only when only.subscriber() == subscription.subscriber() -> subscription;
            case Subscription<S> only -> {
                SubscriberSet<S> set = new SubscriberSet<>();
                set.put(only);
                set.put(subscription);
                yield set;
            }
            case SubscriberSet<S> set -> {
                set.put(subscription);
                yield set;
            }
        };
    }

    /// What is left; perhaps `present`, changed.
    static <S> @Nullable Subscribers<S> without(@Nullable Subscribers<S> present, S subscriber) {
        return switch (present) {
            case null -> null;
            case Subscription<S> only -> only.subscriber() == subscriber ? null : only;
            case SubscriberSet<S> set -> {
                set.remove(subscriber);
                yield set.isEmpty() ? null : set;
            }
        };
    }

    /// The subscription of one subscriber.
    static <S> @Nullable Subscription<S> of(@Nullable Subscribers<S> present, S subscriber) {
        return switch (present) {
            case null -> null;
            case Subscription<S> only -> only.subscriber() == subscriber ? only : null;
            case SubscriberSet<S> set -> set.find(subscriber);
        };
    }
}
