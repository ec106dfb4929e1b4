// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.upwell.access.token.IssuedToken;
import org.upwell.access.token.SigningKeys;
import org.upwell.access.token.TokenIssuer;
import org.upwell.access.token.TokenService;

/// Exchanges client secrets for tokens: in the form of existing clients (field protocol §2), and as RFC 6749 §4.4
/// has it. Publishes the keys that verify them.
final class TokenRoutes implements Routes {

    private static final int MAX_FORM_BYTES = 8 * 1024;
    private static final String FORM = "application/x-www-form-urlencoded";

    private record Token(String accessToken) {}

    /// RFC 6749 §5.1; the names are those on the wire.
    private record OauthToken(String access_token, String token_type, long expires_in, String scope) {}

    /// RFC 6749 §5.2.
    private record OauthError(String error, String error_description) {}

    /// RFC 6749 §5.2, to be answered as such.
    private static final class OauthFault extends Exception {
        private static final long serialVersionUID = 1L;

        private final int status;
        private final String error;

        OauthFault(int status, String error, String description) {
            super(description, null, false, false);
            this.status = status;
            this.error = error;
        }
    }

    private record Pair(String clientId, String clientSecret) {}

    private final TokenService tokens;
    private final SigningKeys keys;

    TokenRoutes(TokenService tokens, SigningKeys keys) {
        this.tokens = tokens;
        this.keys = keys;
    }

    @Override
    public void addTo(HttpRules rules) {
        rules.post("/api/tokens", this::exchange)
                .post("/oauth2/token", this::oauth)
                .get("/.well-known/jwks.json", this::keySet);
    }

    private void exchange(ServerRequest request, ServerResponse response) {
        Json.noStore(response);
        // Fields that we do not know are left alone: the clients exist, and we do not know all of them.
        JsonBody body = Json.read(request);
        switch (tokens.exchange(body.text("clientId"), body.text("clientSecret"))) {
            case TokenService.Exchange.Granted granted ->
                Json.send(response, 200, new Token(granted.token().token()));
            case TokenService.Exchange.Refused refused ->
                throw HttpFault.unauthorized(refused.reason(), "Bearer realm=\"upwell\"");
        }
    }

    private void keySet(ServerRequest request, ServerResponse response) {
        response.header(HeaderNames.CACHE_CONTROL, "public, max-age=300");
        byte[] body = keys.publicJson().getBytes(StandardCharsets.UTF_8);
        Json.send(response, 200, "application/jwk-set+json", body);
    }

    private void oauth(ServerRequest request, ServerResponse response) {
        Json.noStore(response);
        try {
            IssuedToken token = oauthToken(request);
            Json.send(
                    response,
                    200,
                    new OauthToken(
                            token.token(),
                            "Bearer",
                            TokenIssuer.LIFE.toSeconds(),
                            String.join(" ", new TreeSet<>(token.roles()))));
        } catch (OauthFault e) {
            if (e.status == 401) {
                response.header(HeaderNames.WWW_AUTHENTICATE, "Basic realm=\"upwell\"");
            }
            Json.send(response, e.status, new OauthError(e.error, String.valueOf(e.getMessage())));
        }
    }

    private IssuedToken oauthToken(ServerRequest request) throws OauthFault {
        Map<String, String> form = form(request);
        String grant = form.get("grant_type");
        if (grant == null) {
            throw new OauthFault(400, "invalid_request", "grant_type is missing");
        }
        Pair pair = pair(request, form);
        if (!grant.equals("client_credentials")) {
            throw new OauthFault(400, "unsupported_grant_type", "only client_credentials is supported");
        }
        String scope = form.getOrDefault("scope", "").strip();
        Set<String> roles = scope.isEmpty() ? Set.of() : new TreeSet<>(List.of(scope.split(" +", -1)));
        return switch (tokens.exchange(pair.clientId(), pair.clientSecret(), roles)) {
            case TokenService.Exchange.Granted granted -> granted.token();
            case TokenService.Exchange.Refused refused ->
                throw switch (refused.fault()) {
                    case INVALID_CLIENT -> new OauthFault(401, "invalid_client", refused.reason());
                    case INVALID_SCOPE -> new OauthFault(400, "invalid_scope", refused.reason());
                };
        };
    }

    /// The client's ID and secret, from the header or the form but not both (RFC 6749 §2.3).
    private static Pair pair(ServerRequest request, Map<String, String> form) throws OauthFault {
        String header = request.headers().first(HeaderNames.AUTHORIZATION).orElse(null);
        String clientId = form.get("client_id");
        String secret = form.get("client_secret");
        if (header != null) {
            if (secret != null) {
                throw new OauthFault(400, "invalid_request", "the client authenticates in the header and in the form");
            }
            String[] basic = Callers.basicPair(header);
            if (basic == null) {
                throw new OauthFault(401, "invalid_client", "the header Authorization is not HTTP Basic");
            }
            // Both are form-encoded first, then joined (RFC 6749 §2.3.1).
            return new Pair(decode(basic[0]), decode(basic[1]));
        }
        if (clientId == null || secret == null) {
            throw new OauthFault(401, "invalid_client", "the client does not authenticate");
        }
        return new Pair(clientId, secret);
    }

    private static Map<String, String> form(ServerRequest request) throws OauthFault {
        String type = request.headers().first(HeaderNames.CONTENT_TYPE).orElse("");
        if (!type.toLowerCase(Locale.ROOT).startsWith(FORM)) {
            throw new OauthFault(400, "invalid_request", "the body must be " + FORM);
        }
        String body = new String(Json.bytes(request, MAX_FORM_BYTES), StandardCharsets.UTF_8);
        Map<String, String> form = new HashMap<>();
        for (String part : body.split("&", -1)) {
            int equals = part.indexOf('=');
            // A parameter without a value counts as absent (RFC 6749 §3.2).
            if (equals <= 0 || equals == part.length() - 1) {
                continue;
            }
            String name = decode(part.substring(0, equals));
            String before = form.put(name, decode(part.substring(equals + 1)));
            if (before != null) {
                throw new OauthFault(400, "invalid_request", "a parameter is given twice");
            }
        }
        return form;
    }

    private static String decode(String text) throws OauthFault {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException _) {
            throw new OauthFault(400, "invalid_request", "a percent sign is not followed by two hex digits");
        }
    }
}
