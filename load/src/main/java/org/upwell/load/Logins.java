// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// As whom each client of a run connects.
@FunctionalInterface
public interface Logins {
    /// A user name and a password or token; either may be absent. Never shown.
    record Login(@Nullable String userName, byte @Nullable [] password) {
        static final Login NONE = new Login(null, null);

        @Override
        public String toString() {
            return "Login[" + userName + "]";
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /// @param client numbers the clients of a run from 0
    Login of(int client);

    /// Without user name and password.
    static Logins anonymous() {
        return client -> Login.NONE;
    }

    /// All as one user.
    static Logins same(String userName, @Nullable String password) {
        Login login = login(userName, password);
        return client -> login;
    }

    /// Each client with a token of its own; with fewer tokens than clients, they take turns.
    static Logins tokens(String userName, List<String> tokens) {
        if (tokens.isEmpty()) {
            throw new IllegalArgumentException("there are no tokens");
        }
        List<Login> logins =
                tokens.stream().map(token -> login(userName, token)).toList();
        return client -> logins.get(client % logins.size());
    }

    private static Login login(String userName, @Nullable String password) {
        return new Login(userName, password == null ? null : password.getBytes(StandardCharsets.UTF_8));
    }
}
