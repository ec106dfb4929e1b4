// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import org.jspecify.annotations.Nullable;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.topic.InvalidTopicException;
import org.upwell.broker.topic.TopicName;
import org.upwell.codec.Property;
import org.upwell.codec.Publish;
import org.upwell.codec.ReasonCode;

/// The topic names of what one client publishes: their rules, and the aliases that stand for them. Owned by the
/// connection's event loop.
final class InboundTopics {

    private final MqttConnection connection;
    private final MqttLimits limits;
    private final KnownTopics known = new KnownTopics();
    private @Nullable String @Nullable [] aliases;

    InboundTopics(MqttConnection connection) {
        this.connection = connection;
        this.limits = connection.limits();
    }

    /// The PUBLISH with its topic name in place of an alias ([MQTT-3.3.2-12]), which is learned if it comes with
    /// one. Null if the connection had to end.
    @Nullable
    Publish named(Publish publish) {
        int alias =
                publish.properties().isEmpty() ? 0 : (int) publish.properties().integer(Property.TOPIC_ALIAS, 0);
        String topic = alias == 0 ? publish.topic() : resolveAlias(alias, publish.topic());
        if (topic == null || !isNameValid(topic)) {
            return null;
        }
        return publish.topic().isEmpty()
                ? new Publish(
                        topic,
                        publish.payload(),
                        publish.qos(),
                        publish.dup(),
                        publish.retain(),
                        publish.packetId(),
                        publish.properties())
                : publish;
    }

    /// False if it is no topic name or too long; the connection then ends.
    boolean isNameValid(String topic) {
        if (known.isValid(topic)) {
            return true;
        }
        try {
            TopicName.check(topic, limits.maxTopicLevels());
        } catch (InvalidTopicException e) {
            connection.disconnect(ReasonCode.TOPIC_NAME_INVALID, e.getMessage());
            return false;
        }
        if (limits.isTooLong(topic)) {
            connection.disconnect(
                    ReasonCode.TOPIC_NAME_INVALID, "topic name is longer than " + limits.maxTopicBytes() + " bytes");
            return false;
        }
        known.noteValid(topic);
        return true;
    }

    /// True if the client may publish to a name that is valid.
    boolean mayPublish(Permissions permissions, Publish publish) {
        return known.mayPublish(permissions, publish.topic(), publish.qos().code(), publish.retain());
    }

    private @Nullable String resolveAlias(int alias, String topic) {
        // [MQTT-3.2.2-18]
        if (alias > limits.topicAliasMaximum()) {
            connection.disconnect(ReasonCode.TOPIC_ALIAS_INVALID, "topic alias " + alias + " is above the maximum");
            return null;
        }
        @Nullable String[] names = aliases;
        if (names == null) {
            names = new @Nullable String[limits.topicAliasMaximum() + 1];
            aliases = names;
        }
        if (!topic.isEmpty()) {
            names[alias] = topic;
            return topic;
        }
        String resolved = names[alias];
        if (resolved == null) {
            connection.disconnect(ReasonCode.PROTOCOL_ERROR, "topic alias " + alias + " stands for no topic name");
        }
        return resolved;
    }
}
