// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.nio.file.Path;
import java.util.Optional;

/// A certificate chain and its private key, both PEM.
public record CertificateFiles(Path certificate, Path key) {

    /// Both keys or none: half a pair is a fault.
    static Optional<CertificateFiles> read(Section section) {
        Optional<Path> certificate = section.path("certificate");
        Optional<Path> key = section.path("key");
        if (certificate.isPresent() && key.isPresent()) {
            return Optional.of(new CertificateFiles(certificate.get(), key.get()));
        }
        if (certificate.isPresent()) {
            section.fault("certificate", "needs 'key' beside it");
        } else if (key.isPresent()) {
            section.fault("key", "needs 'certificate' beside it");
        }
        return Optional.empty();
    }
}
