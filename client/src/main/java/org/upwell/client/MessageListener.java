// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.upwell.codec.Publish;

/// Gets every message that the server sends. Called on the client's event loop, which it must not block.
@FunctionalInterface
public interface MessageListener {

    /// The stage for messages that are dealt with on return; costs nothing.
    CompletionStage<?> DONE = CompletableFuture.completedFuture(null);

    /// Takes a message over. At QoS 1 and 2 it is acknowledged when the returned stage completes, in the order of
    /// arrival ([MQTT-4.6.0-2], [MQTT-4.6.0-3]), so one that waits holds back those behind it. Not completed before
    /// the connection ends, it comes again (QoS 1) or is acknowledged on the next connection (QoS 2).
    ///
    /// A stage that fails refuses the message: in MQTT 5 with the reason of an [MqttException], else by ending the
    /// connection without an acknowledgement.
    CompletionStage<?> onMessage(Publish message);

    /// Acknowledges each message when `consumer` returns.
    static MessageListener of(Consumer<Publish> consumer) {
        return message -> {
            consumer.accept(message);
            return DONE;
        };
    }
}
