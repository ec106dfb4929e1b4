// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import org.upwell.access.AccessEvent;
import org.upwell.access.AccessEvents;

/// Counts what access did and refused. The labels are few and known: nothing that a peer chooses becomes one.
public final class AccessCounters implements AccessEvents {

    private static final String LOGINS = "upwell.logins";
    private static final String TOKENS = "upwell.tokens";
    private static final String IGNORED_ROLES = "upwell.token.roles.ignored";

    private final MeterRegistry registry;

    public AccessCounters(MeterRegistry registry) {
        this.registry = registry;
    }

    @Override
    public void on(AccessEvent event) {
        switch (event) {
            case AccessEvent.LoginAdmitted admitted -> count(LOGINS, admitted.kind(), "admitted");
            case AccessEvent.LoginRefused refused -> count(LOGINS, refused.kind(), "refused");
            case AccessEvent.InternalRoleAsserted _ -> count(IGNORED_ROLES, "cause", "internal");
            case AccessEvent.ForeignRoleAsserted _ -> count(IGNORED_ROLES, "cause", "foreign");
            case AccessEvent.TokenIssued _ -> count(TOKENS, "outcome", "issued");
            case AccessEvent.TokenRefused _ -> count(TOKENS, "outcome", "refused");
        }
    }

    private void count(String name, AccessEvent.Kind kind, String outcome) {
        registry.counter(name, "kind", kind.name().toLowerCase(Locale.ROOT), "outcome", outcome)
                .increment();
    }

    private void count(String name, String label, String value) {
        registry.counter(name, label, value).increment();
    }
}
