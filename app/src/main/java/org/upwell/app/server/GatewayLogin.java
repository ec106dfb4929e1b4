// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;
import org.upwell.access.file.WholeFile;
import org.upwell.access.registry.AccessDirectory;
import org.upwell.access.registry.User;

/// How the gateway in the server's process logs in to its own broker: as an ordinary user that may only produce,
/// with a random password in a file of the data directory. A gateway in a process of its own may use the same file.
public record GatewayLogin(String username, String password) {
    private static final String USERNAME = "gateway";
    private static final String PASSWORD_FILE = "gateway-password";
    private static final Set<String> ROLES = Set.of("BUBBLE_UP_PRODUCER", "PRESENCE_PRODUCER");
    private static final int PASSWORD_BYTES = 24;

    /// Makes the user and its password at the first start.
    ///
    /// @throws IOException also if somebody made a user of that name with another password: it is not overwritten
    public static GatewayLogin open(Path dataDirectory, AccessDirectory access) throws IOException {
        Path file = passwordFile(dataDirectory);
        Optional<User> user = access.users().find(USERNAME);
        if (user.isEmpty()) {
            String password = newPassword();
            WholeFile.replace(file, (password + "\n").getBytes(StandardCharsets.UTF_8), WholeFile.Readers.OWNER);
            access.users().add(USERNAME, password, ROLES);
            return new GatewayLogin(USERNAME, password);
        }
        String password = Files.exists(file) ? Files.readString(file).strip() : "";
        if (!user.get().password().matches(password.getBytes(StandardCharsets.UTF_8))) {
            throw new IOException("user '" + USERNAME + "', which the gateway logs in as, has another password than "
                    + file + ": remove that user, and the next start makes it anew");
        }
        return new GatewayLogin(USERNAME, password);
    }

    /// Where the password is.
    public static Path passwordFile(Path dataDirectory) {
        return dataDirectory.resolve(PASSWORD_FILE);
    }

    private static String newPassword() {
        byte[] random = new byte[PASSWORD_BYTES];
        new SecureRandom().nextBytes(random);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    }

    /// Never shows the password.
    @Override
    public String toString() {
        return "GatewayLogin[" + username + "]";
    }
}
