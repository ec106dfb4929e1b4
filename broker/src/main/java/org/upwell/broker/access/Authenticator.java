// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.access;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// Tells who a peer is.
public interface Authenticator {

    /// Checks credentials. Must not block: slow checks (password hashing, look-ups) run elsewhere and complete the
    /// stage from there. A stage that fails exceptionally counts as [Authentication.Refused] with
    /// [RefusalCause#UNAVAILABLE]. Called on a connection's event loop.
    CompletionStage<Authentication> authenticate(Credentials credentials);

    /// A principal that was admitted earlier as it would be admitted now, with the roles that it has by now; empty
    /// if it would be refused. Asked after users, tenants or roles changed, so it answers at once, from memory, on
    /// any thread.
    default Optional<Principal> readmit(Principal principal) {
        return Optional.of(principal);
    }
}
