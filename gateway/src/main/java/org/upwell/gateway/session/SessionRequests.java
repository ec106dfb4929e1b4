// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.session;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.MediaTypeRegistry;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.Exchange;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Authenticator;
import org.upwell.broker.access.Credentials;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;
import org.upwell.gateway.coap.Answers;
import org.upwell.gateway.coap.Reply;
import org.upwell.gateway.event.GatewayCounters;
import org.upwell.gateway.event.GatewayEvent;

/// The resource `/sessions` (field protocol §4): `POST` with a token as payload, or in the old form with user and
/// password in the query, opens a session; `DELETE` closes it. Runs on the application listener's stage.
public final class SessionRequests {

    private static final Logger LOG = LoggerFactory.getLogger(SessionRequests.class);

    /// The name under which the authenticator sees this listener.
    private static final String LISTENER = "coap";

    /// Anybody can ask; a password check costs memory and time, so only so many wait for one.
    private static final int MAX_CHECKS_UNDER_WAY = 64;

    private static final long BUSY_RETRY_SECONDS = 5;
    private static final long LIMIT_RETRY_SECONDS = 60;

    private final Sessions sessions;
    private final SessionFile file;
    private final Authenticator authenticator;
    private final GatewayCounters counters;
    private final Duration promptAck;
    private final ScheduledExecutorService timer;
    private final Semaphore checks = new Semaphore(MAX_CHECKS_UNDER_WAY);

    public SessionRequests(
            Sessions sessions,
            SessionFile file,
            Authenticator authenticator,
            GatewayCounters counters,
            Duration promptAck,
            ScheduledExecutorService timer) {
        this.sessions = sessions;
        this.file = file;
        this.authenticator = authenticator;
        this.counters = counters;
        this.promptAck = promptAck;
        this.timer = timer;
    }

    public void handle(Exchange exchange) {
        Request request = exchange.getRequest();
        if (request.getCode() == Code.POST) {
            open(exchange);
        } else if (request.getCode() == Code.DELETE) {
            close(exchange);
        } else {
            exchange.sendResponse(Answers.of(ResponseCode.METHOD_NOT_ALLOWED));
        }
    }

    /// Who is told that a session is closed may give its address to somebody else: it must not come back with the
    /// next process.
    private void close(Exchange exchange) {
        if (!sessions.close(exchange.getRemoteSocketAddress())) {
            exchange.sendResponse(Answers.of(ResponseCode.DELETED));
            return;
        }
        Reply reply = new Reply(exchange);
        reply.acknowledgeAfter(promptAck, timer);
        file.written()
                .whenComplete((_, fault) -> reply.answer(
                        fault == null
                                ? Answers.of(ResponseCode.DELETED)
                                : Answers.unavailable(BUSY_RETRY_SECONDS, "closed, but that could not be kept")));
    }

    private void open(Exchange exchange) {
        Request request = exchange.getRequest();
        if (request.getPayloadSize() > 0
                && request.getOptions().hasContentFormat()
                && !request.getOptions().isContentFormat(MediaTypeRegistry.TEXT_PLAIN)) {
            exchange.sendResponse(Answers.of(ResponseCode.UNSUPPORTED_CONTENT_FORMAT));
            return;
        }
        Optional<Credentials> credentials = credentials(request);
        if (credentials.isEmpty()) {
            counters.count(GatewayEvent.SESSION_REFUSED);
            exchange.sendResponse(Answers.of(ResponseCode.UNAUTHORIZED, "no credentials"));
            return;
        }
        if (!checks.tryAcquire()) {
            exchange.sendResponse(Answers.unavailable(BUSY_RETRY_SECONDS, "too many logins under way"));
            return;
        }
        Reply reply = new Reply(exchange);
        Sessions.Login login = sessions.begin(exchange.getRemoteSocketAddress());
        check(credentials.get()).whenComplete((outcome, fault) -> {
            checks.release();
            Response answer = answer(exchange, login, outcome, fault);
            // Who is told that it has a session has it after a restart too.
            file.written().whenComplete((_, _) -> reply.answer(answer));
        });
        reply.acknowledgeAfter(promptAck, timer);
    }

    private CompletionStage<Authentication> check(Credentials credentials) {
        try {
            return authenticator.authenticate(credentials);
        } catch (RuntimeException fault) {
            // A login that never ends would take a place from the others for ever.
            return CompletableFuture.failedStage(fault);
        }
    }

    private static Optional<Credentials> credentials(Request request) {
        if (request.getPayloadSize() > 0) {
            return Optional.of(new Credentials(LISTENER, null, request.getPayload()));
        }
        Map<String, String> parameters = Answers.parameters(request.getOptions());
        String user = parameters.get("user");
        String password = parameters.get("pass");
        return user == null || password == null
                ? Optional.empty()
                : Optional.of(new Credentials(LISTENER, user, password.getBytes(StandardCharsets.UTF_8)));
    }

    private Response answer(
            Exchange exchange, Sessions.Login login, @Nullable Authentication outcome, @Nullable Throwable fault) {
        if (!(outcome instanceof Authentication.Admitted)) {
            sessions.abandon(login);
        }
        return switch (outcome) {
            case Authentication.Admitted(Principal principal) -> opened(exchange, login, principal);
            case Authentication.Refused refused
            when refused.cause() == RefusalCause.UNAVAILABLE ->
                Answers.unavailable(BUSY_RETRY_SECONDS, "logins are not possible now");
            case Authentication.Refused refused -> {
                LOG.debug("session for {} refused: {}", exchange.getRemoteSocketAddress(), refused.reason());
                counters.count(GatewayEvent.SESSION_REFUSED);
                // The reason stays here: it would tell a stranger whether a user exists.
                yield Answers.of(ResponseCode.UNAUTHORIZED);
            }
            case null -> {
                LOG.warn("credentials could not be checked", fault);
                yield Answers.unavailable(BUSY_RETRY_SECONDS, "logins are not possible now");
            }
        };
    }

    private Response opened(Exchange exchange, Sessions.Login login, Principal principal) {
        return switch (sessions.open(login, principal)) {
            case Sessions.Opening.Opened(Session session) -> {
                if (CoAP.COAP_URI_SCHEME.equalsIgnoreCase(exchange.getRequest().getScheme())) {
                    // One over DTLS must not come back as one over plain UDP.
                    file.keep(session, sessions);
                }
                if (authenticator.readmit(principal).isEmpty()) {
                    // What changed while the credentials were checked has told only the sessions that were there.
                    sessions.revoke(each -> authenticator.readmit(each).isPresent());
                    yield Answers.of(ResponseCode.UNAUTHORIZED);
                }
                yield Answers.of(ResponseCode.CREATED);
            }
            case Sessions.Opening.NoneLeft() -> {
                Response refusal = Answers.of(ResponseCode.TOO_MANY_REQUESTS, "no session left");
                refusal.getOptions().setMaxAge(LIMIT_RETRY_SECONDS);
                yield refusal;
            }
            // RFC 8132 §3.4 brought the code. Who sent both knows which one counts.
            case Sessions.Opening.Overtaken() ->
                Answers.of(ResponseCode.CONFLICT, "a later request from here took its place");
        };
    }
}
