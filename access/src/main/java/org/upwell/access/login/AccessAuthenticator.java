// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.login;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.upwell.access.AccessEvent;
import org.upwell.access.AccessEvents;
import org.upwell.access.Printable;
import org.upwell.access.TenantId;
import org.upwell.access.registry.AccessDirectory;
import org.upwell.access.registry.PasswordHash;
import org.upwell.access.registry.Tenant;
import org.upwell.access.registry.User;
import org.upwell.access.role.RoleTable;
import org.upwell.access.token.TokenForm;
import org.upwell.access.token.TokenVerifier;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Authenticator;
import org.upwell.broker.access.Credentials;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;

/// Tells who a peer is, for MQTT, CoAP sessions and HTTP alike: what looks like a token is checked as one and never
/// as a password; all else is the password of a user.
///
/// Tokens are answered at once. Passwords are hashed by a few threads of its own behind a bounded queue; when that
/// is full the answer is [RefusalCause#UNAVAILABLE]. Safe for all threads.
public final class AccessAuthenticator implements Authenticator, AutoCloseable {

    /// Passwords that may wait to be hashed: a few seconds' worth for one thread.
    static final int MAX_WAITING = 256;

    private static final long IDLE_SECONDS = 30;

    /// The name of whoever is admitted without one.
    private static final String ANONYMOUS = "anonymous";

    private final AccessDirectory directory;
    private final TokenVerifier tokens;
    private final Map<String, AnonymousAccess> anonymous;
    private final AccessEvents events;
    private final LoginCache cache;
    private final ThreadPoolExecutor workers;

    /// What an unknown user's password is compared with, so that the answer takes as long as for a known one. Made
    /// when it is needed first, as it takes longer than all else at start.
    private static final class Nobody {
        private static final PasswordHash HASH = PasswordHash.of(new byte[] {0});
    }

    /// @param anonymous by the name of the listener
    /// @param passwordWorkers threads that hash passwords, each with 19 MiB of memory while it works
    public AccessAuthenticator(
            AccessDirectory directory,
            TokenVerifier tokens,
            Map<String, AnonymousAccess> anonymous,
            int passwordWorkers,
            AccessEvents events) {
        this(directory, tokens, anonymous, passwordWorkers, events, System::nanoTime);
    }

    AccessAuthenticator(
            AccessDirectory directory,
            TokenVerifier tokens,
            Map<String, AnonymousAccess> anonymous,
            int passwordWorkers,
            AccessEvents events,
            LongSupplier nanoClock) {
        this.directory = directory;
        this.tokens = tokens;
        this.anonymous = Map.copyOf(anonymous);
        this.events = events;
        this.cache = new LoginCache(nanoClock);
        this.workers = new ThreadPoolExecutor(
                passwordWorkers,
                passwordWorkers,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MAX_WAITING),
                Thread.ofPlatform().daemon().name("upwell-password-", 0).factory());
        workers.allowCoreThreadTimeOut(true);
    }

    @Override
    public CompletionStage<Authentication> authenticate(Credentials credentials) {
        byte[] password = credentials.password();
        if (password == null) {
            return CompletableFuture.completedFuture(withoutPassword(credentials));
        }
        Optional<String> token = TokenForm.of(password);
        if (token.isPresent()) {
            Authentication outcome = tokens.verify(token.get());
            return CompletableFuture.completedFuture(told(AccessEvent.Kind.TOKEN, credentials, outcome));
        }
        return withPassword(credentials, password);
    }

    private Authentication withoutPassword(Credentials credentials) {
        AnonymousAccess access = anonymous.get(credentials.listener());
        if (access == null || credentials.userName() != null) {
            return told(
                    AccessEvent.Kind.ANONYMOUS,
                    credentials,
                    new Authentication.Refused(RefusalCause.BAD_CREDENTIALS, "no password or token"));
        }
        Authentication outcome = directory
                        .tenants()
                        .find(access.tenant())
                        .filter(tenant -> !tenant.enabled())
                        .isPresent()
                ? new Authentication.Refused(RefusalCause.NOT_AUTHORIZED, "tenant is disabled")
                : withRoles(Principal.of(access.tenant(), ANONYMOUS, access.roles()));
        return told(AccessEvent.Kind.ANONYMOUS, credentials, outcome);
    }

    @Override
    public Optional<Principal> readmit(Principal principal) {
        if (principal.credential() == null && isAnonymous(principal)) {
            return Optional.of(principal)
                    .filter(_ -> directory
                            .tenants()
                            .find(principal.tenant())
                            .map(Tenant::enabled)
                            .orElse(true))
                    .filter(this::hasRole);
        }
        if (principal.tenant().equals(TenantId.INTERNAL)) {
            return directory
                    .users()
                    .find(principal.name())
                    // Nothing to compare: it was read back from a store, and who resumes the session proves itself.
                    .filter(user ->
                            principal.credential() == null || user.password().equals(principal.credential()))
                    .map(AccessAuthenticator::principal)
                    .filter(this::hasRole);
        }
        return Optional.of(principal)
                .filter(_ -> directory.tenants().isEnabled(principal.tenant()))
                .filter(this::hasRole);
    }

    private boolean isAnonymous(Principal principal) {
        if (!principal.name().equals(ANONYMOUS) || principal.issuedAt() != null) {
            return false;
        }
        for (AnonymousAccess access : anonymous.values()) {
            if (access.tenant().equals(principal.tenant()) && access.roles().equals(principal.roles())) {
                return true;
            }
        }
        return false;
    }

    private CompletionStage<Authentication> withPassword(Credentials credentials, byte[] password) {
        String name = credentials.userName();
        if (name == null || password.length > PasswordHash.MAX_PASSWORD_BYTES) {
            String reason = name == null ? "no user name" : "password is too long";
            return CompletableFuture.completedFuture(told(
                    AccessEvent.Kind.PASSWORD,
                    credentials,
                    new Authentication.Refused(RefusalCause.BAD_CREDENTIALS, reason)));
        }
        User user = directory.users().find(name).orElse(null);
        if (user != null && cache.holds(name, password, user.password())) {
            return CompletableFuture.completedFuture(
                    told(AccessEvent.Kind.PASSWORD, credentials, withRoles(principal(user))));
        }
        try {
            return CompletableFuture.supplyAsync(
                    () -> told(AccessEvent.Kind.PASSWORD, credentials, check(name, password, user)), workers);
        } catch (RejectedExecutionException _) {
            return CompletableFuture.completedFuture(told(
                    AccessEvent.Kind.PASSWORD,
                    credentials,
                    new Authentication.Refused(RefusalCause.UNAVAILABLE, "too many passwords wait to be checked")));
        }
    }

    /// Runs on a worker. An unknown user costs what a known one costs.
    private Authentication check(String name, byte[] password, @Nullable User user) {
        PasswordHash hash = user == null ? Nobody.HASH : user.password();
        boolean right = hash.matches(password);
        if (user == null || !right) {
            return new Authentication.Refused(RefusalCause.BAD_CREDENTIALS, "unknown user or wrong password");
        }
        cache.remember(name, password, user.password());
        return withRoles(principal(user));
    }

    private static Principal principal(User user) {
        return new Principal(TenantId.INTERNAL, user.name(), user.roles(), null, null, user.password());
    }

    private boolean hasRole(Principal principal) {
        RoleTable table = directory.roles();
        for (String role : principal.roles()) {
            if (table.mayHave(principal.tenant(), role)) {
                return true;
            }
        }
        return false;
    }

    private Authentication withRoles(Principal principal) {
        return hasRole(principal)
                ? new Authentication.Admitted(principal)
                : new Authentication.Refused(RefusalCause.NOT_AUTHORIZED, "no role");
    }

    private Authentication told(AccessEvent.Kind kind, Credentials credentials, Authentication outcome) {
        String listener = credentials.listener();
        switch (outcome) {
            case Authentication.Admitted(Principal principal) ->
                events.on(new AccessEvent.LoginAdmitted(kind, listener, principal.tenant(), principal.name()));
            case Authentication.Refused(RefusalCause _, String reason) -> {
                String name = credentials.userName() == null ? "" : Printable.cut(credentials.userName(), 80);
                events.on(new AccessEvent.LoginRefused(kind, listener, name, reason));
            }
        }
        return outcome;
    }

    /// Takes no more passwords; those that wait are still answered.
    @Override
    public void close() {
        workers.shutdown();
    }
}
