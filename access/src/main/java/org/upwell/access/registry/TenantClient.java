// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.registry;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.store.SessionRecord.QueueLimit;

/// A client ID with its secret, which a tenant's programs exchange for tokens.
///
/// @param secretDigest SHA-256 of the secret, in hex. The secret is 256 random bits that no person chose, so there
///     is nothing to guess that a slow hash would slow down; and clients exchange it for each REST call.
/// @param roles what its tokens assert
/// @param queueLimit what its tokens claim for the queues of their sessions; null if nothing
public record TenantClient(
        String clientId,
        String secretDigest,
        Set<String> roles,
        @Nullable QueueLimit queueLimit) {

    public TenantClient {
        roles = Set.copyOf(roles);
    }

    /// One whose tokens claim nothing for queues.
    public TenantClient(String clientId, String secretDigest, Set<String> roles) {
        this(clientId, secretDigest, roles, null);
    }

    /// Compares in constant time.
    public boolean matches(String secret) {
        return MessageDigest.isEqual(
                digest(secret).getBytes(StandardCharsets.US_ASCII), secretDigest.getBytes(StandardCharsets.US_ASCII));
    }

    static String digest(String secret) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(secret.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /// Never shows the digest.
    @Override
    public String toString() {
        return "TenantClient[clientId=" + clientId + ", roles=" + roles + "]";
    }
}
