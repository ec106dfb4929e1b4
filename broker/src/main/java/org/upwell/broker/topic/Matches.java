// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/// Who gets a message on one topic name: each subscriber once, its overlapping subscriptions merged. Immutable.
public final class Matches<S> {

    private static final int[] NO_IDS = {};

    /// One subscriber with what its matching subscriptions say together.
    ///
    /// @param qos the greatest QoS of them ([MQTT-3.3.4-2])
    /// @param retainAsPublished true if any of them asks for it
    /// @param noLocal true if at least one of them must not get the subscriber's own messages
    /// @param subscriptionIds identifiers of all of them that have one ([MQTT-3.3.4-3], [MQTT-3.3.4-4])
    public record Target<S>(
            S subscriber,
            int qos,
            boolean retainAsPublished,
            boolean noLocal,
            int[] subscriptionIds,
            List<Subscription<S>> subscriptions) {

        /// The same subscriber for a message that it published itself: without its *no local* subscriptions
        /// ([MQTT-3.8.3-3]). Empty if nothing is left.
        public List<Target<S>> forOwnMessage() {
            List<Subscription<S>> rest = subscriptions.stream()
                    .filter(subscription -> !subscription.noLocal())
                    .toList();
            return rest.isEmpty() ? List.of() : List.of(merge(rest));
        }
    }

    private final String topicName;
    private final List<Target<S>> targets;
    private final long version;

    private Matches(String topicName, List<Target<S>> targets, long version) {
        this.topicName = topicName;
        this.targets = targets;
        this.version = version;
    }

    static <S> Matches<S> of(String topicName, List<Subscription<S>> subscriptions, long version) {
        if (subscriptions.isEmpty()) {
            return new Matches<>(topicName, Collections.emptyList(), version);
        }
        if (subscriptions.size() == 1) {
            return new Matches<>(topicName, List.of(merge(subscriptions)), version);
        }
        IdentityHashMap<S, List<Subscription<S>>> bySubscriber = new IdentityHashMap<>();
        List<S> order = new ArrayList<>();
        for (Subscription<S> subscription : subscriptions) {
            List<Subscription<S>> own = bySubscriber.get(subscription.subscriber());
            if (own == null) {
                bySubscriber.put(subscription.subscriber(), List.of(subscription));
                order.add(subscription.subscriber());
            } else {
                List<Subscription<S>> longer = new ArrayList<>(own);
                longer.add(subscription);
                bySubscriber.put(subscription.subscriber(), longer);
            }
        }
        List<Target<S>> targets = new ArrayList<>(order.size());
        for (S subscriber : order) {
            targets.add(merge(bySubscriber.getOrDefault(subscriber, List.of())));
        }
        return new Matches<>(topicName, targets, version);
    }

    private static <S> Target<S> merge(List<Subscription<S>> subscriptions) {
        int qos = 0;
        boolean retainAsPublished = false;
        boolean noLocal = false;
        int ids = 0;
        for (Subscription<S> subscription : subscriptions) {
            qos = Math.max(qos, subscription.qos());
            retainAsPublished |= subscription.retainAsPublished();
            noLocal |= subscription.noLocal();
            ids += subscription.identifier() > 0 ? 1 : 0;
        }
        int[] identifiers = ids == 0 ? NO_IDS : new int[ids];
        for (Subscription<S> subscription : subscriptions) {
            if (subscription.identifier() > 0) {
                identifiers[--ids] = subscription.identifier();
            }
        }
        return new Target<>(
                subscriptions.getFirst().subscriber(), qos, retainAsPublished, noLocal, identifiers, subscriptions);
    }

    public boolean isEmpty() {
        return targets.isEmpty();
    }

    /// Not to be written to. A list with random access, for loops without an iterator.
    public List<Target<S>> targets() {
        return targets;
    }

    /// Those that get a message now and did not when `earlier` was found.
    public List<Target<S>> targetsBeyond(Matches<S> earlier) {
        if (earlier == this || targets.isEmpty()) {
            return List.of();
        }
        Set<S> before = Collections.newSetFromMap(new IdentityHashMap<>());
        earlier.targets.forEach(target -> before.add(target.subscriber));
        return targets.stream()
                .filter(target -> !before.contains(target.subscriber))
                .toList();
    }

    String topicName() {
        return topicName;
    }

    long version() {
        return version;
    }
}
