// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/// Where a command finds its token: `--token`, `--token-file`, or the environment.
final class TokenOptions {
    private static final String VARIABLE = "UPWELL_TOKEN";

    @ArgGroup
    private @Nullable Given given;

    /// One or the other.
    static final class Given {
        @Option(
                names = "--token",
                paramLabel = "JWT",
                required = true,
                description = "The token; visible to other users of this machine, who can list processes")
        private @Nullable String text;

        @Option(
                names = "--token-file",
                paramLabel = "FILE",
                required = true,
                description = "A file that holds the token. Without both, $UPWELL_TOKEN is used")
        private @Nullable Path file;
    }

    Optional<String> token() {
        if (given != null && given.text != null) {
            return Optional.of(given.text);
        }
        if (given != null && given.file != null) {
            return Optional.of(Secrets.read(given.file));
        }
        return Optional.ofNullable(System.getenv(VARIABLE)).filter(text -> !text.isBlank());
    }

    String requiredToken() {
        return token().orElseThrow(
                        () -> new CommandFailure("a token is needed: give --token-file FILE or --token JWT, or set "
                                + VARIABLE + " (./upwell token gets one)"));
    }
}
