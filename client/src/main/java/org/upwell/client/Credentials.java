// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/// What a CONNECT says about who we are. MQTT 3.x has no password without a user name.
public record Credentials(@Nullable String userName, byte @Nullable [] password) {

    /// Says nothing.
    public static final Credentials NONE = new Credentials(null, null);

    /// Gives the credentials for each CONNECT anew, so that a token can be fresh. Asked on the event loop: work that
    /// takes long belongs elsewhere, hence the stage. A failed stage fails the attempt, not the client.
    @FunctionalInterface
    public interface Source {

        CompletionStage<Credentials> next();
    }

    public static Credentials of(String userName, String password) {
        return new Credentials(userName, password.getBytes(StandardCharsets.UTF_8));
    }

    /// The same for every CONNECT.
    public Source always() {
        return () -> CompletableFuture.completedFuture(this);
    }

    /// Never shows the password.
    @Override
    public String toString() {
        return "Credentials[userName=" + userName + "]";
    }
}
