// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.access;

import java.util.concurrent.CompletionStage;

/// Tells who a peer is.
public interface Authenticator {

    /// Checks credentials. Must not block: slow checks (password hashing, look-ups) run elsewhere and complete the
    /// stage from there. A stage that fails exceptionally counts as [Authentication.Refused] with
    /// [RefusalCause#UNAVAILABLE]. Called on a connection's event loop.
    CompletionStage<Authentication> authenticate(Credentials credentials);
}
