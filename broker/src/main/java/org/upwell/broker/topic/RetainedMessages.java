// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.message.Message;

/// The last retained message of each topic name, found by name or by filter.
///
/// Shared read-mostly: changes under one lock, look-ups from any thread; a look-up beside a change may or may not
/// see it. Of two messages for one topic name the one with the higher sequence stays, as in the store, whoever
/// comes first: those of QoS 2 take their place only when they are committed.
public final class RetainedMessages {

    private static final class Node extends LevelNode<Node> {
        private volatile @Nullable Message message;
    }

    private record Kept(Message message, long sequence) {}

    /// Messages of one topic name that have a sequence and no place yet.
    private static final class Pending {
        private int count;
        /// The highest sequence that took or cleared the place since.
        private long latest;
    }

    private final Object lock = new Object();
    private final ConcurrentHashMap<String, Kept> byName = new ConcurrentHashMap<>();
    private final Node root = new Node();
    /// Guarded by the lock.
    private final Map<String, Pending> pending = new HashMap<>();

    /// Keeps `message` for its topic name in place of what was there ([MQTT-3.3.1-5]); an empty payload removes it
    /// ([MQTT-3.3.1-6], [MQTT-3.3.1-7]). Any thread.
    ///
    /// @param sequences gives the message its sequence, in the order in which places are taken
    /// @return that sequence
    public long put(Message message, LongSupplier sequences) {
        synchronized (lock) {
            long sequence = sequences.getAsLong();
            put(message, sequence);
            return sequence;
        }
    }

    /// As the store kept it.
    public void restore(long sequence, Message message) {
        synchronized (lock) {
            put(message, sequence);
        }
    }

    /// Draws a sequence for a message that takes its place later, by [#settle], or never, by [#abandon]. Any
    /// thread.
    public long announce(Message message, LongSupplier sequences) {
        synchronized (lock) {
            pending.computeIfAbsent(message.topic(), topic -> new Pending()).count++;
            return sequences.getAsLong();
        }
    }

    /// The announced message is committed. Any thread.
    public void settle(Message message, long sequence) {
        synchronized (lock) {
            put(message, sequence);
            abandon(message);
        }
    }

    /// The announced message is not kept. Any thread.
    public void abandon(Message message) {
        synchronized (lock) {
            pending.computeIfPresent(message.topic(), (topic, waiting) -> --waiting.count == 0 ? null : waiting);
        }
    }

    private void put(Message message, long sequence) {
        Pending waiting = pending.get(message.topic());
        if (waiting != null) {
            if (sequence < waiting.latest) {
                return;
            }
            waiting.latest = sequence;
        }
        if (message.payload().length == 0) {
            remove(message.topic());
            return;
        }
        byName.put(message.topic(), new Kept(message, sequence));
        Node node = root;
        for (String level : TopicFilter.split(message.topic())) {
            Node child = node.child(level);
            if (child == null) {
                child = new Node();
                node.addChild(level, child);
            }
            node = child;
        }
        node.message = message;
    }

    private void remove(String topicName) {
        if (byName.remove(topicName) != null) {
            prune(root, TopicFilter.split(topicName), 0);
        }
    }

    private static void prune(Node node, List<String> levels, int depth) {
        if (depth == levels.size()) {
            node.message = null;
            return;
        }
        Node child = node.child(levels.get(depth));
        if (child != null) {
            prune(child, levels, depth + 1);
            if (child.message == null && !child.hasChildren()) {
                node.removeChild(levels.get(depth));
            }
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

    public int size() {
        return byName.size();
    }

    /// The retained messages that `filter` matches, in no order. Any thread.
    public List<Message> matching(TopicFilter filter) {
        List<Message> found = new ArrayList<>();
        if (filter.hasWildcard()) {
            walk(root, filter.levels(), 0, found);
        } else {
            Kept kept = byName.get(filter.text());
            if (kept != null) {
                found.add(kept.message);
            }
        }
        return found;
    }

    private static void walk(Node node, List<String> levels, int depth, List<Message> found) {
        if (depth == levels.size()) {
            addMessage(node, found);
            return;
        }
        String level = levels.get(depth);
        // [MQTT-4.7.2-1]: a wildcard in the first level does not match names that begin with `$`.
        boolean first = depth == 0;
        if (level.equals(TopicFilter.MULTI_LEVEL)) {
            if (!first) {
                addMessage(node, found);
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

    private static void all(Node node, List<Message> found) {
        addMessage(node, found);
        node.forEachChild((name, child) -> all(child, found));
    }

    private static void addMessage(Node node, List<Message> found) {
        Message message = node.message;
        if (message != null) {
            found.add(message);
        }
    }
}
