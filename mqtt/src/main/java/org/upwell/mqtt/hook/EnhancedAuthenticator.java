// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt.hook;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;

/// One method of enhanced authentication (MQTT 5 §4.12): any number of AUTH packets each way before CONNACK, and
/// again whenever the client re-authenticates. Never called on an event loop.
public interface EnhancedAuthenticator {

    /// The *authentication method* that a CONNECT names to choose this one.
    String method();

    /// Begins an exchange, which is one client's alone.
    Exchange begin(Start start);

    /// What is known when an exchange begins.
    ///
    /// @param userName as in CONNECT; null if there is none, and when a client re-authenticates
    /// @param current who the client is until now; null at CONNECT
    record Start(
            String listener,
            String clientId,
            @Nullable String userName,
            @Nullable Principal current) {}

    /// One exchange, from the first data of the client to success or failure.
    interface Exchange {

        /// Answers the client. Asked once per packet, never again before it has answered. A stage that fails means
        /// [RefusalCause#UNAVAILABLE].
        ///
        /// @param data the authentication data; null if the packet has none
        CompletionStage<Step> next(byte @Nullable [] data);

        /// The connection ended in the middle.
        default void abandoned() {}
    }

    /// An answer to the client.
    sealed interface Step {

        /// AUTH 0x18: the client is to go on.
        record Continue(byte @Nullable [] data) implements Step {}

        /// The client is `principal`. Who re-authenticates must stay of one tenant.
        record Success(Principal principal, byte @Nullable [] data) implements Step {}

        /// The connection is refused, or ends if it was re-authenticating.
        ///
        /// @param reason for events and reason strings: names the cause, never the secret
        record Failure(RefusalCause cause, String reason) implements Step {}
    }
}
