// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.upwell.access.AccessEvent;
import org.upwell.access.AccessEvents;

/// Counts what access did and refused. The labels are few and known: nothing that a peer chooses becomes one.
public final class AccessCounters implements AccessEvents {

    private static final String LOGINS = "upwell.logins";
    private static final String TOKENS = "upwell.tokens";
    private static final String IGNORED_ROLES = "upwell.token.roles.ignored";

    // Made once: to look a counter up by its labels costs more than all else of a login.
    private final Map<AccessEvent.Kind, Counter> admitted;
    private final Map<AccessEvent.Kind, Counter> refused;
    private final Counter internalRoles;
    private final Counter foreignRoles;
    private final Counter tokensIssued;
    private final Counter tokensRefused;

    public AccessCounters(MeterRegistry registry) {
        this.admitted = logins(registry, "admitted");
        this.refused = logins(registry, "refused");
        this.internalRoles = ignoredRoles(registry, "internal");
        this.foreignRoles = ignoredRoles(registry, "foreign");
        this.tokensIssued = tokens(registry, "issued");
        this.tokensRefused = tokens(registry, "refused");
    }

    private static Map<AccessEvent.Kind, Counter> logins(MeterRegistry registry, String outcome) {
        Map<AccessEvent.Kind, Counter> counters = new EnumMap<>(AccessEvent.Kind.class);
        for (AccessEvent.Kind kind : AccessEvent.Kind.values()) {
            String label = kind.name().toLowerCase(Locale.ROOT);
            counters.put(
                    kind,
                    Counter.builder(LOGINS)
                            .description("Logins of MQTT clients")
                            .tag("kind", label)
                            .tag("outcome", outcome)
                            .register(registry));
        }
        return counters;
    }

    private static Counter ignoredRoles(MeterRegistry registry, String cause) {
        return Counter.builder(IGNORED_ROLES)
                .description("Roles in tokens that had no effect")
                .tag("cause", cause)
                .register(registry);
    }

    private static Counter tokens(MeterRegistry registry, String outcome) {
        return Counter.builder(TOKENS)
                .description("Requests for tokens")
                .tag("outcome", outcome)
                .register(registry);
    }

    @Override
    public void on(AccessEvent event) {
        counterOf(event).increment();
    }

    private Counter counterOf(AccessEvent event) {
        return switch (event) {
            case AccessEvent.LoginAdmitted login -> ofKind(admitted, login.kind());
            case AccessEvent.LoginRefused login -> ofKind(refused, login.kind());
            case AccessEvent.InternalRoleAsserted _ -> internalRoles;
            case AccessEvent.ForeignRoleAsserted _ -> foreignRoles;
            case AccessEvent.TokenIssued _ -> tokensIssued;
            case AccessEvent.TokenRefused _ -> tokensRefused;
        };
    }

    private static Counter ofKind(Map<AccessEvent.Kind, Counter> counters, AccessEvent.Kind kind) {
        return Objects.requireNonNull(counters.get(kind));
    }
}
