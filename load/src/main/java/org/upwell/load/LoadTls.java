// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.nio.file.Path;
import java.util.List;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// How the clients of a run use TLS: BoringSSL where its library loads, as our server does, else the JDK's.
///
/// @param authorities PEM certificates to trust; null: those of the platform
/// @param verifyHostName whether the broker's name must be in its certificate
/// @param resume whether a client may resume an earlier connection's TLS session
/// @param protocols such as `TLSv1.3`; empty: all that the library offers
public record LoadTls(@Nullable Path authorities, boolean verifyHostName, boolean resume, List<String> protocols) {

    public LoadTls {
        protocols = List.copyOf(protocols);
    }

    SslContext context() throws LoadException {
        SslContextBuilder builder = SslContextBuilder.forClient()
                .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK)
                // "HTTPS" is the JDK's name for RFC 2818 and RFC 6125 host name checks, whatever runs above TLS.
                .endpointIdentificationAlgorithm(verifyHostName ? "HTTPS" : null);
        if (authorities != null) {
            builder.trustManager(authorities.toFile());
        }
        if (!protocols.isEmpty()) {
            builder.protocols(protocols);
        }
        try {
            return builder.build();
        } catch (SSLException | IllegalArgumentException e) {
            throw new LoadException("TLS cannot be used with " + this + ": " + e.getMessage(), e);
        }
    }
}
