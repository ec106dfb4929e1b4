// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.role;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Finds whether one of many topic filters that match a topic name carries a wanted mark. Immutable once built; a
/// search walks the name once per branch and allocates nothing.
final class LevelTree {

    /* A node stands for the levels on the way to it. A literal level is looked up by length and content while there
     * are few, else by the same hash as String.hashCode, worked out over the part of the name without cutting it out.
     * The work does not grow with the number of filters but only with that of the '+' branches that really match.
     */

    /// Up to this many literal children are compared one after the other.
    private static final int FEW = 4;

    private int endMarks;
    private int multiLevelMarks;
    private @Nullable LevelTree singleLevel;
    private final Map<String, LevelTree> building = new LinkedHashMap<>();
    private String[] names = {};
    private LevelTree[] children = {};

    private LevelTree() {}

    /// A filter's levels and the marks, one per bit, that a match gives.
    record Entry(List<String> levels, int marks) {}

    static LevelTree of(List<Entry> entries) {
        LevelTree root = new LevelTree();
        entries.forEach(entry -> root.add(entry, 0));
        root.freeze();
        return root;
    }

    private void add(Entry entry, int depth) {
        if (depth == entry.levels().size()) {
            endMarks |= entry.marks();
            return;
        }
        String level = entry.levels().get(depth);
        if (level.equals("#")) {
            multiLevelMarks |= entry.marks();
            return;
        }
        LevelTree child;
        if (level.equals("+")) {
            child = singleLevel == null ? new LevelTree() : singleLevel;
            singleLevel = child;
        } else {
            child = building.computeIfAbsent(level, _ -> new LevelTree());
        }
        child.add(entry, depth + 1);
    }

    private void freeze() {
        int size = building.size() <= FEW ? building.size() : Integer.highestOneBit(building.size()) * 4;
        names = new String[size];
        children = new LevelTree[size];
        int next = 0;
        for (Map.Entry<String, LevelTree> entry : building.entrySet()) {
            int slot = next++;
            if (size > FEW) {
                slot = slot(entry.getKey().hashCode(), size);
                while (names[slot] != null) {
                    slot = (slot + 1) & (size - 1);
                }
            }
            names[slot] = entry.getKey();
            children[slot] = entry.getValue();
            entry.getValue().freeze();
        }
        building.clear();
        if (singleLevel != null) {
            singleLevel.freeze();
        }
    }

    private static int slot(int hash, int size) {
        return (hash ^ hash >>> 16) & (size - 1);
    }

    /// True if a filter with one of the `wanted` marks matches `topicName`. Names that begin with `$` are not
    /// matched by a leading wildcard ([MQTT-4.7.2-1]).
    boolean matches(String topicName, int wanted) {
        if (topicName.startsWith("$")) {
            int end = endOfLevel(topicName, 0);
            LevelTree child = literal(topicName, 0, end);
            return child != null && child.matches(topicName, end + 1, wanted);
        }
        return matches(topicName, 0, wanted);
    }

    /// @param from where the next level begins; beyond the end of the name if none is left
    private boolean matches(String topicName, int from, int wanted) {
        if ((multiLevelMarks & wanted) != 0) {
            return true;
        }
        if (from > topicName.length()) {
            return (endMarks & wanted) != 0;
        }
        int end = endOfLevel(topicName, from);
        LevelTree child = literal(topicName, from, end);
        return (child != null && child.matches(topicName, end + 1, wanted))
                || (singleLevel != null && singleLevel.matches(topicName, end + 1, wanted));
    }

    private static int endOfLevel(String topicName, int from) {
        int slash = topicName.indexOf('/', from);
        return slash < 0 ? topicName.length() : slash;
    }

    private @Nullable LevelTree literal(String topicName, int from, int end) {
        if (names.length <= FEW) {
            for (int i = 0; i < names.length; i++) {
                if (isLevel(names[i], topicName, from, end)) {
                    return children[i];
                }
            }
            return null;
        }
        int hash = 0;
        for (int i = from; i < end; i++) {
            hash = 31 * hash + topicName.charAt(i);
        }
        for (int slot = slot(hash, names.length); names[slot] != null; slot = (slot + 1) & (names.length - 1)) {
            if (isLevel(names[slot], topicName, from, end)) {
                return children[slot];
            }
        }
        return null;
    }

    private static boolean isLevel(String name, String topicName, int from, int end) {
        return name.length() == end - from && topicName.startsWith(name, from);
    }
}
