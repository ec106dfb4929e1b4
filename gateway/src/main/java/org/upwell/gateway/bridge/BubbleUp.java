// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import java.util.Map;
import org.eclipse.californium.core.coap.Request;
import org.upwell.access.Mac;
import org.upwell.gateway.coap.Answers;

/// A device's notification as it came in: `POST /bubbleup/<kind>?mac=&uri=&boot=&seq=` (field protocol §5).
///
/// @param kind `read` or `alert`, the second topic level
record BubbleUp(String kind, NotificationId id, byte[] payload) {

    private static final int MAX_URI_CHARACTERS = 1024;

    /// @throws IllegalArgumentException naming the parameter that is missing or wrong
    static BubbleUp parse(String kind, Request request) {
        Map<String, String> parameters = Answers.parameters(request.getOptions());
        Mac mac = Mac.parse(required(parameters, "mac"));
        String uri = required(parameters, "uri");
        if (uri.length() > MAX_URI_CHARACTERS || uri.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("uri is too long or contains NUL");
        }
        long boot = number(parameters, "boot");
        long sequence = number(parameters, "seq");
        return new BubbleUp(kind, new NotificationId(mac, uri, boot, sequence), request.getPayload());
    }

    private static String required(Map<String, String> parameters, String name) {
        String value = parameters.get(name);
        if (value == null || value.isEmpty()) {
            throw new IllegalArgumentException(name + " is missing");
        }
        return value;
    }

    private static long number(Map<String, String> parameters, String name) {
        String text = required(parameters, name);
        try {
            long value = Long.parseLong(text);
            if (value >= 0) {
                return value;
            }
        } catch (NumberFormatException _) {
            // Told below, together with negative numbers.
        }
        throw new IllegalArgumentException(name + " is not a number");
    }
}
