// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.login;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.AccessEvents;
import org.upwell.access.TenantId;
import org.upwell.access.registry.AccessDirectory;
import org.upwell.access.role.RoleAuthorizer;
import org.upwell.access.token.SigningKeys;
import org.upwell.access.token.TokenIssuer;
import org.upwell.access.token.TokenService;
import org.upwell.access.token.TokenVerifier;
import org.upwell.access.token.TrustedIssuer;

/// All of access for one process, wired. The server and a gateway of its own each open one on the same data
/// directory.
public final class Access implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Access.class);

    private final AccessDirectory directory;
    private final SigningKeys keys;
    private final TokenVerifier verifier;
    private final TokenService tokens;
    private final RoleAuthorizer authorizer;
    private final AccessAuthenticator authenticator;

    private Access(AccessDirectory directory, AccessSettings settings, InstantSource clock, AccessEvents events)
            throws IOException {
        this.directory = directory;
        this.keys = SigningKeys.open(directory.files(), settings.algorithm());
        this.verifier = new TokenVerifier(directory, clock, settings.skew(), events);
        verifier.trustOwn(settings.issuer(), keys);
        for (TrustedIssuer issuer : settings.issuers()) {
            verifier.trust(issuer);
        }
        settings.anonymous().forEach(this::tellOfAnonymous);
        this.tokens = new TokenService(directory, new TokenIssuer(settings.issuer(), keys, clock), events);
        this.authorizer = new RoleAuthorizer(directory::roles);
        this.authenticator =
                new AccessAuthenticator(directory, verifier, settings.anonymous(), settings.passwordWorkers(), events);
    }

    private void tellOfAnonymous(String listener, AnonymousAccess anonymous) {
        List<String> usable = anonymous.roles().stream()
                .filter(role -> directory.roles().mayHave(anonymous.tenant(), role))
                .toList();
        if (usable.isEmpty()) {
            LOG.warn(
                    "Listener {} admits nobody without credentials: tenant {} may have none of the roles {}."
                            + " A role exists in access/roles.yaml, and one with grants beyond"
                            + " '{tenantId}/' is only for tenant {}",
                    listener,
                    anonymous.tenant(),
                    anonymous.roles(),
                    TenantId.INTERNAL);
        } else {
            LOG.warn(
                    "Listener {} admits anyone without credentials as tenant {} with roles {}",
                    listener,
                    anonymous.tenant(),
                    usable);
        }
    }

    /// Opens the folder `access` of `dataDirectory`, with what is missing made, and begins to watch it.
    ///
    /// @throws org.upwell.access.file.BrokenFileException if a file is bad, with each fault and its line
    public static Access open(Path dataDirectory, AccessSettings settings, InstantSource clock, AccessEvents events)
            throws IOException {
        AccessDirectory directory = AccessDirectory.open(dataDirectory);
        try {
            Access access = new Access(directory, settings, clock, events);
            directory.watch();
            return access;
        } catch (IOException | RuntimeException e) {
            directory.close();
            throw e;
        }
    }

    /// Users, tenants, devices, roles; and who to tell of their changes.
    public AccessDirectory directory() {
        return directory;
    }

    public AccessAuthenticator authenticator() {
        return authenticator;
    }

    public RoleAuthorizer authorizer() {
        return authorizer;
    }

    /// Exchanges client secrets for tokens.
    public TokenService tokens() {
        return tokens;
    }

    public TokenVerifier verifier() {
        return verifier;
    }

    public SigningKeys keys() {
        return keys;
    }

    @Override
    public void close() {
        authenticator.close();
        directory.close();
    }
}
