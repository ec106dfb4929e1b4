// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;
import org.upwell.broker.owner.Loop;
import org.upwell.codec.Auth;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.ReasonCode;
import org.upwell.mqtt.hook.EnhancedAuthenticator;
import org.upwell.mqtt.hook.EnhancedAuthenticator.Exchange;
import org.upwell.mqtt.hook.EnhancedAuthenticator.Start;
import org.upwell.mqtt.hook.EnhancedAuthenticator.Step;

/// One exchange of enhanced authentication with a client, before CONNACK or on a live connection: asks the
/// authenticator off the event loop, sends AUTH, and waits for the client no longer than for a CONNECT. Owned by
/// the connection's event loop.
@SuppressWarnings("FutureReturnValueIgnored") // The chain ends in a step that takes value and failure.
final class AuthExchange {

    private static final Logger LOG = LoggerFactory.getLogger(AuthExchange.class);

    /// Who wants to know how it ends.
    interface Outcome {

        /// AUTH was sent; the client's turn.
        void continued();

        void authenticated(Principal principal, byte @Nullable [] data);

        void refused(RefusalCause cause, String reason);
    }

    private final MqttConnection connection;
    private final EnhancedAuthenticator authenticator;
    private final Start start;
    private final Outcome outcome;
    private final Executor executor;
    private boolean answering;
    private boolean ended;
    private Loop.@Nullable Cancellation timer;
    /// Written by the first step, which the later ones follow.
    private volatile @Nullable Exchange exchange;

    AuthExchange(MqttConnection connection, EnhancedAuthenticator authenticator, Start start, Outcome outcome) {
        this.connection = connection;
        this.authenticator = authenticator;
        this.start = start;
        this.outcome = outcome;
        // Ours does not block; others may.
        this.executor = authenticator instanceof BearerTokens
                ? Runnable::run
                : connection.hookRunner().executor();
    }

    /// The authenticator that offers a method; null if none does.
    static @Nullable EnhancedAuthenticator find(MqttConnection connection, String method) {
        EnhancedAuthenticator hook = connection.hookRunner().authenticator(method);
        if (hook != null) {
            return hook;
        }
        return method.equals(BearerTokens.METHOD)
                ? new BearerTokens(connection.broker().authenticator())
                : null;
    }

    static Properties toProperties(String method, byte @Nullable [] data) {
        Properties.Builder properties = Properties.builder().string(Property.AUTHENTICATION_METHOD, method);
        if (data != null) {
            properties.binary(Property.AUTHENTICATION_DATA, data);
        }
        return properties.build();
    }

    /// False while the authenticator has the word, so that the client must not speak.
    boolean isClientsTurn() {
        return !answering && !ended;
    }

    /// Takes what the client sent, with CONNECT or AUTH.
    void next(Properties properties) {
        answering = true;
        stopTimer();
        byte[] data = properties.binary(Property.AUTHENTICATION_DATA);
        CompletableFuture.completedFuture(start)
                .thenComposeAsync(
                        first -> {
                            Exchange going = exchange;
                            if (going == null) {
                                going = authenticator.begin(first);
                                exchange = going;
                            }
                            return going.next(data);
                        },
                        executor)
                .whenComplete((step, failure) -> connection.execute(() -> answered(step, failure)));
    }

    private void answered(@Nullable Step step, @Nullable Throwable failure) {
        answering = false;
        if (ended) {
            tellAbandoned();
            return;
        }
        switch (step) {
            case Step.Continue more -> {
                connection
                        .line()
                        .send(new Auth(
                                ReasonCode.CONTINUE_AUTHENTICATION, toProperties(authenticator.method(), more.data())));
                timer = connection.owner().schedule(connection.limits().connectTimeout(), this::timeout);
                outcome.continued();
            }
            case Step.Success success -> {
                ended = true;
                outcome.authenticated(success.principal(), success.data());
            }
            case Step.Failure refused -> {
                ended = true;
                outcome.refused(refused.cause(), refused.reason());
            }
            case null -> {
                ended = true;
                LOG.error(
                        "the authentication method {} failed or gave no answer",
                        authenticator.method(),
                        failure instanceof CompletionException e ? e.getCause() : failure);
                outcome.refused(RefusalCause.UNAVAILABLE, "authentication is not available");
            }
        }
    }

    private void timeout() {
        if (isClientsTurn()) {
            stop();
            outcome.refused(RefusalCause.NOT_AUTHORIZED, "the client did not go on with its authentication");
        }
    }

    private void stopTimer() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    /// The connection ended.
    void stop() {
        stopTimer();
        if (!ended) {
            ended = true;
            if (!answering) {
                tellAbandoned();
            }
        }
    }

    private void tellAbandoned() {
        Exchange left = exchange;
        if (left != null) {
            executor.execute(() -> {
                try {
                    left.abandoned();
                } catch (RuntimeException e) {
                    LOG.error("the authentication method {} failed at the end", authenticator.method(), e);
                }
            });
        }
    }
}
