// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Authenticator;
import org.upwell.broker.access.Credentials;
import org.upwell.broker.access.RefusalCause;
import org.upwell.mqtt.hook.EnhancedAuthenticator;

/// The method `BEARER`: the authentication data is a token, checked as one that comes in the password of CONNECT.
/// With it a client renews its token on a live connection. Stateless; as its one step is the authenticator's, it
/// may run on an event loop.
final class BearerTokens implements EnhancedAuthenticator {

    static final String METHOD = "BEARER";

    private final Authenticator authenticator;

    BearerTokens(Authenticator authenticator) {
        this.authenticator = authenticator;
    }

    @Override
    public String method() {
        return METHOD;
    }

    @Override
    public Exchange begin(Start start) {
        return data -> check(start, data);
    }

    private CompletionStage<Step> check(Start start, byte @Nullable [] token) {
        if (token == null || token.length == 0) {
            return CompletableFuture.completedFuture(
                    new Step.Failure(RefusalCause.BAD_CREDENTIALS, "no token in the authentication data"));
        }
        // Without a user name it cannot be taken for a password.
        return authenticator
                .authenticate(new Credentials(start.listener(), null, token))
                .thenApply(outcome -> switch (outcome) {
                    case Authentication.Admitted admitted -> new Step.Success(admitted.principal(), null);
                    case Authentication.Refused refused -> new Step.Failure(refused.cause(), refused.reason());
                });
    }
}
