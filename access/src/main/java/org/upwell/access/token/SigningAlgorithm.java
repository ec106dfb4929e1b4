// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.token;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;

/// The signatures that tokens may have. Nothing else is ever accepted, above all neither `none` nor a shared
/// secret.
public enum SigningAlgorithm {
    RS256,
    ES256;

    private static final int RSA_BITS = 2048;

    JWSAlgorithm jws() {
        return switch (this) {
            case RS256 -> JWSAlgorithm.RS256;
            case ES256 -> JWSAlgorithm.ES256;
        };
    }

    /// A new key pair, its ID made from the public key.
    JWK generate() throws JOSEException {
        return switch (this) {
            case RS256 ->
                new RSAKeyGenerator(RSA_BITS)
                        .keyUse(KeyUse.SIGNATURE)
                        .algorithm(jws())
                        .keyIDFromThumbprint(true)
                        .generate();
            case ES256 ->
                new ECKeyGenerator(Curve.P_256)
                        .keyUse(KeyUse.SIGNATURE)
                        .algorithm(jws())
                        .keyIDFromThumbprint(true)
                        .generate();
        };
    }
}
