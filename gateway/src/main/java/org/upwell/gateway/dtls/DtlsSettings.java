// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.dtls;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Who may open DTLS sessions, and how the gateway shows who it is. One of the two ways at least.
///
/// @param keys pre-shared keys by identity; whoever has none of them cannot use this way
/// @param identity the gateway's own certificate
/// @param authorities whose certificates clients must have, if they use the gateway's; empty: they need none
public record DtlsSettings(Map<String, byte[]> keys, Optional<Identity> identity, List<X509Certificate> authorities) {

    /// @param chain the gateway's certificate first
    public record Identity(PrivateKey key, List<X509Certificate> chain) {

        public Identity {
            chain = List.copyOf(chain);
        }

        /// Never shows the key.
        @Override
        public String toString() {
            return "Identity[" + chain.getFirst().getSubjectX500Principal() + "]";
        }
    }

    public DtlsSettings {
        keys = Map.copyOf(keys);
        authorities = List.copyOf(authorities);
        if (keys.isEmpty() && identity.isEmpty()) {
            throw new IllegalArgumentException("DTLS needs pre-shared keys or a certificate");
        }
    }

    /// Never shows the keys.
    @Override
    public String toString() {
        return "DtlsSettings[" + keys.size() + " keys, " + identity + ", " + authorities.size() + " authorities]";
    }
}
