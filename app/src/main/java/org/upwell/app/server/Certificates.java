// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.app.config.CertificateFiles;
import org.upwell.app.tls.DevelopmentCertificates;
import org.upwell.app.tls.TlsFiles;

/// The certificate of each TLS listener: the one that the configuration names, or else that of development, which
/// is made when the first listener needs it. Used while a server starts, on one thread.
public final class Certificates {
    private static final Logger log = LoggerFactory.getLogger(Certificates.class);

    private final Path dataDirectory;
    private final InstantSource clock;
    private @Nullable DevelopmentCertificates development;

    Certificates(Path dataDirectory, InstantSource clock) {
        this.dataDirectory = dataDirectory;
        this.clock = clock;
    }

    TlsFiles of(Optional<CertificateFiles> configured) throws IOException {
        if (configured.isPresent()) {
            return new TlsFiles(configured.get().certificate(), configured.get().key());
        }
        if (development == null) {
            development = DevelopmentCertificates.ensure(dataDirectory, clock);
            log.info("Development certificates are in use; clients trust the CA in {}", development.authority());
        }
        return development.server();
    }

    /// The CA that clients have to trust, if a listener uses the development certificate.
    public Optional<Path> developmentAuthority() {
        return Optional.ofNullable(development).map(DevelopmentCertificates::authority);
    }
}
