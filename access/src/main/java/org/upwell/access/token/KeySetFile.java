// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.token;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.List;
import org.upwell.access.file.Documents;
import org.upwell.access.file.Faults;

/// Reads another issuer's JSON Web Key Set (RFC 7517 §5). Keys that are not for RS256 or ES256 signatures are left
/// out.
final class KeySetFile {

    private KeySetFile() {}

    static List<VerifyingKey> parse(byte[] content, Faults faults) {
        // For the line of a fault of syntax, which the library that knows keys does not tell.
        Documents.json(content, faults);
        List<VerifyingKey> keys = new ArrayList<>();
        if (!faults.isEmpty()) {
            return keys;
        }
        try {
            for (JWK jwk :
                    JWKSet.parse(new String(content, StandardCharsets.UTF_8)).getKeys()) {
                VerifyingKey.of(jwk).ifPresent(keys::add);
            }
            if (keys.isEmpty()) {
                faults.add(0, "has no key for RS256 or ES256 signatures");
            }
        } catch (ParseException | JOSEException e) {
            faults.add(0, "not a JSON Web Key Set: " + e.getMessage());
        }
        return List.copyOf(keys);
    }
}
