// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.net.URI;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/// Exchanges a client ID and its secret for a token.
@Command(name = "token", description = "Get a token from the token service and print it")
final class TokenCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call
    private CommandSpec spec;

    @Option(
            names = "--url",
            paramLabel = "URL",
            defaultValue = "https://127.0.0.1:8443",
            converter = UrlConverter.class,
            description = "The token service (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private URI url;

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            description = "PEM certificates to trust (default: those that Java trusts)")
    private @Nullable Path ca;

    @Option(names = "--client-id", paramLabel = "ID", required = true, description = "The client ID")
    @SuppressWarnings("NullAway.Init") // required
    private String clientId;

    @ArgGroup(multiplicity = "1")
    @SuppressWarnings("NullAway.Init") // required
    private Secret secret;

    /// One or the other.
    static final class Secret {
        @Option(names = "--client-secret", paramLabel = "TEXT", required = true, description = "The client's secret")
        private @Nullable String text;

        @Option(
                names = "--client-secret-file",
                paramLabel = "FILE",
                required = true,
                description = "A file that holds the client's secret")
        private @Nullable Path file;

        String value() {
            return text != null ? text : Secrets.read(Objects.requireNonNull(file));
        }
    }

    /// Reads the service's address.
    static final class UrlConverter implements ITypeConverter<URI> {
        @Override
        public URI convert(String text) {
            try {
                URI uri = URI.create(text);
                boolean known = "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
                if (known && uri.getHost() != null) {
                    return uri;
                }
            } catch (IllegalArgumentException _) {
                // Told below.
            }
            throw new TypeConversionException("'" + text + "' is not https://HOST:PORT or http://HOST:PORT");
        }
    }

    @Override
    public Integer call() {
        String token = new TokenService(url, ca).request(clientId, secret.value());
        spec.commandLine().getOut().println(token);
        return CommandLineTool.DONE;
    }
}
