// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The token service as a client sees it.
final class TokenService {
    private static final JsonMapper JSON = new JsonMapper();

    private final HttpService service;

    /// @param ca PEM certificates to trust; null: those that Java trusts
    TokenService(URI url, @Nullable Path ca) {
        service = new HttpService(url, ca);
    }

    String request(String clientId, String clientSecret) {
        String body = JSON.writeValueAsString(Map.of("clientId", clientId, "clientSecret", clientSecret));
        HttpResponse<String> response = service.ask(service.request("/api/tokens")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
        return switch (response.statusCode()) {
            case 200, 201 -> accessToken(response.body());
            case 401 -> throw new CommandFailure("the token service refused the client ID or its secret");
            default -> throw new CommandFailure("the token service answered " + response.statusCode());
        };
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
