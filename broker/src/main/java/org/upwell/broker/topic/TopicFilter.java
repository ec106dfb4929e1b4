// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import java.util.ArrayList;
import java.util.List;

/// A checked topic filter, without any `$share/` prefix. Immutable; comparing and hashing go by its text.
public final class TopicFilter {

    static final String SINGLE_LEVEL = "+";
    static final String MULTI_LEVEL = "#";

    /// Its levels are not kept beside it: of a million filters they would take more memory than all the rest.
    private final String text;

    private TopicFilter(String text) {
        this.text = text;
    }

    /// Parses and checks: not empty, no NUL ([MQTT-4.7.3-1], [MQTT-4.7.3-2]), `#` alone and last in its level
    /// ([MQTT-4.7.1-1]), `+` alone in its level ([MQTT-4.7.1-2]).
    public static TopicFilter parse(String text) throws InvalidTopicException {
        if (text.isEmpty()) {
            throw new InvalidTopicException("topic filter is empty");
        }
        if (text.indexOf('\0') >= 0) {
            throw new InvalidTopicException("topic filter contains NUL");
        }
        List<String> levels = split(text);
        for (int i = 0; i < levels.size(); i++) {
            checkLevel(text, levels.get(i), i == levels.size() - 1);
        }
        return new TopicFilter(text);
    }

    private static void checkLevel(String text, String level, boolean last) throws InvalidTopicException {
        if (level.indexOf('#') >= 0 && (level.length() > 1 || !last)) {
            throw new InvalidTopicException("'#' must stand alone in the last level of topic filter " + cut(text));
        }
        if (level.indexOf('+') >= 0 && level.length() > 1) {
            throw new InvalidTopicException("'+' must stand alone in its level of topic filter " + cut(text));
        }
    }

    /// The levels of a topic name or filter; empty levels count ([MQTT-4.7.3-1] and §4.7.1.1).
    static List<String> split(String text) {
        List<String> levels = new ArrayList<>();
        int start = 0;
        for (int slash = text.indexOf('/'); slash >= 0; slash = text.indexOf('/', start)) {
            levels.add(text.substring(start, slash));
            start = slash + 1;
        }
        levels.add(text.substring(start));
        return levels;
    }

    private static String cut(String text) {
        return text.length() <= 80 ? text : text.substring(0, 80) + "…";
    }

    public String text() {
        return text;
    }

    /// Made anew with each call.
    public List<String> levels() {
        return split(text);
    }

    /// How many levels it has.
    public int depth() {
        int depth = 1;
        for (int slash = text.indexOf('/'); slash >= 0; slash = text.indexOf('/', slash + 1)) {
            depth++;
        }
        return depth;
    }

    public boolean hasWildcard() {
        return text.indexOf('+') >= 0 || text.endsWith(MULTI_LEVEL);
    }

    private boolean startsWithWildcard() {
        char first = text.charAt(0);
        // A wildcard stands alone in its level.
        return first == '+' || first == '#';
    }

    /// True if a message published to `topicName` matches ([MQTT-4.7.2-1]: names that begin with `$` are not
    /// matched by a leading wildcard). Walks both texts without allocating.
    public boolean matches(String topicName) {
        if (!topicName.isEmpty() && topicName.charAt(0) == '$' && startsWithWildcard()) {
            return false;
        }
        return includes(topicName);
    }

    /// The wildcard that is the level beginning at `start`, 0 if it is none.
    private static char wildcardAt(String text, int start) {
        char first = start < text.length() ? text.charAt(start) : 0;
        return first == '+' || first == '#' ? first : 0;
    }

    private static int levelEnd(String text, int start) {
        int slash = text.indexOf('/', start);
        return slash < 0 ? text.length() : slash;
    }

    /// True if every topic name that `other` matches is matched by this filter too. Walks both texts without
    /// allocating.
    public boolean covers(TopicFilter other) {
        if (startsWithWildcard() && other.text.charAt(0) == '$') {
            return false;
        }
        // `a/#` matches `a` too, but no topic name is empty: what stands before these two is no name, so that they
        // ask for no more than `+/#` and `/+/#` do.
        String wanted = switch (other.text) {
            case "#" -> "+/#";
            case "/#" -> "/+/#";
            default -> other.text;
        };
        return includes(wanted);
    }

    /// Level by level; no topic name has a level `#`.
    private boolean includes(String wanted) {
        int position = 0;
        int own = 0;
        while (own <= text.length()) {
            char wildcard = wildcardAt(text, own);
            if (wildcard == '#') {
                return true;
            }
            if (position > wanted.length() || wildcardAt(wanted, position) == '#') {
                return false;
            }
            int ownEnd = levelEnd(text, own);
            int end = levelEnd(wanted, position);
            if (wildcard != '+' && !isSame(own, ownEnd, wanted, position, end)) {
                return false;
            }
            own = ownEnd + 1;
            position = end + 1;
        }
        return position > wanted.length();
    }

    private boolean isSame(int own, int ownEnd, String other, int start, int end) {
        return ownEnd - own == end - start && other.regionMatches(start, text, own, ownEnd - own);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TopicFilter filter && filter.text.equals(text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
