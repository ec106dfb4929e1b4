// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.event;

import java.util.Locale;

/// Why a message did not reach a session that subscribed to it. Every drop is counted under one of these.
public enum DropCause {
    /// The queue's limit by count or bytes was reached.
    QUEUE_FULL,
    /// The message expired while it waited.
    EXPIRED,
    /// The packet would exceed what the client accepts ([MQTT-3.1.2-25]).
    TOO_LARGE,
    /// The session may no longer receive the topic.
    NOT_PERMITTED,
    /// QoS 0 and the connection could not take it.
    QOS_0_PRESSURE,
    /// An interceptor prevented it.
    PREVENTED,
    /// An operator or its own tenant emptied the queue.
    PURGED;

    /// As topics and metrics name it: `queue-full`.
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
