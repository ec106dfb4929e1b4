// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.registry;

import java.util.Set;

/// A new client with its secret, which is shown this once and kept nowhere. The secret has no character that would
/// need escaping in JSON, for existing clients do not escape (field protocol §2).
public record IssuedClient(String clientId, String clientSecret, Set<String> roles) {

    public IssuedClient {
        roles = Set.copyOf(roles);
    }

    /// Never shows the secret.
    @Override
    public String toString() {
        return "IssuedClient[clientId=" + clientId + ", roles=" + roles + "]";
    }
}
