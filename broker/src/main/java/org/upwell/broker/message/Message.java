// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.message;

import org.jspecify.annotations.Nullable;

/// A message as it was published. Immutable and shared by all its subscribers; whoever creates it gives up
/// `payload`.
///
/// @param topic a checked topic name
/// @param qos 0 to 2, as published
/// @param retain the publisher's retain flag
/// @param expiresAtMillis wall-clock end of life, milliseconds since the epoch, or [#NEVER]
/// @param publisher the session that published it, null for the broker itself and for protocols without sessions
public record Message(
        String topic,
        byte[] payload,
        int qos,
        boolean retain,
        long expiresAtMillis,
        MessageProperties properties,
        @Nullable SessionKey publisher) {

    /// Expiry of a message that does not expire.
    public static final long NEVER = Long.MAX_VALUE;

    /// A message without properties, expiry or publisher.
    public static Message of(String topic, byte[] payload, int qos) {
        return new Message(topic, payload, qos, false, NEVER, MessageProperties.NONE, null);
    }

    public boolean isExpiredAt(long nowMillis) {
        return expiresAtMillis <= nowMillis;
    }

    /// What this message counts for in byte bounds: payload, topic and properties, bytes and characters.
    public int weightBytes() {
        return payload.length + topic.length() + properties.weightBytes();
    }

    /// Never shows the payload.
    @Override
    public String toString() {
        return "Message[" + topic + ", qos=" + qos + ", retain=" + retain + ", payloadBytes=" + payload.length + "]";
    }
}
