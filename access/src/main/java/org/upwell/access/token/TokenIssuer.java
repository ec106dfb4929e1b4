// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.token;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.upwell.access.TenantId;
import org.upwell.broker.store.SessionRecord.QueueLimit;

/// Signs tokens that live for an hour (field protocol §2). Does not ask whether the tenant or the roles exist: its
/// caller knows. Safe for all threads.
public final class TokenIssuer {

    /// How long a token is good.
    public static final Duration LIFE = Duration.ofHours(1);

    private final String name;
    private final SigningKeys keys;
    private final InstantSource clock;

    /// @param name the `iss` claim
    public TokenIssuer(String name, SigningKeys keys, InstantSource clock) {
        this.name = name;
        this.keys = keys;
        this.clock = clock;
    }

    public IssuedToken issue(String tenant, Collection<String> roles) {
        return issue(tenant, roles, null);
    }

    /// @param queueLimit what the token claims for the queues of its sessions, null for nothing
    public IssuedToken issue(String tenant, Collection<String> roles, @Nullable QueueLimit queueLimit) {
        TenantId.check(tenant);
        Instant issuedAt = clock.instant().truncatedTo(ChronoUnit.SECONDS);
        Instant expiresAt = issuedAt.plus(LIFE);
        String id = UUID.randomUUID().toString();
        List<String> names = roles.stream().distinct().sorted().toList();
        JWTClaimsSet.Builder claims = new JWTClaimsSet.Builder()
                .issuer(name)
                .subject(tenant)
                .claim(TokenVerifier.ROLES_CLAIM, names)
                .claim("scope", String.join(" ", names))
                .jwtID(id)
                .issueTime(Date.from(issuedAt))
                .expirationTime(Date.from(expiresAt));
        if (queueLimit != null) {
            claims.claim(TokenVerifier.QUEUE_MESSAGES_CLAIM, queueLimit.messages())
                    .claim(TokenVerifier.QUEUE_BYTES_CLAIM, queueLimit.bytes());
        }
        SigningKeys.Signing signing = keys.signing();
        JWSHeader header = new JWSHeader.Builder(signing.algorithm().jws())
                .keyID(signing.id())
                .type(JOSEObjectType.JWT)
                .build();
        SignedJWT token = new SignedJWT(header, claims.build());
        try {
            token.sign(signing.signer());
        } catch (JOSEException e) {
            throw new IllegalStateException("the key was checked to fit its algorithm when it was read", e);
        }
        return new IssuedToken(token.serialize(), id, Set.copyOf(names), issuedAt, expiresAt);
    }
}
