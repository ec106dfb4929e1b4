// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.token;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.upwell.access.AccessEvent;
import org.upwell.access.AccessEvents;
import org.upwell.access.Printable;
import org.upwell.access.RecentMap;
import org.upwell.access.TenantId;
import org.upwell.access.registry.AccessDirectory;
import org.upwell.access.role.Role;
import org.upwell.access.role.RoleQueue;
import org.upwell.access.role.RoleTable;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;
import org.upwell.broker.store.SessionRecord.QueueLimit;

/// Tells whose a token is, or why it is refused. Works in some ten microseconds without blocking, so on any thread.
public final class TokenVerifier {

    /* Order of checks: form, issuer, signature, then what the claims say. Until the signature is good only `iss` and
     * `kid` are looked at, to find the key. The outcome of the signature check is kept for a while, since clients use
     * a token more than once; all that may change (time, keys, tenants, roles) is checked each time.
     */

    static final String ROLES_CLAIM = "mqttScope";

    /// What a session's queue is to hold; believed in our own tokens alone.
    static final String QUEUE_MESSAGES_CLAIM = "mqttQueueMessages";

    static final String QUEUE_BYTES_CLAIM = "mqttQueueBytes";

    private static final int MAX_KEPT = 10_000;

    /// An issuer with its keys.
    ///
    /// @param isOurs true for our own token service
    private record Issuer(
            String name, Supplier<List<VerifyingKey>> keys, Set<String> tenants, Set<String> roles, boolean isOurs) {

        boolean speaksFor(String tenant) {
            return tenants.contains(TrustedIssuer.ANY) || tenants.contains(tenant);
        }

        boolean mayAssert(String role) {
            return roles.contains(TrustedIssuer.ANY) || roles.contains(role);
        }
    }

    /// What a token with a good signature says.
    ///
    /// @param keys the issuer's keys at the time of the check: others since then, and it is checked again
    private record Claims(
            Issuer issuer,
            List<VerifyingKey> keys,
            String subject,
            List<String> roles,
            Instant issuedAt,
            @Nullable Instant notBefore,
            Instant expiresAt,
            @Nullable QueueLimit queueLimit) {}

    /// A token is no good; the message says why and never contains the token.
    private static final class BadToken extends Exception {
        private static final long serialVersionUID = 1L;

        BadToken(String message) {
            super(message, null, false, false);
        }

        String reason() {
            return String.valueOf(getMessage());
        }
    }

    private final AccessDirectory directory;
    private final InstantSource clock;
    private final Duration skew;
    private final AccessEvents events;
    private final Map<String, Issuer> issuers = new HashMap<>();
    private final RecentMap<String, Claims> checked = new RecentMap<>(MAX_KEPT);

    /// @param skew by how much the clocks of issuers may differ from ours
    public TokenVerifier(AccessDirectory directory, InstantSource clock, Duration skew, AccessEvents events) {
        this.directory = directory;
        this.clock = clock;
        this.skew = skew;
        this.events = events;
    }

    /// Accepts our own tokens, for each tenant and with all roles that are not internal. Not to be called once the
    /// verifier is in use.
    public void trustOwn(String name, SigningKeys keys) {
        trust(new Issuer(name, keys::verifying, Set.of(TrustedIssuer.ANY), Set.of(TrustedIssuer.ANY), true));
    }

    /// Accepts another's tokens. Not to be called once the verifier is in use.
    ///
    /// @throws IOException if its keys cannot be read, with each fault and its line
    public void trust(TrustedIssuer issuer) throws IOException {
        Path file = issuer.keys();
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + ": there is no such file, expected the keys of issuer '"
                    + Printable.cut(issuer.name(), 80) + "'");
        }
        var keys = directory.files().watched(file, KeySetFile::parse, List.<VerifyingKey>of());
        trust(new Issuer(issuer.name(), keys::value, issuer.tenants(), issuer.roles(), false));
    }

    private void trust(Issuer issuer) {
        if (issuers.putIfAbsent(issuer.name(), issuer) != null) {
            throw new IllegalArgumentException("issuer '" + Printable.cut(issuer.name(), 80) + "' is named twice");
        }
    }

    public Authentication verify(String token) {
        Claims claims;
        try {
            claims = claims(token);
        } catch (BadToken e) {
            return refused(RefusalCause.BAD_CREDENTIALS, e.reason());
        }
        return decide(claims);
    }

    private Authentication decide(Claims claims) {
        Instant now = clock.instant();
        if (now.isAfter(claims.expiresAt().plus(skew))) {
            return refused(RefusalCause.BAD_CREDENTIALS, "token has expired");
        }
        Instant notBefore = claims.notBefore();
        if (claims.issuedAt().isAfter(now.plus(skew)) || (notBefore != null && notBefore.isAfter(now.plus(skew)))) {
            return refused(RefusalCause.BAD_CREDENTIALS, "token is not yet good");
        }
        String tenant = claims.subject();
        if (tenant.equals(TenantId.INTERNAL)) {
            return refused(RefusalCause.BAD_CREDENTIALS, "token claims the users' own tenant");
        }
        if (!claims.issuer().speaksFor(tenant)) {
            return refused(RefusalCause.BAD_CREDENTIALS, "token's issuer does not speak for its tenant");
        }
        if (directory.tenants().find(tenant).isEmpty()) {
            return refused(RefusalCause.BAD_CREDENTIALS, "token is for a tenant that is not registered");
        }
        if (!directory.tenants().isEnabled(tenant)) {
            return refused(RefusalCause.NOT_AUTHORIZED, "tenant is disabled");
        }
        Set<String> roles = roles(claims);
        if (roles.isEmpty()) {
            return refused(RefusalCause.NOT_AUTHORIZED, "token has no role that it may assert");
        }
        return new Authentication.Admitted(
                new Principal(tenant, tenant, roles, claims.issuedAt(), claims.expiresAt(), null, claims.queueLimit()));
    }

    private static Authentication refused(RefusalCause cause, String reason) {
        return new Authentication.Refused(cause, reason);
    }

    private Set<String> roles(Claims claims) {
        RoleTable table = directory.roles();
        String issuer = claims.issuer().name();
        Set<String> roles = new HashSet<>();
        for (String name : claims.roles()) {
            Role role = table.find(name).orElse(null);
            if (role == null) {
                continue;
            }
            if (role.isInternal()) {
                events.on(new AccessEvent.InternalRoleAsserted(issuer, claims.subject(), name));
            } else if (!claims.issuer().mayAssert(name)) {
                events.on(new AccessEvent.ForeignRoleAsserted(issuer, claims.subject(), name));
            } else {
                roles.add(name);
            }
        }
        return roles;
    }

    @SuppressWarnings("ReferenceEquality") // New keys are a new list.
    private Claims claims(String token) throws BadToken {
        if (token.length() > TokenForm.MAX_LENGTH) {
            throw new BadToken("token is longer than " + TokenForm.MAX_LENGTH + " characters");
        }
        String digest = digest(token);
        Claims known = checked.get(digest);
        if (known != null && known.keys() == known.issuer().keys().get()) {
            return known;
        }
        Claims claims = check(token);
        checked.put(digest, claims);
        return claims;
    }

    private Claims check(String token) throws BadToken {
        try {
            SignedJWT jwt = SignedJWT.parse(token);
            JWTClaimsSet claims = jwt.getJWTClaimsSet();
            Issuer issuer = claims.getIssuer() == null ? null : issuers.get(claims.getIssuer());
            if (issuer == null) {
                throw new BadToken("token's issuer is not trusted");
            }
            List<VerifyingKey> keys = issuer.keys().get();
            if (!isSigned(jwt, keys)) {
                throw new BadToken("token's signature is not its issuer's");
            }
            return read(issuer, keys, claims);
        } catch (ParseException _) {
            throw new BadToken("token is malformed");
        }
    }

    private static boolean isSigned(SignedJWT jwt, List<VerifyingKey> keys) throws BadToken {
        JWSHeader header = jwt.getHeader();
        for (VerifyingKey key : keys) {
            boolean fits = key.algorithm().jws().equals(header.getAlgorithm())
                    && (header.getKeyID() == null
                            || key.id() == null
                            || header.getKeyID().equals(key.id()));
            if (fits && verifies(key.verifier(), jwt)) {
                return true;
            }
        }
        return false;
    }

    private static boolean verifies(JWSVerifier verifier, SignedJWT jwt) throws BadToken {
        try {
            // Not jwt.verify, which remembers a success.
            return verifier.verify(jwt.getHeader(), jwt.getSigningInput(), jwt.getSignature());
        } catch (JOSEException _) {
            throw new BadToken("token's signature cannot be checked");
        }
    }

    private static Claims read(Issuer issuer, List<VerifyingKey> keys, JWTClaimsSet claims)
            throws ParseException, BadToken {
        String subject = claims.getStringClaim("sub");
        Date issuedAt = claims.getDateClaim("iat");
        Date notBefore = claims.getDateClaim("nbf");
        Date expiresAt = claims.getDateClaim("exp");
        if (subject == null || issuedAt == null || expiresAt == null) {
            throw new BadToken("token lacks sub, iat or exp");
        }
        List<String> roles = claims.getStringListClaim(ROLES_CLAIM);
        return new Claims(
                issuer,
                keys,
                subject,
                roles == null ? List.of() : List.copyOf(roles),
                issuedAt.toInstant(),
                notBefore == null ? null : notBefore.toInstant(),
                expiresAt.toInstant(),
                issuer.isOurs() ? queueLimit(claims) : null);
    }

    private static @Nullable QueueLimit queueLimit(JWTClaimsSet claims) throws ParseException, BadToken {
        Long messages = claims.getLongClaim(QUEUE_MESSAGES_CLAIM);
        Long bytes = claims.getLongClaim(QUEUE_BYTES_CLAIM);
        if (messages == null || bytes == null) {
            return null;
        }
        if (messages < 1 || messages > RoleQueue.MAX_MESSAGES || bytes < 1) {
            throw new BadToken("token claims an impossible queue");
        }
        return new QueueLimit(messages.intValue(), bytes);
    }

    private static String digest(String token) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return Base64.getEncoder().encodeToString(digest.digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
