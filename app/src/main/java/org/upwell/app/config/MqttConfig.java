// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// The broker and its listeners.
///
/// @param queueLimit messages that one client's queue holds
/// @param sharedRedelivery when what a member of a shared subscription did not acknowledge goes to another
public record MqttConfig(
        List<ListenerConfig> listeners,
        int queueLimit,
        QueueOverflow queueOverflow,
        SharedRedelivery sharedRedelivery) {
    public static final int DEFAULT_QUEUE_LIMIT = 50_000;
    /// The most that any role may be given.
    private static final int MAX_QUEUE_LIMIT = 2_000_000;

    public MqttConfig {
        listeners = List.copyOf(listeners);
    }

    /// The given listeners with the default queue.
    public static MqttConfig of(List<ListenerConfig> listeners) {
        return new MqttConfig(listeners, DEFAULT_QUEUE_LIMIT, QueueOverflow.DROP_NEWEST, SharedRedelivery.SESSION_END);
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
        int queueLimit = section.integer("queue-limit", DEFAULT_QUEUE_LIMIT, 1, MAX_QUEUE_LIMIT);
        QueueOverflow queueOverflow =
                section.choice("queue-overflow", QueueOverflow.DROP_NEWEST, QueueOverflow::spelling);
        SharedRedelivery sharedRedelivery =
                section.choice("shared-redelivery", SharedRedelivery.SESSION_END, SharedRedelivery::spelling);
        section.refuseUnknownKeys();
        return new MqttConfig(
                section.has("listeners") ? listeners : defaultListeners(), queueLimit, queueOverflow, sharedRedelivery);
    }
}
