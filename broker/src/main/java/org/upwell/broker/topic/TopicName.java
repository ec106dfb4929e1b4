// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

/// The rules for topic names. Names themselves stay strings, since each PUBLISH carries one.
public final class TopicName {

    private TopicName() {}

    /// Checks a topic name that is to be published to: not empty ([MQTT-4.7.3-1]), no NUL ([MQTT-4.7.3-2]), no
    /// wildcards ([MQTT-3.3.2-2]), at most `maxLevels` levels.
    public static void check(String name, int maxLevels) throws InvalidTopicException {
        if (name.isEmpty()) {
            throw new InvalidTopicException("topic name is empty");
        }
        int levels = 1;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == '+' || c == '#' || c == '\0') {
                throw new InvalidTopicException("topic name contains "
                        + (c == '\0' ? "NUL" : "the wildcard '" + c + "'") + " at position " + i);
            }
            if (c == '/') {
                levels++;
            }
        }
        if (levels > maxLevels) {
            throw new InvalidTopicException(
                    "topic name has " + levels + " levels, at most " + maxLevels + " are allowed");
        }
    }
}
