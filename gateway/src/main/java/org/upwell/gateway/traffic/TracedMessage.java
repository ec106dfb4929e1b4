// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.traffic;

import java.time.Instant;
import java.util.Locale;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Message;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.jspecify.annotations.Nullable;

/// A message as a trace shows it.
///
/// @param listener `field` or `coap`
/// @param direction `in` or `out`, as the gateway sees it
/// @param peer address and port of the other side
/// @param type `CON`, `NON`, `ACK` or `RST`
/// @param code a method, a response code such as `2.05`, or `0.00` for an empty message
/// @param token in hex
/// @param uri of the request that it is or answers; empty where that is not known
/// @param outcome what became of it, as far as this message tells
/// @param payload null unless it was asked for
public record TracedMessage(
        Instant time,
        String listener,
        String direction,
        String peer,
        String type,
        String code,
        int mid,
        String token,
        String uri,
        int payloadBytes,
        String outcome,
        byte @Nullable [] payload) {

    static String typeOf(Message message) {
        CoAP.Type type = message.getType();
        return type == null ? "" : type.name();
    }

    static String codeOf(Message message) {
        return switch (message) {
            case Request request -> nameOf(request.getCode());
            case Response response -> nameOf(response.getCode());
            default -> "0.00";
        };
    }

    /// An empty message has no method.
    private static String nameOf(@Nullable Code method) {
        return method == null ? "0.00" : method.name();
    }

    private static String nameOf(@Nullable ResponseCode code) {
        return code == null ? "0.00" : code.text;
    }

    static String milliseconds(long nanos) {
        return String.format(Locale.ROOT, "after %.1f ms", nanos / 1e6);
    }
}
