// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.Algorithm;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.access.AccessEvent;
import org.upwell.access.registry.AccessDirectory;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;
import org.upwell.broker.store.SessionRecord.QueueLimit;

@Timeout(60)
class TokenVerifierTest {

    private static final String OWN = "upwell";
    private static final String FOREIGN = "https://partner.example";
    private static final List<String> CONSUMER = List.of("BUBBLE_UP_READ_CONSUMER");

    @TempDir
    Path data;

    private final ManualClock clock = new ManualClock();
    private final List<AccessEvent> events = new CopyOnWriteArrayList<>();
    private AccessDirectory directory;
    private SigningKeys keys;
    private TokenVerifier verifier;
    private TokenIssuer issuer;

    @BeforeEach
    void open() throws IOException {
        directory = AccessDirectory.open(data);
        directory.tenants().add("testTenant");
        // EC keys are made quickly; RSA has tests of its own.
        keys = SigningKeys.open(directory.files(), SigningAlgorithm.ES256);
        verifier = new TokenVerifier(directory, clock, Duration.ofSeconds(30), events::add);
        verifier.trustOwn(OWN, keys);
        issuer = new TokenIssuer(OWN, keys, clock);
    }

    @AfterEach
    void close() {
        directory.close();
    }

    private JWTClaimsSet.Builder claims(String issuerName, String tenant) {
        Instant now = clock.instant();
        return new JWTClaimsSet.Builder()
                .issuer(issuerName)
                .subject(tenant)
                .claim("mqttScope", CONSUMER)
                .issueTime(Date.from(now))
                .expirationTime(Date.from(now.plusSeconds(3600)));
    }

    private static String signed(JWTClaimsSet claims, JWSAlgorithm algorithm, JWSSigner signer, String keyId)
            throws JOSEException {
        SignedJWT jwt =
                new SignedJWT(new JWSHeader.Builder(algorithm).keyID(keyId).build(), claims);
        jwt.sign(signer);
        return jwt.serialize();
    }

    /// Signed as our own tokens are, whatever it claims.
    private String own(JWTClaimsSet claims) throws JOSEException {
        return signed(
                claims,
                JWSAlgorithm.ES256,
                keys.signing().signer(),
                keys.signing().id());
    }

    private Principal admitted(String token) {
        Authentication outcome = verifier.verify(token);
        assertThat(outcome).isInstanceOf(Authentication.Admitted.class);
        return ((Authentication.Admitted) outcome).principal();
    }

    private void assertRefused(String token, RefusalCause cause, String reason) {
        assertThat(verifier.verify(token)).isEqualTo(new Authentication.Refused(cause, reason));
        // A second time, lest something was remembered.
        assertThat(verifier.verify(token)).isEqualTo(new Authentication.Refused(cause, reason));
    }

    private void assertBad(String token, String reason) {
        assertRefused(token, RefusalCause.BAD_CREDENTIALS, reason);
    }

    @Test
    void ourOwnTokenTellsTenantRolesAndTimes() {
        IssuedToken token = issuer.issue("testTenant", List.of("APPLICATION", "BUBBLE_UP_READ_CONSUMER"));
        Instant issued = Instant.parse("2026-11-22T12:00:00Z");
        assertThat(admitted(token.token()))
                .isEqualTo(new Principal(
                        "testTenant",
                        "testTenant",
                        Set.of("APPLICATION", "BUBBLE_UP_READ_CONSUMER"),
                        issued,
                        issued.plusSeconds(3600)));
        assertThat(token.issuedAt()).isEqualTo(issued);
        assertThat(token.toString()).doesNotContain(token.token());
    }

    /// Field protocol §2: the claims that existing clients know, and no others.
    @Test
    void ourOwnTokenHasExactlyTheAgreedClaims() throws Exception {
        SignedJWT jwt = SignedJWT.parse(issuer.issue("testTenant", List.of("PRESENCE_CONSUMER", "APPLICATION"))
                .token());
        assertThat(jwt.getHeader().toJSONObject())
                .isEqualTo(Map.of(
                        "alg", "ES256", "typ", "JWT", "kid", keys.signing().id()));
        Map<String, Object> claims = jwt.getPayload().toJSONObject();
        assertThat(claims).containsOnlyKeys("iss", "sub", "mqttScope", "scope", "jti", "iat", "exp");
        assertThat(claims)
                .containsEntry("iss", "upwell")
                .containsEntry("sub", "testTenant")
                .containsEntry("mqttScope", List.of("APPLICATION", "PRESENCE_CONSUMER"))
                .containsEntry("scope", "APPLICATION PRESENCE_CONSUMER")
                .containsEntry("iat", Instant.parse("2026-11-22T12:00:00Z").getEpochSecond())
                .containsEntry("exp", Instant.parse("2026-11-22T13:00:00Z").getEpochSecond());
        assertThat(claims.get("jti")).asString().matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    }

    @Test
    void aTokenIsGoodMoreThanOnceUntilItExpires() {
        String token = issuer.issue("testTenant", CONSUMER).token();
        admitted(token);
        clock.advance(Duration.ofSeconds(3600 + 29));
        admitted(token);
        clock.advance(Duration.ofSeconds(2));
        assertBad(token, "token has expired");
    }

    @Test
    void aTokenFromTheFutureIsRefusedUntilItsTime() throws JOSEException {
        String early = own(claims(OWN, "testTenant")
                .issueTime(Date.from(clock.instant().plusSeconds(60)))
                .build());
        String notYet = own(claims(OWN, "testTenant")
                .notBeforeTime(Date.from(clock.instant().plusSeconds(60)))
                .build());
        assertBad(early, "token is not yet good");
        assertBad(notYet, "token is not yet good");
        clock.advance(Duration.ofSeconds(31));
        admitted(early);
        admitted(notYet);
    }

    @Test
    void aTokenWithoutTimesOrTenantIsRefused() throws JOSEException {
        String fault = "token lacks sub, iat or exp";
        assertBad(own(claims(OWN, "testTenant").expirationTime(null).build()), fault);
        assertBad(own(claims(OWN, "testTenant").issueTime(null).build()), fault);
        assertBad(own(claims(OWN, "testTenant").subject(null).build()), fault);
    }

    @Test
    void anotherKeyIsRefusedEvenUnderOurKeyId() throws JOSEException {
        JWSSigner other = new ECDSASigner((ECKey) SigningAlgorithm.ES256.generate());
        JWTClaimsSet claims = claims(OWN, "testTenant").build();
        String fault = "token's signature is not its issuer's";
        assertBad(signed(claims, JWSAlgorithm.ES256, other, keys.signing().id()), fault);
        assertBad(signed(claims, JWSAlgorithm.ES256, other, "unheard-of"), fault);
        assertBad(signed(claims, JWSAlgorithm.ES256, keys.signing().signer(), "unheard-of"), fault);
    }

    @Test
    void aChangedClaimIsRefused() {
        String[] parts = issuer.issue("testTenant", CONSUMER).token().split("\\.", -1);
        String payload = new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8);
        String changed = payload.replace("READ_CONSUMER", "ALERT_CONSUMER");
        assertThat(changed).isNotEqualTo(payload);
        String forged = parts[0] + "."
                + Base64.getUrlEncoder().withoutPadding().encodeToString(changed.getBytes(StandardCharsets.UTF_8)) + "."
                + parts[2];
        assertBad(forged, "token's signature is not its issuer's");
    }

    @Test
    void anUnknownIssuerIsRefused() throws JOSEException {
        assertBad(own(claims("somebody", "testTenant").build()), "token's issuer is not trusted");
        assertBad(own(claims(OWN, "testTenant").issuer(null).build()), "token's issuer is not trusted");
    }

    @Test
    void noSignatureIsNoToken() {
        PlainJWT plain = new PlainJWT(claims(OWN, "testTenant").build());
        assertThat(plain.serialize()).endsWith(".");
        assertBad(plain.serialize(), "token is malformed");
        assertBad(plain.serialize() + "c2ln", "token is malformed");
    }

    @Test
    void thePublicKeyIsNoSharedSecret() throws Exception {
        RSAKey rsa = new RSAKeyGenerator(2048).keyID("partner").generate();
        trustForeign(rsa.toPublicJWK(), Set.of("*"), Set.of("*"));
        // What an attacker has: the public key in each of its forms, used as an HMAC secret.
        List<byte[]> secrets = List.of(
                rsa.toRSAPublicKey().getEncoded(),
                rsa.toPublicJWK().toJSONString().getBytes(StandardCharsets.UTF_8),
                ("-----BEGIN PUBLIC KEY-----\n"
                                + Base64.getMimeEncoder(64, new byte[] {'\n'})
                                        .encodeToString(rsa.toRSAPublicKey().getEncoded())
                                + "\n-----END PUBLIC KEY-----\n")
                        .getBytes(StandardCharsets.UTF_8));
        for (byte[] secret : secrets) {
            String forged =
                    signed(claims(FOREIGN, "testTenant").build(), JWSAlgorithm.HS256, new MACSigner(secret), "partner");
            assertBad(forged, "token's signature is not its issuer's");
        }
        // The same key and a longer hash is not what was agreed either.
        String longer =
                signed(claims(FOREIGN, "testTenant").build(), JWSAlgorithm.RS512, new RSASSASigner(rsa), "partner");
        assertBad(longer, "token's signature is not its issuer's");
    }

    @Test
    void whatIsNoTokenIsRefused() {
        assertBad("", "token is malformed");
        assertBad("a.b.c", "token is malformed");
        assertBad("eyJhbGciOiJSUzI1NiJ9.bm90IGpzb24.c2ln", "token is malformed");
        assertBad("x".repeat(20_000), "token is longer than 16384 characters");
    }

    @Test
    void rolesOfTheWrongTypeAreRefused() throws JOSEException {
        assertBad(
                own(claims(OWN, "testTenant").claim("mqttScope", "APPLICATION").build()), "token is malformed");
        assertBad(own(claims(OWN, "testTenant").claim("mqttScope", List.of(1)).build()), "token is malformed");
    }

    @Test
    void theUsersOwnTenantCannotBeClaimed() throws JOSEException {
        assertBad(own(claims(OWN, "ssni").build()), "token claims the users' own tenant");
    }

    @Test
    void anUnknownTenantIsRefused() throws JOSEException {
        assertBad(own(claims(OWN, "nobody").build()), "token is for a tenant that is not registered");
        assertBad(own(claims(OWN, "").build()), "token is for a tenant that is not registered");
        assertBad(own(claims(OWN, "+").build()), "token is for a tenant that is not registered");
    }

    @Test
    void aDisabledTenantIsRefusedAtOnceAndBackAtOnce() throws IOException {
        String token = issuer.issue("testTenant", CONSUMER).token();
        admitted(token);
        directory.tenants().enable("testTenant", false);
        assertRefused(token, RefusalCause.NOT_AUTHORIZED, "tenant is disabled");
        directory.tenants().enable("testTenant", true);
        admitted(token);
    }

    @Test
    void internalRolesAreIgnoredAndReported() {
        IssuedToken token = issuer.issue("testTenant", List.of("APPLICATION", "OPERATOR", "ADMIN", "UNHEARD_OF"));
        assertThat(admitted(token.token()).roles()).containsExactly("APPLICATION");
        assertThat(events)
                .containsExactlyInAnyOrder(
                        new AccessEvent.InternalRoleAsserted(OWN, "testTenant", "OPERATOR"),
                        new AccessEvent.InternalRoleAsserted(OWN, "testTenant", "ADMIN"));
    }

    @Test
    void noRoleThatCountsMeansNotAuthorized() throws JOSEException {
        String reason = "token has no role that it may assert";
        assertRefused(issuer.issue("testTenant", List.of("OPERATOR")).token(), RefusalCause.NOT_AUTHORIZED, reason);
        assertRefused(issuer.issue("testTenant", List.of()).token(), RefusalCause.NOT_AUTHORIZED, reason);
        assertRefused(
                own(claims(OWN, "testTenant").claim("mqttScope", null).build()), RefusalCause.NOT_AUTHORIZED, reason);
    }

    private void trustForeign(JWK key, Set<String> tenants, Set<String> roles) throws IOException {
        Path file = data.resolve("partner.json");
        Files.writeString(file, new JWKSet(key).toString());
        verifier.trust(new TrustedIssuer(FOREIGN, file, tenants, roles));
    }

    @Test
    void anotherIssuerSpeaksForItsTenantsAndRolesOnly() throws Exception {
        directory.tenants().add("other");
        RSAKey rsa = new RSAKeyGenerator(2048).keyID("partner").generate();
        trustForeign(rsa.toPublicJWK(), Set.of("testTenant"), Set.of("BUBBLE_UP_READ_CONSUMER"));
        JWSSigner signer = new RSASSASigner(rsa);
        String both = signed(
                claims(FOREIGN, "testTenant")
                        .claim("mqttScope", List.of("BUBBLE_UP_READ_CONSUMER", "APPLICATION"))
                        .build(),
                JWSAlgorithm.RS256,
                signer,
                "partner");
        Principal principal = admitted(both);
        assertThat(principal.roles()).containsExactly("BUBBLE_UP_READ_CONSUMER");
        assertThat(principal.name()).isEqualTo("testTenant");
        assertThat(events).containsExactly(new AccessEvent.ForeignRoleAsserted(FOREIGN, "testTenant", "APPLICATION"));
        assertBad(
                signed(claims(FOREIGN, "other").build(), JWSAlgorithm.RS256, signer, "partner"),
                "token's issuer does not speak for its tenant");
        // Its key is good for its own name only.
        assertBad(
                signed(claims(OWN, "testTenant").build(), JWSAlgorithm.RS256, signer, "partner"),
                "token's signature is not its issuer's");
    }

    private static JWTClaimsSet claimingQueue(JWTClaimsSet.Builder claims, long messages) {
        return claims.claim("mqttQueueMessages", messages)
                .claim("mqttQueueBytes", 9_000)
                .build();
    }

    @Test
    void queuesAreClaimedByOurOwnTokensAlone() throws Exception {
        ECKey key = (ECKey) SigningAlgorithm.ES256.generate();
        trustForeign(key.toPublicJWK(), Set.of("*"), Set.of("*"));
        String foreign = signed(
                claimingQueue(claims(FOREIGN, "testTenant"), 70_000),
                JWSAlgorithm.ES256,
                new ECDSASigner(key),
                key.getKeyID());

        assertThat(admitted(own(claimingQueue(claims(OWN, "testTenant"), 70_000)))
                        .queueLimit())
                .isEqualTo(new QueueLimit(70_000, 9_000));
        assertThat(admitted(foreign).queueLimit()).isNull();
        assertBad(own(claimingQueue(claims(OWN, "testTenant"), 2_000_001)), "token claims an impossible queue");
    }

    @Test
    void anotherIssuersNewKeysAreTakenUpAndItsOldOnesDropped() throws Exception {
        directory.watch(Duration.ofMillis(20));
        ECKey old = (ECKey) SigningAlgorithm.ES256.generate();
        trustForeign(old.toPublicJWK(), Set.of("*"), Set.of("*"));
        JWTClaimsSet claims = claims(FOREIGN, "testTenant").build();
        String before = signed(claims, JWSAlgorithm.ES256, new ECDSASigner(old), old.getKeyID());
        admitted(before);
        ECKey next = (ECKey) SigningAlgorithm.ES256.generate();
        Files.writeString(data.resolve("partner.json"), new JWKSet(next.toPublicJWK()).toString());
        String after = signed(claims, JWSAlgorithm.ES256, new ECDSASigner(next), next.getKeyID());
        await().until(() -> verifier.verify(after) instanceof Authentication.Admitted);
        assertBad(before, "token's signature is not its issuer's");
    }

    @Test
    void issuersThatCannotBeTrustedAreNamed() throws Exception {
        Path missing = data.resolve("missing.json");
        assertThatThrownBy(() -> verifier.trust(new TrustedIssuer("x", missing, Set.of(), Set.of())))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("missing.json: there is no such file, expected the keys of issuer 'x'");
        Path weak = data.resolve("weak.json");
        JWK encryption = SigningAlgorithm.ES256.generate();
        Files.writeString(
                weak,
                new JWKSet(new ECKey.Builder((ECKey) encryption)
                                .algorithm(Algorithm.parse("ECDH-ES"))
                                .build()
                                .toPublicJWK())
                        .toString());
        assertThatThrownBy(() -> verifier.trust(new TrustedIssuer("x", weak, Set.of(), Set.of())))
                .hasMessageContaining("weak.json: has no key for RS256 or ES256 signatures");
        Path keySet = data.resolve("good.json");
        Files.writeString(keySet, keys.publicJson());
        assertThatThrownBy(() -> verifier.trust(new TrustedIssuer(OWN, keySet, Set.of("*"), Set.of("*"))))
                .hasMessage("issuer 'upwell' is named twice");
    }
}
