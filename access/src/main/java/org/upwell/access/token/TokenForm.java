// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.token;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Tells a token from a password (field protocol §3): three base64url parts, the first of which is a JSON object
/// that has `alg`. What looks like a token is never tried as a password, whatever is wrong with it.
public final class TokenForm {

    /// In characters. Longer ones are refused before any work is done for them.
    static final int MAX_LENGTH = 16_384;

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private TokenForm() {}

    /// The text of `password` if it has the form of a token.
    public static Optional<String> of(byte[] password) {
        int dots = 0;
        for (byte b : password) {
            if (b == '.') {
                dots++;
            } else if (!isBase64Url(b)) {
                return Optional.empty();
            }
        }
        if (dots != 2) {
            return Optional.empty();
        }
        String text = new String(password, StandardCharsets.US_ASCII);
        return hasAlgorithm(text.substring(0, text.indexOf('.'))) ? Optional.of(text) : Optional.empty();
    }

    private static boolean isBase64Url(byte b) {
        return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') || b == '-' || b == '_';
    }

    private static boolean hasAlgorithm(String header) {
        try {
            JsonNode node = JSON.readTree(Base64.getUrlDecoder().decode(header));
            return node.isObject() && node.has("alg");
        } catch (IllegalArgumentException | JacksonException _) {
            return false;
        }
    }
}
