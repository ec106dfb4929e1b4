// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.upwell.access.role.RoleQueue;
import org.upwell.mqtt.MqttLimits;

/// The broker and its listeners.
///
/// @param queueLimit messages that one client's queue holds
/// @param queueBytes bytes of topics, payloads and properties that one client's queue holds
/// @param qos0Bytes bytes of QoS 0 messages that wait for one connection that cannot take them now
/// @param sharedRedelivery when what a member of a shared subscription did not acknowledge goes to another
/// @param sysInterval how often the `$SYS` tree is published; zero if it is not
/// @param topicAliasMaximum topic aliases that an MQTT 5 client may use towards us; 0 for none
/// @param maxTopicLevels levels that a topic name or filter may have
/// @param checkPayloadFormat true to refuse a payload that is said to be UTF-8 and is not
/// @param rehearsal true to have code compiled once the server is ready, before many clients need it
public record MqttConfig(
        List<ListenerConfig> listeners,
        int queueLimit,
        long queueBytes,
        QueueOverflow queueOverflow,
        long qos0Bytes,
        SharedRedelivery sharedRedelivery,
        Duration sysInterval,
        int topicAliasMaximum,
        int maxTopicLevels,
        boolean checkPayloadFormat,
        boolean rehearsal) {
    public static final int DEFAULT_QUEUE_LIMIT = 50_000;
    public static final long DEFAULT_QUEUE_BYTES = 64L << 20;
    public static final long DEFAULT_QOS_0_BYTES = 1L << 20;
    public static final Duration DEFAULT_SYS_INTERVAL = Duration.ofSeconds(10);
    public static final int DEFAULT_TOPIC_ALIASES = MqttLimits.DEFAULT.topicAliasMaximum();
    public static final int DEFAULT_TOPIC_LEVELS = MqttLimits.DEFAULT.maxTopicLevels();
    /// Each level is walked by a call within the one before.
    private static final int MOST_TOPIC_LEVELS = 1_000;
    private static final int MAX_TOPIC_ALIASES = 65_535;
    private static final Duration MAX_SYS_INTERVAL = Duration.ofHours(1);
    private static final long MAX_QOS_0_BYTES = 1L << 30;

    public MqttConfig {
        listeners = List.copyOf(listeners);
    }

    /// The given listeners with the default queue.
    public static MqttConfig of(List<ListenerConfig> listeners) {
        return new MqttConfig(
                listeners,
                DEFAULT_QUEUE_LIMIT,
                DEFAULT_QUEUE_BYTES,
                QueueOverflow.DROP_NEWEST,
                DEFAULT_QOS_0_BYTES,
                SharedRedelivery.SESSION_END,
                DEFAULT_SYS_INTERVAL,
                DEFAULT_TOPIC_ALIASES,
                DEFAULT_TOPIC_LEVELS,
                false,
                true);
    }

    static List<ListenerConfig> defaultListeners() {
        return List.of(
                ListenerConfig.of(
                        "tls", ListenerType.TLS, new BindAddress(BindAddress.ANY, ListenerConfig.MQTT_TLS_PORT)),
                ListenerConfig.of("tcp", ListenerType.TCP, BindAddress.loopback(ListenerConfig.MQTT_PORT)));
    }

    static MqttConfig read(Section section) {
        List<ListenerConfig> listeners = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Section each : section.sections("listeners")) {
            ListenerConfig listener = ListenerConfig.read(each);
            if (!names.add(listener.name())) {
                each.fault("name", "'" + listener.name() + "' is taken by another listener");
            }
            listeners.add(listener);
        }
        int queueLimit = section.integer("queue-limit", DEFAULT_QUEUE_LIMIT, 1, RoleQueue.MAX_MESSAGES);
        long queueBytes = section.size("queue-bytes", DEFAULT_QUEUE_BYTES, 1, RoleQueue.MAX_BYTES);
        QueueOverflow queueOverflow =
                section.choice("queue-overflow", QueueOverflow.DROP_NEWEST, QueueOverflow::spelling);
        SharedRedelivery sharedRedelivery =
                section.choice("shared-redelivery", SharedRedelivery.SESSION_END, SharedRedelivery::spelling);
        long qos0Bytes = section.size("qos-0-bytes", DEFAULT_QOS_0_BYTES, 0, MAX_QOS_0_BYTES);
        Duration sysInterval = section.duration("sys-interval", DEFAULT_SYS_INTERVAL, MAX_SYS_INTERVAL);
        int topicAliases = section.integer("topic-alias-maximum", DEFAULT_TOPIC_ALIASES, 0, MAX_TOPIC_ALIASES);
        int topicLevels = section.integer("max-topic-levels", DEFAULT_TOPIC_LEVELS, 1, MOST_TOPIC_LEVELS);
        boolean checkPayloadFormat = section.flag("check-payload-format", false);
        boolean rehearsal = section.flag("rehearsal", true);
        section.refuseUnknownKeys();
        return new MqttConfig(
                section.has("listeners") ? listeners : defaultListeners(),
                queueLimit,
                queueBytes,
                queueOverflow,
                qos0Bytes,
                sharedRedelivery,
                sysInterval,
                topicAliases,
                topicLevels,
                checkPayloadFormat,
                rehearsal);
    }
}
