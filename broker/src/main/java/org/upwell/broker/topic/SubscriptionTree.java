// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Finds the subscriptions that match a topic name.
///
/// ```text
/// Idea    Filters without wildcards (most of them, in practice) are found by one look-up of the whole topic name;
///         only filters with wildcards form a tree of levels, walked for `level`, `+` and `#` in each node. The
///         result for a topic name is kept and used until any subscription changes, told by a version number.
/// 1.      Changes are made under one lock; look-ups take none.
/// 2.      A change is complete before the version rises, and a look-up reads the version before it walks. So a kept
///         result that missed a change carries an older version and is not used after the change was reported done.
/// 3.      A look-up that runs beside a change may or may not see it, each subscription for itself.
/// ```
///
/// @param <S> the subscriber; compared by identity
public final class SubscriptionTree<S> {

    private static final class Node<S> extends LevelNode<Node<S>> {
        /// Subscriptions whose filter ends here.
        private volatile @Nullable Subscribers<S> here;
        /// Subscriptions whose filter ends with `#` below this node.
        private volatile @Nullable Subscribers<S> below;

        private boolean isUnused() {
            return here == null && below == null && !hasChildren();
        }
    }

    private final Object lock = new Object();
    private final ConcurrentHashMap<String, Subscribers<S>> exact = new ConcurrentHashMap<>();
    private final Node<S> root = new Node<>();
    private final AtomicLong version = new AtomicLong();
    private final MatchCache<S> cache = new MatchCache<>();
    private int size;

    /// Adds a subscription or replaces the subscriber's one with the same filter. Any thread.
    ///
    /// @return the replaced subscription, or null if the subscription is new
    public @Nullable Subscription<S> put(Subscription<S> subscription) {
        TopicFilter filter = subscription.filter();
        synchronized (lock) {
            Subscription<S> replaced =
                    filter.hasWildcard() ? putWildcard(subscription) : putExact(filter.text(), subscription);
            if (replaced == null) {
                size++;
            }
            version.incrementAndGet();
            return replaced;
        }
    }

    private @Nullable Subscription<S> putExact(String text, Subscription<S> subscription) {
        Subscribers<S> present = exact.get(text);
        Subscription<S> replaced = Subscribers.of(present, subscription.subscriber());
        exact.put(text, Subscribers.with(present, subscription));
        return replaced;
    }

    private @Nullable Subscription<S> putWildcard(Subscription<S> subscription) {
        Node<S> node = root;
        for (String level : subscription.filter().levels()) {
            if (level.equals(TopicFilter.MULTI_LEVEL)) {
                Subscription<S> replaced = Subscribers.of(node.below, subscription.subscriber());
                node.below = Subscribers.with(node.below, subscription);
                return replaced;
            }
            Node<S> child = node.child(level);
            if (child == null) {
                child = new Node<>();
                node.addChild(level, child);
            }
            node = child;
        }
        Subscription<S> replaced = Subscribers.of(node.here, subscription.subscriber());
        node.here = Subscribers.with(node.here, subscription);
        return replaced;
    }

    /// Removes a subscriber's subscription to `filter`. Any thread.
    ///
    /// @return the removed subscription, or null if there was none
    public @Nullable Subscription<S> remove(S subscriber, TopicFilter filter) {
        synchronized (lock) {
            Subscription<S> removed = filter.hasWildcard()
                    ? removeWildcard(root, filter.levels(), 0, subscriber)
                    : removeExact(filter.text(), subscriber);
            if (removed != null) {
                size--;
                version.incrementAndGet();
            }
            return removed;
        }
    }

    private @Nullable Subscription<S> removeExact(String text, S subscriber) {
        Subscribers<S> present = exact.get(text);
        Subscription<S> removed = Subscribers.of(present, subscriber);
        Subscribers<S> left = Subscribers.without(present, subscriber);
        if (left == null) {
            exact.remove(text);
        } else {
            exact.put(text, left);
        }
        return removed;
    }

    private @Nullable Subscription<S> removeWildcard(Node<S> node, List<String> levels, int depth, S subscriber) {
        if (depth == levels.size()) {
            Subscription<S> removed = Subscribers.of(node.here, subscriber);
            node.here = Subscribers.without(node.here, subscriber);
            return removed;
        }
        String level = levels.get(depth);
        if (level.equals(TopicFilter.MULTI_LEVEL)) {
            Subscription<S> removed = Subscribers.of(node.below, subscriber);
            node.below = Subscribers.without(node.below, subscriber);
            return removed;
        }
        Node<S> child = node.child(level);
        if (child == null) {
            return null;
        }
        Subscription<S> removed = removeWildcard(child, levels, depth + 1, subscriber);
        if (child.isUnused()) {
            node.removeChild(level);
        }
        return removed;
    }

    /// Number of subscriptions. Any thread.
    public int size() {
        synchronized (lock) {
            return size;
        }
    }

    /// Who gets a message on `topicName`, a checked name. Any thread.
    public Matches<S> match(String topicName) {
        long now = version.get();
        Matches<S> kept = cache.find(topicName, now);
        if (kept != null) {
            return kept;
        }
        Matches<S> found = Matches.of(topicName, find(topicName), now);
        cache.keep(found);
        return found;
    }

    private List<Subscription<S>> find(String topicName) {
        List<Subscription<S>> found = new ArrayList<>(2);
        addAll(exact.get(topicName), found);
        if (root.hasChildren() || root.below != null) {
            List<String> levels = TopicFilter.split(topicName);
            // [MQTT-4.7.2-1]: a wildcard in the first level does not match names that begin with `$`.
            boolean dollar = topicName.charAt(0) == '$';
            walk(root, levels, 0, dollar, found);
        }
        return found;
    }

    private void walk(Node<S> node, List<String> levels, int depth, boolean noWildcard, List<Subscription<S>> found) {
        if (!noWildcard) {
            addAll(node.below, found);
        }
        if (depth == levels.size()) {
            addAll(node.here, found);
            return;
        }
        Node<S> literal = node.child(levels.get(depth));
        if (literal != null) {
            walk(literal, levels, depth + 1, false, found);
        }
        Node<S> any = noWildcard ? null : node.child(TopicFilter.SINGLE_LEVEL);
        if (any != null) {
            walk(any, levels, depth + 1, false, found);
        }
    }

    private void addAll(@Nullable Subscribers<S> some, List<Subscription<S>> found) {
        switch (some) {
            case null -> {}
            case Subscription<S> only -> found.add(only);
            case SubscriberSet<S> set -> {
                for (Subscription<S> each : set.read(lock)) {
                    found.add(each);
                }
            }
        }
    }
}
