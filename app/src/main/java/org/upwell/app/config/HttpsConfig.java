// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.util.Optional;

/// HTTPS: tokens, REST, health and metrics.
///
/// @param certificate without it the development certificate is used
public record HttpsConfig(BindAddress address, Optional<CertificateFiles> certificate) {
    public static final int DEFAULT_PORT = 8443;

    static HttpsConfig read(Section section) {
        BindAddress address = BindAddress.read(section, BindAddress.LOOPBACK, DEFAULT_PORT);
        Optional<CertificateFiles> certificate = CertificateFiles.read(section);
        section.refuseUnknownKeys();
        return new HttpsConfig(address, certificate);
    }
}
