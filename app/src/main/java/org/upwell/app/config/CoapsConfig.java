// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.upwell.app.tls.PemFiles;
import org.upwell.app.tls.PreSharedKeys;
import org.upwell.gateway.dtls.DtlsSettings;

/// The gateway's listener for applications that use DTLS.
///
/// @param keys a file of pre-shared keys
/// @param certificate the gateway's own
/// @param clientCa whose certificates clients must have; absent: they need none
public record CoapsConfig(
        BindAddress address, Optional<Path> keys, Optional<CertificateFiles> certificate, Optional<Path> clientCa) {
    private static final int DEFAULT_PORT = 5684;

    static CoapsConfig read(Section section) {
        BindAddress address = BindAddress.read(section, BindAddress.LOOPBACK, DEFAULT_PORT);
        Optional<Path> keys = section.path("keys-file");
        Optional<CertificateFiles> certificate = CertificateFiles.read(section);
        Optional<Path> clientCa = section.path("client-ca");
        if (keys.isEmpty() && certificate.isEmpty()) {
            section.fault("keys-file", "is missing, and so are 'certificate' and 'key': one way is needed");
        }
        if (clientCa.isPresent() && certificate.isEmpty()) {
            section.fault("client-ca", "needs 'certificate' and 'key' beside it");
        }
        section.refuseUnknownKeys();
        return new CoapsConfig(address, keys, certificate, clientCa);
    }

    /// Reads the files.
    ///
    /// @throws IOException naming the file that is to blame
    public DtlsSettings settings() throws IOException {
        Map<String, byte[]> known = keys.isEmpty() ? Map.of() : PreSharedKeys.read(keys.get());
        List<X509Certificate> authorities = clientCa.isEmpty() ? List.of() : PemFiles.certificates(clientCa.get());
        Optional<DtlsSettings.Identity> identity = certificate.isEmpty()
                ? Optional.empty()
                : Optional.of(new DtlsSettings.Identity(
                        PemFiles.privateKey(certificate.get().key()),
                        PemFiles.certificates(certificate.get().certificate())));
        return new DtlsSettings(known, identity, authorities);
    }
}
