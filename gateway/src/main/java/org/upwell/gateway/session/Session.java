// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.session;

import java.net.InetSocketAddress;
import java.time.Instant;
import org.upwell.broker.access.Principal;

/// An application's right to speak for its tenant from one UDP endpoint. Compared by identity: a session that was
/// closed and opened again is another one.
public final class Session {

    private final Principal principal;
    private final InetSocketAddress client;
    private final Instant expiresAt;

    Session(Principal principal, InetSocketAddress client, Instant expiresAt) {
        this.principal = principal;
        this.client = client;
        this.expiresAt = expiresAt;
    }

    public String tenant() {
        return principal.tenant();
    }

    /// Who opened it, for people and logs.
    public String name() {
        return principal.name();
    }

    Principal principal() {
        return principal;
    }

    /// Address and port: login, requests and logout may come from different processes that bind the same port.
    public InetSocketAddress client() {
        return client;
    }

    Instant expiresAt() {
        return expiresAt;
    }

    boolean isOver(Instant now) {
        return !now.isBefore(expiresAt);
    }
}
