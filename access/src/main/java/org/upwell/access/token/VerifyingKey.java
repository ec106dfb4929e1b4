// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.token;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A public key that signs with one algorithm only, told by the kind of key and never by the token, so that a
/// public key cannot be used as a shared secret. Safe for all threads.
record VerifyingKey(@Nullable String id, SigningAlgorithm algorithm, JWSVerifier verifier) {

    private static final int MIN_RSA_BITS = 2048;

    /// The key, or empty if it is not one for signatures of ours: other kinds, uses and curves, short RSA keys.
    static Optional<VerifyingKey> of(JWK jwk) throws JOSEException {
        if (jwk.getKeyUse() != null && !KeyUse.SIGNATURE.equals(jwk.getKeyUse())) {
            return Optional.empty();
        }
        SigningAlgorithm algorithm;
        JWSVerifier verifier;
        switch (jwk) {
            case RSAKey rsa
            when rsa.size() >= MIN_RSA_BITS -> {
                algorithm = SigningAlgorithm.RS256;
                verifier = new RSASSAVerifier(rsa.toRSAPublicKey());
            }
            case ECKey ec
            when Curve.P_256.equals(ec.getCurve()) -> {
                algorithm = SigningAlgorithm.ES256;
                verifier = new ECDSAVerifier(ec.toECPublicKey());
            }
            default -> {
                return Optional.empty();
            }
        }
        boolean forAnother = jwk.getAlgorithm() != null && !jwk.getAlgorithm().equals(algorithm.jws());
        return forAnother ? Optional.empty() : Optional.of(new VerifyingKey(jwk.getKeyID(), algorithm, verifier));
    }
}
