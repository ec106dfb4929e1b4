// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.message.Message;

/// The last retained message of each topic name, found by name or by filter.
///
/// ```text
/// 1.  Shared read-mostly: changes under one lock, look-ups from any thread; a look-up beside a change may or may
///     not see it.
/// 2.  Of the messages for one topic name that the store took the one with the highest sequence stays, as in the
///     store, whoever comes first: some take their place only when they are committed, and one that took it at once
///     loses it again if the store refuses it.
/// 3.  Who is subscribed is looked up while the place is taken, and a subscription is made between two places. So
///     each retained message reaches a new subscription in one of two ways: as retained, or as one that is published.
/// 4.  A sequence for a copy of what is kept is drawn only while no message that waits for commit is to take its
///     place: that one has its sequence already, and the copy would come after it in the queues that keep both.
/// ```
public final class RetainedMessages {

    private static final class Node extends LevelNode<Node> {
        private volatile @Nullable Kept kept;
    }

    /// What has a place.
    private static final class Kept extends ExpiryHeap.Entry {
        private final Message message;
        private final long sequence;
        /// In which places were taken.
        private final long order;

        private Kept(Message message, long sequence, long order) {
            this.message = message;
            this.sequence = sequence;
            this.order = order;
        }

        @Override
        long expiresAtMillis() {
            return message.expiresAtMillis();
        }
    }

    /// The messages of one topic name while some of them wait for commit.
    private static final class Pending {
        /// Those that wait, whether they have taken the place or not.
        private int count;
        /// Those of them that take it, if at all, when they are committed.
        private int announced;
        /// Who is to be told when one of those did, or will not.
        private @Nullable Set<Waiter> waiters;
        /// Those that took the place, by sequence: none below the highest that is committed.
        private final TreeMap<Long, Message> takers = new TreeMap<>();
    }

    /// Is told that what [#ifHeld] was not sure of may be asked again. Called under no lock, on any thread; must be
    /// quick.
    public interface Waiter {
        void settled();
    }

    /// The answer of [#ifHeld] while another message may be about to take the place.
    public static final long NOT_YET = -1;

    /// How a message took its place.
    ///
    /// @param seen what the look-up found at that moment
    public record Taken<T>(long sequence, T seen) {}

    /// How a subscription was made.
    ///
    /// @param asOf tells [#matching] which messages were there before; later ones come as they are published
    public record Subscribed(boolean isNew, long asOf) {}

    private final Object lock = new Object();
    private final ConcurrentHashMap<String, Kept> byName = new ConcurrentHashMap<>();
    private final Node root = new Node();
    // Guarded by the lock.
    private final Map<String, Pending> pending = new HashMap<>();
    private final ExpiryHeap expiring = new ExpiryHeap();
    private long order;

    /// Keeps `message` for its topic name in place of what was there ([MQTT-3.3.1-5]); an empty payload removes it
    /// ([MQTT-3.3.1-6], [MQTT-3.3.1-7]). For what no store may refuse. Any thread.
    ///
    /// @param sequences gives the message its sequence, in the order in which places are taken
    /// @param look runs at the moment at which the place is taken
    public <T> Taken<T> put(Message message, LongSupplier sequences, Supplier<T> look) {
        synchronized (lock) {
            long sequence = sequences.getAsLong();
            place(message, sequence);
            return new Taken<>(sequence, look.get());
        }
    }

    /// As [#put], for a message that the store has yet to take: [#committed] or [#refused] follows.
    public <T> Taken<T> take(Message message, LongSupplier sequences, Supplier<T> look) {
        synchronized (lock) {
            await(message.topic());
            return put(message, sequences, look);
        }
    }

    /// The store took what [#take] put into its place. Any thread.
    public void committed(Message message, long sequence) {
        synchronized (lock) {
            Pending waiting = pending.get(message.topic());
            if (waiting != null) {
                waiting.takers.headMap(sequence).clear();
                waitsNoMore(message.topic(), waiting);
            }
        }
    }

    /// The store did not take what [#take] put into its place: whatever it has instead comes back. Any thread.
    public void refused(Message message, long sequence) {
        synchronized (lock) {
            Pending waiting = pending.get(message.topic());
            if (waiting != null) {
                waiting.takers.remove(sequence);
                showHighest(message.topic(), waiting);
                waitsNoMore(message.topic(), waiting);
            }
        }
    }

    /// As the store kept it.
    public void restore(long sequence, Message message) {
        synchronized (lock) {
            place(message, sequence);
        }
    }

    /// Draws a sequence for a message that takes its place later, by [#settle], or never, by [#abandon]. Any
    /// thread.
    public long announce(Message message, LongSupplier sequences) {
        synchronized (lock) {
            await(message.topic()).announced++;
            return sequences.getAsLong();
        }
    }

    /// The announced message is committed. Any thread.
    ///
    /// @param look runs at the moment at which the place is taken
    /// @return what it found; null if a later message has the place
    public <T> @Nullable T settle(Message message, long sequence, Supplier<T> look) {
        T found;
        Set<Waiter> waiters;
        synchronized (lock) {
            boolean isLast = place(message, sequence);
            waiters = decided(message.topic());
            committed(message, sequence);
            found = isLast ? look.get() : null;
        }
        waiters.forEach(Waiter::settled);
        return found;
    }

    /// The announced message is not kept. Any thread.
    public void abandon(Message message) {
        Set<Waiter> waiters;
        synchronized (lock) {
            waiters = decided(message.topic());
            Pending waiting = pending.get(message.topic());
            if (waiting != null) {
                waitsNoMore(message.topic(), waiting);
            }
        }
        waiters.forEach(Waiter::settled);
    }

    /// An announced message took its place or never will.
    ///
    /// @return whom to tell
    private Set<Waiter> decided(String topicName) {
        Pending waiting = pending.get(topicName);
        if (waiting == null) {
            return Set.of();
        }
        waiting.announced--;
        Set<Waiter> told = waiting.waiters == null ? Set.of() : waiting.waiters;
        waiting.waiters = null;
        return told;
    }

    /// Takes the message of a topic name away without another in its place, since there is no space for one. Any
    /// thread.
    ///
    /// @param look runs at that moment
    /// @return with the sequence of what was there, 0 for nothing; null if messages for it wait for commit, so that
    ///     it cannot be said which one would stay
    public <T> @Nullable Taken<T> clear(String topicName, Supplier<T> look) {
        synchronized (lock) {
            if (pending.containsKey(topicName)) {
                return null;
            }
            Kept kept = byName.get(topicName);
            remove(topicName);
            return new Taken<>(kept == null ? 0 : kept.sequence, look.get());
        }
    }

    /// Makes a subscription while no place is taken. Any thread.
    ///
    /// @param subscribe true if the subscription is new; must be quick
    public Subscribed subscribing(BooleanSupplier subscribe) {
        synchronized (lock) {
            return new Subscribed(subscribe.getAsBoolean(), order);
        }
    }

    private Pending await(String topicName) {
        Pending waiting = pending.get(topicName);
        if (waiting == null) {
            waiting = new Pending();
            pending.put(topicName, waiting);
            Kept kept = byName.get(topicName);
            if (kept != null) {
                waiting.takers.put(kept.sequence, kept.message);
            }
        }
        waiting.count++;
        return waiting;
    }

    private void waitsNoMore(String topicName, Pending waiting) {
        if (--waiting.count == 0) {
            pending.remove(topicName);
        }
    }

    /// False if a later message has the place.
    private boolean place(Message message, long sequence) {
        Pending waiting = pending.get(message.topic());
        if (waiting == null) {
            show(message, sequence, ++order);
            return true;
        }
        waiting.takers.put(sequence, message);
        if (waiting.takers.lastKey() != sequence) {
            return false;
        }
        show(message, sequence, ++order);
        return true;
    }

    @SuppressWarnings("ReferenceEquality") // What is shown already is not shown anew.
    private void showHighest(String topicName, Pending waiting) {
        Map.Entry<Long, Message> highest = waiting.takers.lastEntry();
        Kept kept = byName.get(topicName);
        if (highest == null) {
            remove(topicName);
        } else if (kept == null || kept.message != highest.getValue()) {
            // It was there before whatever subscription is being made.
            show(highest.getValue(), highest.getKey(), 0);
        }
    }

    private void show(Message message, long sequence, long placed) {
        if (message.payload().length == 0) {
            remove(message.topic());
            return;
        }
        Kept kept = new Kept(message, sequence, placed);
        leaves(byName.put(message.topic(), kept));
        expiring.add(kept);
        Node node = root;
        for (String level : TopicFilter.split(message.topic())) {
            Node child = node.child(level);
            if (child == null) {
                child = new Node();
                node.addChild(level, child);
            }
            node = child;
        }
        node.kept = kept;
    }

    private void remove(String topicName) {
        Kept kept = byName.remove(topicName);
        if (kept != null) {
            leaves(kept);
            prune(root, TopicFilter.split(topicName), 0);
        }
    }

    private void leaves(@Nullable Kept before) {
        if (before != null) {
            expiring.remove(before);
        }
    }

    private static void prune(Node node, List<String> levels, int depth) {
        if (depth == levels.size()) {
            node.kept = null;
            return;
        }
        Node child = node.child(levels.get(depth));
        if (child != null) {
            prune(child, levels, depth + 1);
            if (child.kept == null && !child.hasChildren()) {
                node.removeChild(levels.get(depth));
            }
        }
    }

    /// A message whose time is over and that still has its place, the longest over of them; null if there is none.
    /// Any thread; costs nothing but the reading of a field while there is none.
    public @Nullable Message expiredAt(long nowMillis) {
        if (expiring.nextMillis() > nowMillis) {
            return null;
        }
        synchronized (lock) {
            return expiring.first() instanceof Kept kept && kept.message.isExpiredAt(nowMillis) ? kept.message : null;
        }
    }

    /// Lets go of `message` if it is still the one kept for its topic name, as when it expired. Any thread.
    ///
    /// @return its sequence, 0 if another one is kept or none
    @SuppressWarnings("ReferenceEquality") // An equal message published later must stay.
    public long removeIfSame(Message message) {
        synchronized (lock) {
            Kept kept = byName.get(message.topic());
            if (kept == null || kept.message != message) {
                return 0;
            }
            remove(message.topic());
            return kept.sequence;
        }
    }

    /// True if this very message is the one kept for its topic name. Any thread.
    @SuppressWarnings("ReferenceEquality") // As said.
    public boolean holds(Message message) {
        Kept kept = byName.get(message.topic());
        return kept != null && kept.message == message;
    }

    /// Draws a sequence if this very message is the one kept for its topic name: lower than that of whatever takes
    /// the place afterwards. Any thread.
    ///
    /// @param waiter told once if the answer is [#NOT_YET]; given again meanwhile it is told once all the same
    /// @return 0 if another one is kept or none; [#NOT_YET] if a message that has its sequence may take the place
    public long ifHeld(Message message, LongSupplier sequences, Waiter waiter) {
        synchronized (lock) {
            if (!holds(message)) {
                return 0;
            }
            Pending waiting = pending.get(message.topic());
            if (waiting == null || waiting.announced == 0) {
                return sequences.getAsLong();
            }
            if (waiting.waiters == null) {
                waiting.waiters = new HashSet<>();
            }
            waiting.waiters.add(waiter);
            return NOT_YET;
        }
    }

    public int size() {
        return byName.size();
    }

    /// The retained messages that `filter` matches, in no order. Any thread.
    public List<Message> matching(TopicFilter filter) {
        return matching(filter, Long.MAX_VALUE);
    }

    /// Those of them that were there when a subscription was made. Any thread.
    ///
    /// @param asOf from [Subscribed]
    public List<Message> matching(TopicFilter filter, long asOf) {
        List<Message> found = new ArrayList<>();
        if (filter.hasWildcard()) {
            walk(root, filter.levels(), 0, new Found(found, asOf));
        } else {
            new Found(found, asOf).add(byName.get(filter.text()));
        }
        return found;
    }

    /// Collects what was there at a moment.
    private record Found(List<Message> messages, long asOf) {
        private void add(@Nullable Kept kept) {
            if (kept != null && kept.order <= asOf) {
                messages.add(kept.message);
            }
        }
    }

    private static void walk(Node node, List<String> levels, int depth, Found found) {
        if (depth == levels.size()) {
            found.add(node.kept);
            return;
        }
        String level = levels.get(depth);
        // [MQTT-4.7.2-1]: a wildcard in the first level does not match names that begin with `$`.
        boolean first = depth == 0;
        if (level.equals(TopicFilter.MULTI_LEVEL)) {
            if (!first) {
                found.add(node.kept);
            }
            node.forEachChild((name, child) -> {
                if (!first || !name.startsWith("$")) {
                    all(child, found);
                }
            });
        } else if (level.equals(TopicFilter.SINGLE_LEVEL)) {
            node.forEachChild((name, child) -> {
                if (!first || !name.startsWith("$")) {
                    walk(child, levels, depth + 1, found);
                }
            });
        } else {
            Node child = node.child(level);
            if (child != null) {
                walk(child, levels, depth + 1, found);
            }
        }
    }

    private static void all(Node node, Found found) {
        found.add(node.kept);
        node.forEachChild((name, child) -> all(child, found));
    }
}
