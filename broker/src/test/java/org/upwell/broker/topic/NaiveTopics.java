// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Topic matching written down as plainly as the specification says it (MQTT 5 §4.7), to compare with.
final class NaiveTopics {

    private NaiveTopics() {}

    static boolean matches(String filter, String topic) {
        if (topic.startsWith("$") && (filter.startsWith("+") || filter.startsWith("#"))) {
            return false;
        }
        return matches(List.of(filter.split("/", -1)), List.of(topic.split("/", -1)));
    }

    private static boolean matches(List<String> filter, List<String> topic) {
        if (filter.isEmpty()) {
            return topic.isEmpty();
        }
        String first = filter.getFirst();
        if (first.equals("#")) {
            return true;
        }
        if (topic.isEmpty() || !(first.equals("+") || first.equals(topic.getFirst()))) {
            return false;
        }
        return matches(filter.subList(1, filter.size()), topic.subList(1, topic.size()));
    }

    static TopicFilter filter(String text) {
        try {
            return TopicFilter.parse(text);
        } catch (InvalidTopicException e) {
            throw new AssertionError(e);
        }
    }

    /// All texts of one to `depth` levels from `levels`, but the empty one.
    static List<String> all(List<String> levels, int depth) {
        List<String> found = new ArrayList<>(levels);
        List<String> last = levels;
        for (int i = 1; i < depth; i++) {
            List<String> longer = new ArrayList<>();
            for (String front : last) {
                for (String level : levels) {
                    longer.add(front + "/" + level);
                }
            }
            found.addAll(longer);
            last = longer;
        }
        found.remove("");
        return found;
    }

    /// A random name of one to four levels that often meets [#randomFilter].
    static String randomTopic(Random random) {
        return random(random, List.of("a", "b", "", "$s", "c"));
    }

    static String randomFilter(Random random) {
        String text = random(random, List.of("a", "b", "", "$s", "+", "+"));
        return switch (random.nextInt(8)) {
            case 0, 1 -> text + "/#";
            case 2 -> "#";
            default -> text;
        };
    }

    private static String random(Random random, List<String> levels) {
        List<String> text = new ArrayList<>();
        int depth = 1 + random.nextInt(4);
        for (int i = 0; i < depth; i++) {
            text.add(levels.get(random.nextInt(levels.size())));
        }
        String joined = String.join("/", text);
        return joined.isEmpty() ? "a" : joined;
    }
}
