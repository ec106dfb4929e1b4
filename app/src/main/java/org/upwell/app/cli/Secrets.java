// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.upwell.app.config.SecretFile;

/// Reads the secrets that a command is given in files; one that cannot be read fails the command.
final class Secrets {
    private Secrets() {}

    static String read(Path file) {
        try {
            return SecretFile.read(file);
        } catch (IOException e) {
            throw new CommandFailure(String.valueOf(e.getMessage()), e);
        }
    }
}
