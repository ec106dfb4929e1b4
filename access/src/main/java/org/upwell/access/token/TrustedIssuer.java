// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.token;

import java.nio.file.Path;
import java.util.Set;

/// Somebody else whose tokens are accepted, and for what.
///
/// @param name the `iss` claim of its tokens
/// @param keys a file with its JSON Web Key Set; read again when it changes
/// @param tenants what it may write in `sub`; [#ANY] for every registered tenant
/// @param roles what it may write in `mqttScope`; [#ANY] for every role that is not internal
public record TrustedIssuer(String name, Path keys, Set<String> tenants, Set<String> roles) {

    public static final String ANY = "*";

    public TrustedIssuer {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("an issuer must have a name");
        }
        tenants = Set.copyOf(tenants);
        roles = Set.copyOf(roles);
    }
}
