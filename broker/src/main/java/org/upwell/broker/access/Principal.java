// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.access;

import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.store.SessionRecord.QueueLimit;

/// Who authentication says a peer is. Comes from the credential only, never from what the peer writes elsewhere.
///
/// @param tenant the owner of the peer's topic space, a literal that is never parsed as a filter
/// @param name user name; the tenant for the bearer of a token
/// @param roles names of the roles, already cleared of those that this kind of credential may not assert
/// @param issuedAt when a token was issued; null for passwords and anonymous peers. A CONNECT with an older token
///     than the live session's must not take that session over.
/// @param expiresAt when the credential ends; null if it does not
/// @param credential what the [Authenticator] compares, by `equals`, to tell whether the credential is still the
///     same one; never shown, understood by nobody else, null if there is nothing to compare
/// @param queueLimit what the credential asks for its sessions' queues, null if it does not say; what it gets is
///     for [org.upwell.broker.session.SessionDirectory.Limits] to say
public record Principal(
        String tenant,
        String name,
        Set<String> roles,
        @Nullable Instant issuedAt,
        @Nullable Instant expiresAt,
        @Nullable Object credential,
        @Nullable QueueLimit queueLimit) {

    public Principal {
        roles = Set.copyOf(roles);
    }

    /// One whose credential is not compared later.
    public Principal(
            String tenant, String name, Set<String> roles, @Nullable Instant issuedAt, @Nullable Instant expiresAt) {
        this(tenant, name, roles, issuedAt, expiresAt, null, null);
    }

    /// One whose credential says nothing of queues.
    public Principal(
            String tenant,
            String name,
            Set<String> roles,
            @Nullable Instant issuedAt,
            @Nullable Instant expiresAt,
            @Nullable Object credential) {
        this(tenant, name, roles, issuedAt, expiresAt, credential, null);
    }

    public static Principal of(String tenant, String name, Set<String> roles) {
        return new Principal(tenant, name, roles, null, null);
    }
}
