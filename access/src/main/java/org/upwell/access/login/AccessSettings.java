// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.login;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.upwell.access.token.SigningAlgorithm;
import org.upwell.access.token.TrustedIssuer;

/// How access is set up.
///
/// @param issuer the `iss` claim of our own tokens
/// @param algorithm what our own tokens are signed with
/// @param skew by how much the clocks of issuers may differ from ours
/// @param issuers who else may issue tokens
/// @param anonymous which listeners admit clients without a login, by the listener's name
/// @param passwordWorkers threads that hash passwords, each with 19 MiB of memory while it works
public record AccessSettings(
        String issuer,
        SigningAlgorithm algorithm,
        Duration skew,
        List<TrustedIssuer> issuers,
        Map<String, AnonymousAccess> anonymous,
        int passwordWorkers) {

    /// Our own tokens only, nobody without a login.
    public static final AccessSettings DEFAULTS =
            new AccessSettings("upwell", SigningAlgorithm.RS256, Duration.ofSeconds(30), List.of(), Map.of(), 2);

    public AccessSettings {
        issuers = List.copyOf(issuers);
        anonymous = Map.copyOf(anonymous);
        if (issuer.isEmpty()) {
            throw new IllegalArgumentException("our own tokens must name an issuer");
        }
        if (skew.isNegative()) {
            throw new IllegalArgumentException("the allowed clock skew is negative");
        }
        if (passwordWorkers < 1) {
            throw new IllegalArgumentException("at least one thread must hash passwords");
        }
    }

    /// The same with other listeners for clients without a login.
    public AccessSettings withAnonymous(Map<String, AnonymousAccess> listeners) {
        return new AccessSettings(issuer, algorithm, skew, issuers, listeners, passwordWorkers);
    }
}
