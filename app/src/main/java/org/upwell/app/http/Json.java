// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;

/// Bodies of requests and answers in JSON.
final class Json {

    /// The largest body of an ordinary request.
    static final int MAX_BYTES = 64 * 1024;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(
                            StreamReadConstraints.builder().maxNestingDepth(32).build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            // What consumers write back comes out as it came in: 72.50 stays 72.50, and long numbers keep their digits.
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private Json() {}

    /// The body, which must be a JSON object of at most [#MAX_BYTES].
    static JsonBody read(ServerRequest request) {
        return read(request, MAX_BYTES);
    }

    static JsonBody read(ServerRequest request, int maxBytes) {
        byte[] content = bytes(request, maxBytes);
        if (content.length == 0) {
            throw HttpFault.badRequest("the body is empty, expected a JSON object");
        }
        JsonNode root;
        try {
            root = MAPPER.readTree(content);
        } catch (JacksonException e) {
            throw HttpFault.badRequest("the body is not well-formed JSON" + place(e.getLocation()) + ": "
                    + e.getOriginalMessage().lines().findFirst().orElse(""));
        }
        if (!root.isObject()) {
            throw HttpFault.badRequest("the body must be a JSON object");
        }
        return new JsonBody(root);
    }

    private static String place(@Nullable TokenStreamLocation location) {
        return location == null ? "" : " in line " + location.getLineNr() + ", column " + location.getColumnNr();
    }

    /// The body as it came, at most `maxBytes`.
    static byte[] bytes(ServerRequest request, int maxBytes) {
        if (!request.content().hasEntity()) {
            return new byte[0];
        }
        try (InputStream body = request.content().inputStream()) {
            byte[] content = body.readNBytes(maxBytes + 1);
            if (content.length > maxBytes) {
                throw HttpFault.tooLarge(maxBytes);
            }
            return content;
        } catch (IOException e) {
            throw HttpFault.badRequest("the body could not be read: " + e.getMessage());
        }
    }

    /// Answers with `body`, a record or a map, as JSON.
    static void send(ServerResponse response, int status, Object body) {
        send(response, status, "application/json", bytes(body));
    }

    /// `body`, a record or a map, as JSON in one line.
    static byte[] bytes(Object body) {
        return MAPPER.writeValueAsBytes(body);
    }

    static void send(ServerResponse response, int status, String contentType, byte[] body) {
        response.status(status)
                .header(HeaderNames.CONTENT_TYPE, contentType)
                .header(HeaderNames.X_CONTENT_TYPE_OPTIONS, "nosniff")
                .send(body);
    }

    /// Tells caches to keep nothing: the answer has a secret in it.
    static void noStore(ServerResponse response) {
        response.header(HeaderNames.CACHE_CONTROL, "no-store").header(HeaderNames.PRAGMA, "no-cache");
    }
}
