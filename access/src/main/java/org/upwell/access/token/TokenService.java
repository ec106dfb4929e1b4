// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.token;

import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.upwell.access.AccessEvent;
import org.upwell.access.AccessEvents;
import org.upwell.access.Printable;
import org.upwell.access.registry.AccessDirectory;
import org.upwell.access.registry.Tenants;
import org.upwell.access.role.RoleTable;
import org.upwell.broker.store.SessionRecord.QueueLimit;

/// Exchanges a client ID and secret for a token. Takes a millisecond or so for the signature and never blocks. Safe
/// for all threads.
public final class TokenService {

    /// The outcome of an exchange.
    public sealed interface Exchange {

        /// Here is the token.
        record Granted(IssuedToken token) implements Exchange {}

        /// No token; `reason` is for whoever asked and tells no secret.
        record Refused(Fault fault, String reason) implements Exchange {}
    }

    /// Why an exchange is refused.
    public enum Fault {
        /// Unknown client, wrong secret, or a disabled tenant: not told apart to whoever asks.
        INVALID_CLIENT,
        /// A role was asked for that the client does not have.
        INVALID_SCOPE
    }

    private static final Exchange INVALID_CLIENT =
            new Exchange.Refused(Fault.INVALID_CLIENT, "unknown client ID or wrong secret");

    private final AccessDirectory directory;
    private final TokenIssuer issuer;
    private final AccessEvents events;

    public TokenService(AccessDirectory directory, TokenIssuer issuer, AccessEvents events) {
        this.directory = directory;
        this.issuer = issuer;
        this.events = events;
    }

    /// A token with all roles of the client.
    public Exchange exchange(String clientId, String clientSecret) {
        return exchange(clientId, clientSecret, Set.of());
    }

    /// @param requestedRoles the only roles that the token shall assert; all of the client's if empty
    public Exchange exchange(String clientId, String clientSecret, Set<String> requestedRoles) {
        Tenants.Ownership found = directory.tenants().findClient(clientId).orElse(null);
        if (found == null || !found.client().matches(clientSecret)) {
            return refused(clientId, INVALID_CLIENT, "unknown client ID or wrong secret");
        }
        String tenant = found.tenant().id();
        if (!found.tenant().enabled()) {
            return refused(clientId, INVALID_CLIENT, "tenant is disabled");
        }
        RoleTable table = directory.roles();
        Set<String> roles = new HashSet<>(found.client().roles());
        // The table may have changed since the client was made.
        roles.removeIf(role -> !table.mayHave(tenant, role));
        if (!roles.containsAll(requestedRoles)) {
            Exchange refusal =
                    new Exchange.Refused(Fault.INVALID_SCOPE, "a role was asked for that the client does not have");
            return refused(clientId, refusal, "asked for a role that it does not have");
        }
        if (!requestedRoles.isEmpty()) {
            roles.retainAll(requestedRoles);
        }
        IssuedToken token = issuer.issue(
                tenant,
                roles,
                bounded(found.client().queueLimit(), found.tenant().queueLimit()));
        events.on(new AccessEvent.TokenIssued(tenant, clientId, token.id()));
        return new Exchange.Granted(token);
    }

    /// The tenant's limit may have been lowered since the client was made.
    private static @Nullable QueueLimit bounded(@Nullable QueueLimit claimed, @Nullable QueueLimit most) {
        return claimed == null || most == null
                ? claimed
                : new QueueLimit(
                        Math.min(claimed.messages(), most.messages()), Math.min(claimed.bytes(), most.bytes()));
    }

    private Exchange refused(String clientId, Exchange refusal, String reason) {
        events.on(new AccessEvent.TokenRefused(Printable.cut(clientId, 80), reason));
        return refusal;
    }
}
