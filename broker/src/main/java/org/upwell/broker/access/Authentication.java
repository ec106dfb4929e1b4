// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.access;

/// The outcome of an [Authenticator].
public sealed interface Authentication {

    /// The peer is `principal`.
    record Admitted(Principal principal) implements Authentication {}

    /// The peer is refused.
    ///
    /// @param reason for logs, events and MQTT 5 reason strings: names the cause, never the secret
    record Refused(RefusalCause cause, String reason) implements Authentication {}
}
