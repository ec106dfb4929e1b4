// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.upwell.access.Printable;
import org.upwell.access.TenantId;
import org.upwell.access.login.AccessSettings;
import org.upwell.access.token.SigningAlgorithm;
import org.upwell.access.token.TrustedIssuer;

/// Whose tokens are accepted, and how our own are signed.
///
/// @param issuer the `iss` claim of our own tokens
/// @param algorithm what they are signed with
/// @param clockSkew by how much the clocks of issuers may differ from ours
/// @param issuers who else may issue tokens, and for whom and what
public record AccessConfig(String issuer, SigningAlgorithm algorithm, Duration clockSkew, List<TrustedIssuer> issuers) {

    /// What nobody wants who knows what it means: a token lives for an hour.
    private static final Duration MAX_SKEW = Duration.ofMinutes(10);

    public AccessConfig {
        issuers = List.copyOf(issuers);
    }

    /// Our own tokens only.
    public static AccessConfig defaults() {
        AccessSettings defaults = AccessSettings.DEFAULTS;
        return new AccessConfig(defaults.issuer(), defaults.algorithm(), defaults.skew(), defaults.issuers());
    }

    /// As access takes it; nobody is admitted without a login.
    public AccessSettings settings() {
        AccessSettings defaults = AccessSettings.DEFAULTS;
        return new AccessSettings(
                issuer, algorithm, clockSkew, issuers, defaults.anonymous(), defaults.passwordWorkers());
    }

    static AccessConfig read(Section section) {
        AccessConfig defaults = defaults();
        String issuer = section.text("issuer", defaults.issuer());
        SigningAlgorithm algorithm = section.choice("algorithm", defaults.algorithm(), SigningAlgorithm::name);
        Duration clockSkew = section.duration("clock-skew", defaults.clockSkew(), MAX_SKEW);
        List<TrustedIssuer> issuers = new ArrayList<>();
        Set<String> names = new HashSet<>(Set.of(issuer));
        for (Section each : section.sections("issuers")) {
            String name = each.requiredText("name");
            if (!name.isEmpty() && !names.add(name)) {
                each.fault(
                        "name",
                        "'" + Printable.cut(name, 80) + "' is "
                                + (name.equals(issuer) ? "the issuer of our own tokens" : "another issuer's"));
            }
            String keys = each.requiredText("keys");
            Set<String> tenants = names(each, "tenants", AccessConfig::tenant);
            Set<String> roles = names(each, "roles", role -> role);
            each.refuseUnknownKeys();
            if (!name.isEmpty() && !keys.isEmpty()) {
                issuers.add(new TrustedIssuer(name, Path.of(keys), tenants, roles));
            }
        }
        section.refuseUnknownKeys();
        return new AccessConfig(issuer, algorithm, clockSkew, issuers);
    }

    /// Each must be named, or [TrustedIssuer#ANY]: that an issuer may say anything is not for a forgotten key to
    /// say.
    private static Set<String> names(Section section, String key, Function<String, String> parse) {
        if (!section.has(key)) {
            section.fault(key, "is missing: name what the issuer may assert, or ['" + TrustedIssuer.ANY + "'] for all");
        }
        List<String> names = section.parsedList(key, parse);
        if (section.has(key) && names.isEmpty()) {
            section.fault(key, "must name at least one, or the issuer's tokens are all refused");
        }
        if (names.contains(TrustedIssuer.ANY) && names.size() > 1) {
            section.fault(key, "has names beside '" + TrustedIssuer.ANY + "', which means all");
        }
        return Set.copyOf(new HashSet<>(names));
    }

    private static String tenant(String text) {
        if (text.equals(TenantId.INTERNAL)) {
            throw new IllegalArgumentException("a tenant other than '" + text + "', which is the users' own");
        }
        if (!text.equals(TrustedIssuer.ANY) && !TenantId.isValid(text)) {
            throw new IllegalArgumentException("a tenant ID");
        }
        return text;
    }
}
