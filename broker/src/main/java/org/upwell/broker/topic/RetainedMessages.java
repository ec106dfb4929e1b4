// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.message.Message;

/// The last retained message of each topic name, found by name or by filter.
///
/// Shared read-mostly: changes under one lock, look-ups from any thread; a look-up beside a change may or may not
/// see it.
public final class RetainedMessages {

    private static final class Node extends LevelNode<Node> {
        private volatile @Nullable Message message;
    }

    private final Object lock = new Object();
    private final ConcurrentHashMap<String, Message> byName = new ConcurrentHashMap<>();
    private final Node root = new Node();

    /// Keeps `message` for its topic name in place of what was there ([MQTT-3.3.1-5]); an empty payload removes it
    /// ([MQTT-3.3.1-6], [MQTT-3.3.1-7]). Any thread.
    public void put(Message message) {
        synchronized (lock) {
            if (message.payload().length == 0) {
                remove(message.topic());
                return;
            }
            byName.put(message.topic(), message);
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
    @SuppressWarnings("ReferenceEquality") // An equal message published later must stay.
    public void removeIfSame(Message message) {
        synchronized (lock) {
            if (byName.get(message.topic()) == message) {
                remove(message.topic());
            }
        }
    }

    /// True if this very message is the one kept for its topic name. Any thread.
    @SuppressWarnings("ReferenceEquality") // As said.
    public boolean holds(Message message) {
        return byName.get(message.topic()) == message;
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
            Message message = byName.get(filter.text());
            if (message != null) {
                found.add(message);
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
