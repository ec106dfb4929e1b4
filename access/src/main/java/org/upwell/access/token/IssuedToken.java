// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.token;

import java.time.Instant;
import java.util.Set;

/// A token that was just signed.
///
/// @param id its `jti`
public record IssuedToken(String token, String id, Set<String> roles, Instant issuedAt, Instant expiresAt) {

    public IssuedToken {
        roles = Set.copyOf(roles);
    }

    /// Never shows the token.
    @Override
    public String toString() {
        return "IssuedToken[id=" + id + ", roles=" + roles + ", expiresAt=" + expiresAt + "]";
    }
}
