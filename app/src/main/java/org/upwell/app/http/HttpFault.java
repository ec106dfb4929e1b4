// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import java.util.Map;

/// A request ends with an error. Becomes the answer `{"error": code, "message": …}`; the message is for the caller.
final class HttpFault extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int status;
    private final String code;
    private final transient Map<String, String> headers;

    private HttpFault(int status, String code, String message, Map<String, String> headers) {
        super(message, null, false, false);
        this.status = status;
        this.code = code;
        this.headers = headers;
    }

    static HttpFault badRequest(String message) {
        return new HttpFault(400, "bad_request", message, Map.of());
    }

    /// @param challenge how to log in (RFC 9110 §11.6.1)
    static HttpFault unauthorized(String message, String challenge) {
        return new HttpFault(401, "unauthorized", message, Map.of("WWW-Authenticate", challenge));
    }

    static HttpFault forbidden(String message) {
        return new HttpFault(403, "forbidden", message, Map.of());
    }

    static HttpFault notFound(String message) {
        return new HttpFault(404, "not_found", message, Map.of());
    }

    static HttpFault conflict(String message) {
        return new HttpFault(409, "conflict", message, Map.of());
    }

    static HttpFault tooLarge(int maxBytes) {
        // The rest of the body is not read, so the connection cannot go on.
        return new HttpFault(
                413, "too_large", "the body may have " + maxBytes + " bytes at most", Map.of("Connection", "close"));
    }

    static HttpFault internal(String message) {
        return new HttpFault(500, "internal", message, Map.of());
    }

    static HttpFault unavailable(String message) {
        return new HttpFault(503, "unavailable", message, Map.of("Retry-After", "1"));
    }

    int status() {
        return status;
    }

    String code() {
        return code;
    }

    String text() {
        return String.valueOf(getMessage());
    }

    Map<String, String> headers() {
        return headers;
    }
}
