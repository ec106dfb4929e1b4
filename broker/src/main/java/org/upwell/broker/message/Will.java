// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.message;

/// What is to be published when a connection ends without a clean DISCONNECT.
///
/// @param delaySeconds 0 to 4,294,967,295; ends early with the session ([MQTT-3.1.3-9])
/// @param expirySeconds message expiry interval counted from publication (MQTT 5 §3.1.3.2.4), or [#NO_EXPIRY]
public record Will(Message message, long delaySeconds, long expirySeconds) {

    public static final long NO_EXPIRY = -1;

    /// The message as it is published at the given wall-clock time.
    public Message messageAt(long nowMillis) {
        if (expirySeconds == NO_EXPIRY) {
            return message;
        }
        return new Message(
                message.topic(),
                message.payload(),
                message.qos(),
                message.retain(),
                nowMillis + expirySeconds * 1000,
                message.properties(),
                message.publisher());
    }
}
