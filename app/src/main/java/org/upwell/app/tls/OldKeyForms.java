// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.tls;

import java.io.IOException;
import java.io.StringReader;
import java.security.PrivateKey;
import java.util.Optional;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;

/// Private keys in the forms that came before PKCS #8: one for RSA, one for elliptic curves. Apart from [PemFiles],
/// since the JDK reads all else and the library that reads these takes time to load.
final class OldKeyForms {

    private OldKeyForms() {}

    /// The key in a part, or nothing if it is encrypted.
    ///
    /// @throws IOException if the part is damaged
    static Optional<PrivateKey> read(PemPart part) throws IOException {
        try (PEMParser parser = new PEMParser(new StringReader(part.text()))) {
            return parser.readObject() instanceof PEMKeyPair pair
                    ? Optional.of(new JcaPEMKeyConverter().getPrivateKey(pair.getPrivateKeyInfo()))
                    : Optional.empty();
        }
    }
}
