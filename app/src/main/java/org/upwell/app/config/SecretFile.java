// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A secret on the first line of a file: neither arguments, which every user of a machine can see, nor
/// configuration files hold one.
public final class SecretFile {
    private SecretFile() {}

    /// @throws IOException naming the file and what is wrong with it
    public static String read(Path file) throws IOException {
        String secret;
        try {
            secret = Files.readString(file).lines().findFirst().orElse("").strip();
        } catch (CharacterCodingException e) {
            throw new IOException(file + ": is not UTF-8 text", e);
        } catch (IOException e) {
            throw new IOException(PlainCause.of(e), e);
        }
        if (secret.isEmpty()) {
            throw new IOException(file + ": its first line is empty, and should be the secret");
        }
        return secret;
    }
}
