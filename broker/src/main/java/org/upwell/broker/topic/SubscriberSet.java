// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/// The subscriptions that share one topic filter. Up to a few they lie in an array that each change copies; beyond
/// that in a map, with an array that the next reader makes, so that 100,000 subscribers can come and go without as
/// many copies.
///
/// Shared read-mostly: changes are made under the tree's lock, readers take the array from any thread.
@SuppressWarnings("ReferenceEquality") // Subscribers are compared by identity, as the tree says.
final class SubscriberSet<S> implements Subscribers<S> {

    private static final int SMALL = 8;

    private static final Subscription<?>[] EMPTY = {};

    private volatile Subscription<?> @Nullable [] snapshot = EMPTY;

    private @Nullable IdentityHashMap<S, Subscription<S>> large;

    /// Under the tree's lock. Replaces one of the same subscriber.
    void put(Subscription<S> subscription) {
        if (large != null) {
            large.put(subscription.subscriber(), subscription);
            snapshot = null;
            return;
        }
        Subscription<S>[] old = read();
        for (int i = 0; i < old.length; i++) {
            if (old[i].subscriber() == subscription.subscriber()) {
                Subscription<S>[] copy = old.clone();
                copy[i] = subscription;
                snapshot = copy;
                return;
            }
        }
        if (old.length < SMALL) {
            Subscription<?>[] copy = new Subscription<?>[old.length + 1];
            System.arraycopy(old, 0, copy, 0, old.length);
            copy[old.length] = subscription;
            snapshot = copy;
        } else {
            IdentityHashMap<S, Subscription<S>> map = new IdentityHashMap<>();
            for (Subscription<S> each : old) {
                map.put(each.subscriber(), each);
            }
            map.put(subscription.subscriber(), subscription);
            large = map;
            snapshot = null;
        }
    }

    /// Under the tree's lock. Null if the subscriber has none.
    @Nullable
    Subscription<S> find(S subscriber) {
        if (large != null) {
            return large.get(subscriber);
        }
        for (Subscription<S> each : read()) {
            if (each.subscriber() == subscriber) {
                return each;
            }
        }
        return null;
    }

    /// Under the tree's lock.
    void remove(S subscriber) {
        if (large != null) {
            if (large.remove(subscriber) != null) {
                snapshot = null;
            }
            return;
        }
        Subscription<S>[] old = read();
        for (int i = 0; i < old.length; i++) {
            if (old[i].subscriber() == subscriber) {
                Subscription<?>[] copy = new Subscription<?>[old.length - 1];
                System.arraycopy(old, 0, copy, 0, i);
                System.arraycopy(old, i + 1, copy, i, old.length - i - 1);
                snapshot = copy;
                return;
            }
        }
    }

    /// Under the tree's lock.
    boolean isEmpty() {
        return large != null ? large.isEmpty() : read().length == 0;
    }

    /// Any thread; `lock` is the tree's and is taken only when the array must be made anew. Do not write to the
    /// result.
    @SuppressWarnings("unchecked") // Only subscriptions of S are ever put in.
    Subscription<S>[] read(Object lock) {
        Subscription<?>[] current = snapshot;
        if (current == null) {
            synchronized (lock) {
                current = read();
            }
        }
        return (Subscription<S>[]) current;
    }

    @SuppressWarnings("unchecked") // As above.
    private Subscription<S>[] read() {
        Subscription<?>[] current = snapshot;
        if (current == null) {
            current = large == null ? EMPTY : large.values().toArray(new Subscription<?>[0]);
            snapshot = current;
        }
        return (Subscription<S>[]) current;
    }
}
