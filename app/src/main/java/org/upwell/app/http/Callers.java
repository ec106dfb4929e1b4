// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.TenantId;
import org.upwell.access.role.RoleTable;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Authenticator;
import org.upwell.broker.access.Credentials;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;

/// Tells who sent a request. Blocks the request's own virtual thread while a password is checked.
public final class Callers {

    private static final Logger LOG = LoggerFactory.getLogger(Callers.class);
    private static final String LISTENER = "http";
    private static final String BASIC = "Basic ";
    private static final String BEARER = "Bearer ";
    private static final String BASIC_CHALLENGE = "Basic realm=\"upwell\", charset=\"UTF-8\"";
    private static final String BEARER_CHALLENGE = "Bearer realm=\"upwell\"";

    /// Longer than the queue of passwords takes when it is full.
    private static final long MAX_SECONDS = 30;

    private final Authenticator authenticator;

    public Callers(Authenticator authenticator) {
        this.authenticator = authenticator;
    }

    /// Whoever the token says, raw or after `Bearer` (field protocol §2), or the user that logs in by HTTP Basic.
    ///
    /// @throws HttpFault 401, 403 or 503
    public Principal caller(ServerRequest request) {
        String header = authorization(request, BEARER_CHALLENGE);
        if (startsWith(header, BASIC)) {
            return authenticate(basic(header), BASIC_CHALLENGE);
        }
        String token = startsWith(header, BEARER) ? header.substring(BEARER.length()) : header;
        byte[] password = token.strip().getBytes(StandardCharsets.UTF_8);
        return authenticate(new Credentials(LISTENER, null, password), BEARER_CHALLENGE);
    }

    /// A user who may administer. Only passwords count: a token never speaks for the internal tenant.
    ///
    /// @throws HttpFault 401, 403 or 503
    public Principal administrator(ServerRequest request) {
        refuseOtherSites(request);
        String header = authorization(request, BASIC_CHALLENGE);
        if (!startsWith(header, BASIC)) {
            throw HttpFault.unauthorized("log in by HTTP Basic", BASIC_CHALLENGE);
        }
        Principal principal = authenticate(basic(header), BASIC_CHALLENGE);
        boolean internal = principal.tenant().equals(TenantId.INTERNAL);
        if (!internal || !principal.roles().contains(RoleTable.ADMIN)) {
            throw HttpFault.forbidden("this takes a user with the role " + RoleTable.ADMIN);
        }
        return principal;
    }

    /// A browser adds a remembered password to requests that a page of another site makes; it names that site.
    private static void refuseOtherSites(ServerRequest request) {
        String origin = request.headers().first(HeaderNames.ORIGIN).orElse(null);
        if (origin == null) {
            return;
        }
        int scheme = origin.indexOf("://");
        boolean same = scheme > 0 && origin.substring(scheme + 3).equalsIgnoreCase(request.authority());
        if (!same) {
            throw HttpFault.forbidden("requests from pages of other sites are refused");
        }
    }

    private static String authorization(ServerRequest request, String challenge) {
        return request.headers()
                .first(HeaderNames.AUTHORIZATION)
                .orElseThrow(() -> HttpFault.unauthorized("the header Authorization is missing", challenge));
    }

    /// Names of schemes may be written in any case (RFC 9110 §11.1).
    private static boolean startsWith(String header, String scheme) {
        return header.regionMatches(true, 0, scheme, 0, scheme.length());
    }

    /// Name and password (RFC 7617), in UTF-8.
    private static Credentials basic(String header) {
        String[] pair = basicPair(header);
        if (pair == null) {
            throw HttpFault.unauthorized("the header Authorization is malformed", BASIC_CHALLENGE);
        }
        return new Credentials(LISTENER, pair[0], pair[1].getBytes(StandardCharsets.UTF_8));
    }

    /// The two parts of a Basic header; null if it is malformed or another scheme's.
    static String @Nullable [] basicPair(String header) {
        if (!startsWith(header, BASIC)) {
            return null;
        }
        try {
            byte[] decoded =
                    Base64.getDecoder().decode(header.substring(BASIC.length()).strip());
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(decoded))
                    .toString();
            int colon = text.indexOf(':');
            return colon < 0 ? null : new String[] {text.substring(0, colon), text.substring(colon + 1)};
        } catch (IllegalArgumentException | CharacterCodingException _) {
            return null;
        }
    }

    private Principal authenticate(Credentials credentials, String challenge) {
        Authentication outcome;
        try {
            outcome = authenticator
                    .authenticate(credentials)
                    .toCompletableFuture()
                    .get(MAX_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw HttpFault.unavailable("the server is stopping");
        } catch (ExecutionException e) {
            LOG.error("A login could not be checked", e);
            throw HttpFault.unavailable("the login could not be checked");
        } catch (TimeoutException _) {
            throw HttpFault.unavailable("the login could not be checked in time");
        }
        return switch (outcome) {
            case Authentication.Admitted admitted -> admitted.principal();
            case Authentication.Refused(RefusalCause cause, String reason) ->
                throw switch (cause) {
                    case BAD_CREDENTIALS -> HttpFault.unauthorized(reason, challenge);
                    case NOT_AUTHORIZED -> HttpFault.forbidden(reason);
                    case UNAVAILABLE -> HttpFault.unavailable(reason);
                };
        };
    }
}
