// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// Who gets the messages of the topic names that were published to last. Any thread, without a lock; what one
/// thread keeps another may overwrite, which costs a walk and nothing else.
///
/// ```text
/// Idea    A table of fixed size with two places for each hash. A network of a million devices publishes to as many
///         topic names, each rarely: a map would grow, be emptied and grow again, and its nodes with it.
/// 1.      Results with many targets are few and expensive to make, so they have a map, bounded by their targets.
/// Bounds  PLACES results of at most LIGHT targets, and HEAVY_TARGETS targets in all others: some 50 MB each.
/// ```
final class MatchCache<S> {

    private static final int PLACES = 1 << 16;
    /// Longer names are looked up each time: places are bounded by number, and anybody may publish to long ones.
    private static final int LONGEST_NAME = 256;

    private static final int LIGHT = 16;
    private static final long HEAVY_TARGETS = 500_000;

    private final AtomicReferenceArray<@Nullable Matches<S>> light = new AtomicReferenceArray<>(PLACES);
    private final ConcurrentHashMap<String, Matches<S>> heavy = new ConcurrentHashMap<>();
    private final AtomicLong heavyTargets = new AtomicLong();

    /// The result kept for a topic name, null if there is none of this version.
    @Nullable
    Matches<S> find(String topicName, long version) {
        int place = place(topicName);
        Matches<S> kept = light.get(place);
        if (isFor(kept, topicName, version)) {
            return kept;
        }
        kept = light.get(place + 1);
        if (isFor(kept, topicName, version)) {
            return kept;
        }
        kept = heavy.isEmpty() ? null : heavy.get(topicName);
        return isFor(kept, topicName, version) ? kept : null;
    }

    private static boolean isFor(@Nullable Matches<?> kept, String topicName, long version) {
        return kept != null && kept.version() == version && kept.topicName().equals(topicName);
    }

    void keep(Matches<S> found) {
        if (found.topicName().length() > LONGEST_NAME) {
            return;
        }
        if (found.targets().size() <= LIGHT) {
            int place = place(found.topicName());
            light.set(place + 1, light.get(place));
            light.set(place, found);
            return;
        }
        Matches<S> replaced = heavy.put(found.topicName(), found);
        long before = replaced == null ? 0 : replaced.targets().size();
        long more = found.targets().size() - before;
        if (heavyTargets.addAndGet(more) > HEAVY_TARGETS) {
            // Counting use would cost more than walking again.
            heavyTargets.set(0);
            heavy.clear();
        }
    }

    /// The first of two places.
    private static int place(String topicName) {
        int hash = topicName.hashCode();
        return (hash ^ hash >>> 16) << 1 & (PLACES - 1);
    }
}
