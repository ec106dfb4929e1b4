// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.upwell.app.tls.PemFiles;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The token service as a client sees it.
final class TokenService {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final JsonMapper JSON = new JsonMapper();

    private final URI url;
    private final @Nullable Path ca;

    /// @param ca PEM certificates to trust; null: those that Java trusts
    TokenService(URI url, @Nullable Path ca) {
        this.url = url;
        this.ca = ca;
    }

    String request(String clientId, String clientSecret) {
        String body = JSON.writeValueAsString(Map.of("clientId", clientId, "clientSecret", clientSecret));
        HttpResponse<String> response = post(body);
        return switch (response.statusCode()) {
            case 200, 201 -> accessToken(response.body());
            case 401 -> throw new CommandFailure("the token service refused the client ID or its secret");
            default -> throw new CommandFailure("the token service answered " + response.statusCode());
        };
    }

    private HttpResponse<String> post(String body) {
        HttpClient.Builder builder = HttpClient.newBuilder().connectTimeout(TIMEOUT);
        if (ca != null) {
            builder.sslContext(trust(ca));
        }
        try (HttpClient client = builder.build()) {
            HttpRequest request = HttpRequest.newBuilder(url.resolve("/api/tokens"))
                    .timeout(TIMEOUT)
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(body))
                    .build();
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new CommandFailure("no answer from " + url + ": " + cause(e), e);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(url + " is not the address of a token service: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure("interrupted", e);
        }
    }

    private static SSLContext trust(Path ca) {
        try {
            return PemFiles.clientContext(ca);
        } catch (IOException e) {
            throw new CommandFailure(String.valueOf(e.getMessage()), e);
        }
    }

    /// The last cause says what went wrong; the ones above it repeat that something did.
    private static String cause(Throwable e) {
        String told = e instanceof ConnectException
                ? "it refused the connection"
                : e.getClass().getSimpleName();
        for (Throwable each = e; each != null; each = each.getCause()) {
            told = each.getMessage() == null ? told : each.getMessage();
        }
        return told;
    }

    private static String accessToken(String body) {
        try {
            JsonNode token = JSON.readTree(body).path("accessToken");
            if (token.isString()) {
                return token.asString();
            }
        } catch (JacksonException e) {
            throw new CommandFailure("the token service's answer is not JSON", e);
        }
        throw new CommandFailure("the token service's answer has no accessToken");
    }
}
