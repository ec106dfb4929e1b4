// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import org.jspecify.annotations.Nullable;

/// Where the messages of each publisher go: what is expected, what came, and how far each publisher may go on.
/// Owned by the loop.
final class Delivery {
    private final @Nullable EverySubscriber every;
    private final @Nullable OneOfGroup group;
    private final Credit[] credits;
    private final int copies;
    private final boolean pairs;

    private Delivery(
            @Nullable EverySubscriber every, @Nullable OneOfGroup group, Credit[] credits, int copies, boolean pairs) {
        this.every = every;
        this.group = group;
        this.credits = credits;
        this.copies = copies;
        this.pairs = pairs;
    }

    static Delivery of(Topology topology, int publishers, int subscribers, int window) {
        if (topology == Topology.SHARED) {
            return toOne(publishers, subscribers);
        }
        boolean pairs = topology == Topology.PAIRS;
        int copies = pairs ? 1 : subscribers;
        Credit[] credits = new Credit[publishers];
        for (int i = 0; i < publishers; i++) {
            credits[i] = new Credit.Slowest(copies, window);
        }
        EverySubscriber every = new EverySubscriber(subscribers, pairs ? 1 : publishers);
        return new Delivery(every, null, credits, copies, pairs);
    }

    /// Each message reaches one of the subscribers.
    static Delivery toOne(int publishers, int subscribers) {
        OneOfGroup group = new OneOfGroup(subscribers, publishers);
        Credit[] credits = new Credit[publishers];
        for (int i = 0; i < publishers; i++) {
            credits[i] = new Credit.Group(group, i);
        }
        return new Delivery(null, group, credits, 1, false);
    }

    Verifier verifier() {
        return every != null ? every : requireGroup();
    }

    private OneOfGroup requireGroup() {
        if (group == null) {
            throw new IllegalStateException("one of both is there");
        }
        return group;
    }

    /// Deliveries that one message is to become.
    int copies() {
        return copies;
    }

    Credit credit(int stream) {
        return credits[stream];
    }

    /// Whether a subscriber may get messages of a stream at all.
    boolean isMeant(int subscriber, int stream) {
        return stream >= 0 && stream < credits.length && (!pairs || stream == subscriber);
    }

    /// @param sent messages of the stream sent so far
    /// @return whether the publisher may have become free to send
    boolean accept(int subscriber, int stream, long sequence, long sent) {
        if (every == null) {
            return requireGroup().accept(subscriber, stream, sequence);
        }
        SequenceTracker tracker = every.tracker(subscriber, stream);
        long before = tracker.next();
        every.accept(subscriber, stream, sequence);
        long now = tracker.next();
        return now != before && credits[stream] instanceof Credit.Slowest slowest && slowest.moved(before, now, sent);
    }
}
