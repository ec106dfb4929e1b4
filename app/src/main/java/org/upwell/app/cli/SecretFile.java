// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A secret on the first line of a file, since arguments can be seen by every user of a machine.
final class SecretFile {
    private SecretFile() {}

    static String read(Path file) {
        try {
            String secret =
                    Files.readString(file).lines().findFirst().orElse("").strip();
            if (secret.isEmpty()) {
                throw new CommandFailure(file + ": its first line is empty, and should be the secret");
            }
            return secret;
        } catch (IOException e) {
            throw new CommandFailure(file + ": cannot be read: " + e, e);
        }
    }
}
