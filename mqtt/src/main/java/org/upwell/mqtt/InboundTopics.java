// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import io.netty.buffer.ByteBufUtil;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.topic.InvalidTopicException;
import org.upwell.broker.topic.TopicName;
import org.upwell.codec.Property;
import org.upwell.codec.Publish;
import org.upwell.codec.ReasonCode;

/// The topic names of what one client publishes: their rules, and the aliases that stand for them. Owned by the
/// connection's event loop.
///
/// What a client may use by the maximum that we announce is remembered up to [MqttLimits#topicAliasBytes]: many
/// aliases or long names, but not as many of the longest names as there are aliases. A name beyond that cannot be
/// forgotten in silence, since the client would go on to use its alias, and to refuse only its PUBLISH would not
/// undo the alias either ([MQTT-3.3.2-12]). So the connection ends, with 0x97: the alias as such is valid (0x94 is
/// not), and an implementation's limit is reached.
final class InboundTopics {

    private final MqttConnection connection;
    private final MqttLimits limits;
    private final KnownTopics known = new KnownTopics();
    private @Nullable String @Nullable [] aliases;

    /// UTF-8 bytes of the names in it.
    private long aliasBytes;

    InboundTopics(MqttConnection connection) {
        this.connection = connection;
        this.limits = connection.limits();
    }

    /// The PUBLISH with its topic name in place of an alias ([MQTT-3.3.2-12]), which is learned if it comes with
    /// one. Null if the connection had to end. Whether it is a name that may be used is for [#faultOf] to say.
    @Nullable
    Publish named(Publish publish) {
        int alias =
                publish.properties().isEmpty() ? 0 : (int) publish.properties().integer(Property.TOPIC_ALIAS, 0);
        String topic = alias == 0 ? publish.topic() : resolveAlias(alias, publish.topic());
        if (topic == null) {
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

    /// Why nobody may publish to `topic`: no topic name, too long, or too deep. Null if it is in order.
    @Nullable
    String faultOf(String topic) {
        if (known.isValid(topic)) {
            return null;
        }
        try {
            TopicName.check(topic, limits.maxTopicLevels());
        } catch (InvalidTopicException e) {
            return e.getMessage();
        }
        if (limits.isTooLong(topic)) {
            return "topic name is longer than " + limits.maxTopicBytes() + " bytes";
        }
        known.noteValid(topic);
        return null;
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
            return tryRemember(names, alias, topic) ? topic : null;
        }
        String resolved = names[alias];
        if (resolved == null) {
            connection.disconnect(ReasonCode.PROTOCOL_ERROR, "topic alias " + alias + " stands for no topic name");
        }
        return resolved;
    }

    private boolean tryRemember(@Nullable String[] names, int alias, String topic) {
        String before = names[alias];
        if (topic.equals(before)) {
            // A client that sends both each time; its name is the same object, since the decoder knows it.
            return true;
        }
        long bytes = aliasBytes + ByteBufUtil.utf8Bytes(topic) - (before == null ? 0 : ByteBufUtil.utf8Bytes(before));
        if (bytes > limits.topicAliasBytes()) {
            connection.broker().counters().topicAliasesRefused.increment();
            connection.disconnect(
                    ReasonCode.QUOTA_EXCEEDED,
                    "the topic names of all aliases together are longer than " + limits.topicAliasBytes() + " bytes");
            return false;
        }
        names[alias] = topic;
        aliasBytes = bytes;
        return true;
    }
}
