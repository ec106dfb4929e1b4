// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.File;
import java.nio.file.Path;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// How to trust the server: by the certificates in the PEM file `trust`, or by the platform's where it is null. The
/// server's name is checked against its certificate unless `verifyHostName` is false. `certificate` and `key` (both
/// or neither, PEM) are ours, for servers that ask for one.
public record ClientTls(
        @Nullable Path trust,
        boolean verifyHostName,
        @Nullable Path certificate,
        @Nullable Path key) {

    public ClientTls {
        if ((certificate == null) != (key == null)) {
            throw new IllegalArgumentException("a client certificate needs its key, and the key its certificate");
        }
    }

    /// Trusts the certificates of the platform.
    public static ClientTls platform() {
        return new ClientTls(null, true, null, null);
    }

    /// Trusts the certificates in a PEM file only.
    public static ClientTls trusting(Path trust) {
        return new ClientTls(trust, true, null, null);
    }

    SslContext context() throws SSLException {
        SslContextBuilder builder = SslContextBuilder.forClient();
        if (trust != null) {
            builder.trustManager(trust.toFile());
        }
        if (certificate != null && key != null) {
            File ours = certificate.toFile();
            builder.keyManager(ours, key.toFile());
        }
        // "HTTPS" is the JDK's name for RFC 2818 and RFC 6125 host name checks, whatever runs above TLS.
        return builder.endpointIdentificationAlgorithm(verifyHostName ? "HTTPS" : null)
                .build();
    }
}
