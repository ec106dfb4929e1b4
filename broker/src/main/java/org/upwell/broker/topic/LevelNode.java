// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// A node of a tree of topic levels. Most nodes have one child or none, so a map is made only for the second.
///
/// Shared read-mostly: changes under the owner tree's lock, look-ups from any thread. A reader sees each child
/// either before or after a change.
///
/// @param <N> the node type itself
abstract class LevelNode<N extends LevelNode<N>> {

    private record Only<N>(String level, N node) {}

    /// Null, an [Only], or a map from level to node.
    private volatile @Nullable Object children;

    @SuppressWarnings("unchecked") // The field holds nothing but what this class put there.
    @Nullable
    N child(String level) {
        Object current = children;
        if (current == null) {
            return null;
        }
        if (current instanceof Only<?> only) {
            return only.level.equals(level) ? (N) only.node : null;
        }
        return ((Map<String, N>) current).get(level);
    }

    @SuppressWarnings("unchecked") // As above.
    void addChild(String level, N node) {
        Object current = children;
        if (current == null) {
            children = new Only<>(level, node);
        } else if (current instanceof Only<?> only) {
            Map<String, N> map = new ConcurrentHashMap<>(4);
            map.put(only.level, (N) only.node);
            map.put(level, node);
            children = map;
        } else {
            ((Map<String, N>) current).put(level, node);
        }
    }

    void removeChild(String level) {
        Object current = children;
        if (current instanceof Only<?> only && only.level.equals(level)) {
            children = null;
        } else if (current instanceof Map<?, ?> map) {
            map.remove(level);
            if (map.isEmpty()) {
                children = null;
            }
        }
    }

    boolean hasChildren() {
        return children != null;
    }

    /// What is done with each child.
    interface Visitor<N> {
        void visit(String level, N node);
    }

    @SuppressWarnings("unchecked") // As above.
    void forEachChild(Visitor<N> visitor) {
        Object current = children;
        if (current instanceof Only<?> only) {
            visitor.visit(only.level, (N) only.node);
        } else if (current != null) {
            ((Map<String, N>) current).forEach(visitor::visit);
        }
    }
}
