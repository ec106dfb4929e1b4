// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.login;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.access.AccessEvent;
import org.upwell.access.registry.AccessDirectory;
import org.upwell.access.token.ManualClock;
import org.upwell.access.token.SigningAlgorithm;
import org.upwell.access.token.SigningKeys;
import org.upwell.access.token.TokenIssuer;
import org.upwell.access.token.TokenVerifier;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Credentials;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;

@Timeout(60)
class AccessAuthenticatorTest {

    @TempDir
    Path data;

    private final ManualClock clock = new ManualClock();
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1_000);
    private final List<AccessEvent> events = new CopyOnWriteArrayList<>();
    private AccessDirectory directory;
    private TokenIssuer issuer;
    private AccessAuthenticator authenticator;

    @BeforeEach
    void open() throws IOException {
        directory = AccessDirectory.open(data);
        directory.tenants().add("testTenant");
        directory.users().add("bob", "geheim", Set.of("OPERATOR"));
        SigningKeys keys = SigningKeys.open(directory.files(), SigningAlgorithm.ES256);
        issuer = new TokenIssuer("upwell", keys, clock);
        TokenVerifier verifier = new TokenVerifier(directory, clock, Duration.ZERO, events::add);
        verifier.trustOwn("upwell", keys);
        Map<String, AnonymousAccess> anonymous =
                Map.of("open", new AnonymousAccess("testTenant", Set.of("APPLICATION")));
        authenticator = new AccessAuthenticator(directory, verifier, anonymous, 1, events::add, nanos::get);
    }

    @AfterEach
    void close() {
        authenticator.close();
        directory.close();
    }

    private static Credentials credentials(String listener, @Nullable String name, @Nullable String password) {
        return new Credentials(listener, name, password == null ? null : password.getBytes(StandardCharsets.UTF_8));
    }

    private CompletableFuture<Authentication> begin(@Nullable String name, @Nullable String password) {
        return authenticator.authenticate(credentials("tls", name, password)).toCompletableFuture();
    }

    private Authentication login(@Nullable String name, @Nullable String password) throws Exception {
        return begin(name, password).get(30, TimeUnit.SECONDS);
    }

    private static Authentication refused(RefusalCause cause, String reason) {
        return new Authentication.Refused(cause, reason);
    }

    private static final Authentication WRONG = refused(RefusalCause.BAD_CREDENTIALS, "unknown user or wrong password");

    private static final Authentication OVERLOADED =
            refused(RefusalCause.UNAVAILABLE, "too many passwords wait to be checked");

    private static final Authentication BOB =
            new Authentication.Admitted(Principal.of("ssni", "bob", Set.of("OPERATOR")));

    /// What stays the same when the password changes.
    private static Authentication known(Authentication outcome) {
        return outcome instanceof Authentication.Admitted(Principal admitted)
                ? new Authentication.Admitted(Principal.of(admitted.tenant(), admitted.name(), admitted.roles()))
                : outcome;
    }

    @Test
    void aUserIsOfTheInternalTenant() throws Exception {
        assertThat(known(login("bob", "geheim"))).isEqualTo(BOB);
        assertThat(events)
                .containsExactly(new AccessEvent.LoginAdmitted(AccessEvent.Kind.PASSWORD, "tls", "ssni", "bob"));
    }

    @Test
    void wrongUsersAndPasswordsAreNotToldApart() throws Exception {
        assertThat(login("bob", "Geheim")).isEqualTo(WRONG);
        assertThat(login("eve", "geheim")).isEqualTo(WRONG);
        assertThat(login("bob", "")).isEqualTo(WRONG);
        assertThat(login("", "geheim")).isEqualTo(WRONG);
        assertThat(login(null, "geheim")).isEqualTo(refused(RefusalCause.BAD_CREDENTIALS, "no user name"));
        assertThat(login("bob", null)).isEqualTo(refused(RefusalCause.BAD_CREDENTIALS, "no password or token"));
        assertThat(login("bob", "x".repeat(2_000)))
                .isEqualTo(refused(RefusalCause.BAD_CREDENTIALS, "password is too long"));
        assertThat(events)
                .contains(new AccessEvent.LoginRefused(
                        AccessEvent.Kind.PASSWORD, "tls", "eve", "unknown user or wrong password"));
    }

    /// A skipped hash would take a thousandth of the time, so even a loose bound on a busy machine tells.
    @Test
    void anUnknownUserCostsWhatAWrongPasswordCosts() throws Exception {
        login("bob", "warm up");
        long wrong = fastest("bob");
        long unknown = fastest("eve");
        assertThat(unknown).isBetween(wrong / 5, wrong * 5);
    }

    private long fastest(String name) throws Exception {
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            long start = System.nanoTime();
            assertThat(login(name, "wrong" + i)).isEqualTo(WRONG);
            best = Math.min(best, System.nanoTime() - start);
        }
        return best;
    }

    @Test
    void aTokenIsAnsweredAtOnceWhateverTheUserName() throws Exception {
        String token = issuer.issue("testTenant", List.of("APPLICATION")).token();
        for (String name : new String[] {"notused", "bob", null}) {
            CompletableFuture<Authentication> answer = begin(name, token);
            assertThat(answer).isDone();
            assertThat(answer.get())
                    .isInstanceOfSatisfying(
                            Authentication.Admitted.class,
                            admitted ->
                                    assertThat(admitted.principal().tenant()).isEqualTo("testTenant"));
        }
    }

    @Test
    void aTokenThatFailsIsNeverTriedAsAPassword() throws Exception {
        String token = issuer.issue("testTenant", List.of("APPLICATION")).token();
        clock.advance(Duration.ofHours(2));
        String unsigned = "eyJhbGciOiJub25lIn0.e30.";
        directory.users().add("odd", token, Set.of("OPERATOR"));
        directory.users().add("odder", unsigned, Set.of("OPERATOR"));
        assertThat(login("odd", token)).isEqualTo(refused(RefusalCause.BAD_CREDENTIALS, "token has expired"));
        assertThat(login("odder", unsigned)).isEqualTo(refused(RefusalCause.BAD_CREDENTIALS, "token is malformed"));
    }

    @Test
    void aUserWithoutRolesIsNotAuthorized() throws Exception {
        directory.users().add("idle", "geheim", Set.of());
        assertThat(login("idle", "geheim")).isEqualTo(refused(RefusalCause.NOT_AUTHORIZED, "no role"));
        // For HTTP; the broker refuses it, since it grants no topics.
        directory.users().add("admin", "geheim", Set.of("ADMIN"));
        assertThat(login("admin", "geheim")).isInstanceOf(Authentication.Admitted.class);
    }

    @Test
    void aSecondLoginIsAnsweredAtOnceForAWhile() throws Exception {
        assertThat(known(login("bob", "geheim"))).isEqualTo(BOB);
        assertThat(begin("bob", "geheim"))
                .isCompletedWithValueMatching(outcome -> known(outcome).equals(BOB));
        assertThat(login("bob", "wrong")).isEqualTo(WRONG);
        nanos.addAndGet(LoginCache.LIFE.toNanos() + 1);
        CompletableFuture<Authentication> hashedAgain = begin("bob", "geheim");
        assertThat(hashedAgain.isDone()).isFalse();
        assertThat(known(hashedAgain.get(30, TimeUnit.SECONDS))).isEqualTo(BOB);
    }

    @Test
    void aChangedUserIsNotRemembered() throws Exception {
        assertThat(known(login("bob", "geheim"))).isEqualTo(BOB);
        directory.users().changeRoles("bob", Set.of("ADMIN"));
        assertThat(begin("bob", "geheim"))
                .isCompletedWithValueMatching(outcome -> known(outcome)
                        .equals(new Authentication.Admitted(Principal.of("ssni", "bob", Set.of("ADMIN")))));
        directory.users().changePassword("bob", "neu");
        assertThat(login("bob", "geheim")).isEqualTo(WRONG);
        assertThat(login("bob", "neu")).isInstanceOf(Authentication.Admitted.class);
        directory.users().remove("bob");
        assertThat(known(login("bob", "neu"))).isEqualTo(WRONG);
    }

    @Test
    void whenTooManyWaitTheNextIsToldSoAtOnce() throws Exception {
        List<CompletableFuture<Authentication>> answers = new ArrayList<>();
        CompletableFuture<Authentication> overload = null;
        for (int i = 0; i < 10 * AccessAuthenticator.MAX_WAITING && overload == null; i++) {
            CompletableFuture<Authentication> answer = begin("eve", "guess" + i);
            if (answer.isDone() && OVERLOADED.equals(answer.get())) {
                overload = answer;
            } else {
                answers.add(answer);
            }
        }
        assertThat(overload).isNotNull();
        // Tokens do not wait behind passwords.
        assertThat(begin(
                        "notused",
                        issuer.issue("testTenant", List.of("APPLICATION")).token()))
                .isDone();
        assertThat(answers.getFirst().get(30, TimeUnit.SECONDS)).isEqualTo(WRONG);
    }

    @Test
    void aListenerMayAdmitWhoeverOffersNothing() throws Exception {
        assertThat(authenticator
                        .authenticate(credentials("open", null, null))
                        .toCompletableFuture()
                        .get())
                .isEqualTo(new Authentication.Admitted(Principal.of("testTenant", "anonymous", Set.of("APPLICATION"))));
        // Who offers something must be right.
        assertThat(authenticator
                        .authenticate(credentials("open", "bob", "wrong"))
                        .toCompletableFuture()
                        .get(30, TimeUnit.SECONDS))
                .isEqualTo(WRONG);
        assertThat(authenticator
                        .authenticate(credentials("open", "bob", null))
                        .toCompletableFuture()
                        .get())
                .isEqualTo(refused(RefusalCause.BAD_CREDENTIALS, "no password or token"));
        assertThat(login(null, null)).isEqualTo(refused(RefusalCause.BAD_CREDENTIALS, "no password or token"));
    }

    private Principal admitted(String name, String password) throws Exception {
        return ((Authentication.Admitted) login(name, password)).principal();
    }

    @Test
    void aUserIsReadmittedWithItsPresentRolesWhileItsPasswordIsTheSame() throws Exception {
        Principal bob = admitted("bob", "geheim");
        assertThat(authenticator.readmit(bob)).contains(bob);

        directory.users().changeRoles("bob", Set.of("BUBBLE_UP_PRODUCER"));
        assertThat(authenticator.readmit(bob).orElseThrow().roles()).containsExactly("BUBBLE_UP_PRODUCER");
        directory.users().changeRoles("bob", Set.of());
        assertThat(authenticator.readmit(bob)).isEmpty();
        directory.users().changeRoles("bob", Set.of("OPERATOR"));
        assertThat(authenticator.readmit(bob)).contains(bob);

        directory.users().changePassword("bob", "neu");
        assertThat(authenticator.readmit(bob)).isEmpty();
        Principal renewed = admitted("bob", "neu");
        assertThat(authenticator.readmit(renewed)).contains(renewed);

        directory.users().remove("bob");
        assertThat(authenticator.readmit(renewed)).isEmpty();
        // Another bob is another one.
        directory.users().add("bob", "neu", Set.of("OPERATOR"));
        assertThat(authenticator.readmit(renewed)).isEmpty();
    }

    /// What a store kept of a session is name and roles.
    @Test
    void aUserWhoseCredentialIsNotKnownIsReadmittedByName() throws Exception {
        Principal restored = Principal.of("ssni", "bob", Set.of("BUBBLE_UP_PRODUCER"));
        assertThat(authenticator.readmit(restored).orElseThrow().roles()).containsExactly("OPERATOR");
        directory.users().remove("bob");
        assertThat(authenticator.readmit(restored)).isEmpty();
    }

    @Test
    void aTokensBearerIsReadmittedWhileItsTenantIsEnabled() throws Exception {
        Principal bearer = admitted(
                "notused", issuer.issue("testTenant", List.of("APPLICATION")).token());
        assertThat(authenticator.readmit(bearer)).contains(bearer);
        directory.tenants().enable("testTenant", false);
        assertThat(authenticator.readmit(bearer)).isEmpty();
        directory.tenants().enable("testTenant", true);
        assertThat(authenticator.readmit(bearer)).contains(bearer);
        directory.tenants().remove("testTenant");
        assertThat(authenticator.readmit(bearer)).isEmpty();
    }

    @Test
    void whoOffersNothingIsReadmittedUnlessTheTenantIsDisabled() throws Exception {
        Credentials none = credentials("open", null, null);
        Principal anybody = ((Authentication.Admitted)
                        authenticator.authenticate(none).toCompletableFuture().get())
                .principal();
        assertThat(authenticator.readmit(anybody)).contains(anybody);
        directory.tenants().enable("testTenant", false);
        assertThat(authenticator.readmit(anybody)).isEmpty();
        assertThat(authenticator.authenticate(none).toCompletableFuture().get())
                .isEqualTo(refused(RefusalCause.NOT_AUTHORIZED, "tenant is disabled"));
        // The listener names its tenant, whether that is registered or not.
        directory.tenants().remove("testTenant");
        assertThat(authenticator.readmit(anybody)).contains(anybody);
        assertThat(authenticator.readmit(Principal.of("testTenant", "anonymous", Set.of("OPERATOR"))))
                .isEmpty();
    }
}
