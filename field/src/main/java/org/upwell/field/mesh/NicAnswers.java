// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.coap.CoapMessage;
import org.upwell.field.coap.CoapOption;
import org.upwell.field.coap.CoapType;

/// How a NIC of the field answers requests: as the NIC with a real sensor does, but at once, with values that it
/// makes itself. Observe relations are the business of [NicObservers]. No state.
final class NicAnswers {
    private static final int TEXT = 0;
    private static final int LINKS = 40;
    private static final int CBOR = 60;
    private static final String CORE =
            "</time>;obs,</battery>;obs,</signal>;obs,</power>;obs,</snsr/arduino/temp>;obs,</snsr>";

    private NicAnswers() {}

    static CoapMessage answer(long mac, int boot, CoapMessage request, int epochSeconds) {
        CoapType type = request.type() == CoapType.CONFIRMABLE ? CoapType.ACKNOWLEDGEMENT : CoapType.NON_CONFIRMABLE;
        boolean understood = request.options().stream()
                .allMatch(
                        option -> !CoapOption.isCritical(option.number()) || CoapOption.isObeyedByAll(option.number()));
        if (!understood) {
            return answer(type, CoapCode.BAD_OPTION, request).build();
        }
        String path = request.path();
        if (path.startsWith("/snsr/")) {
            return sensor(type, mac, request, epochSeconds);
        }
        String text = switch (path) {
            case "/" -> "Upwell NIC " + Telemetry.mac(mac) + ", boot " + boot;
            case "/.well-known/core" -> CORE;
            case "/time" -> Integer.toUnsignedString(epochSeconds);
            case "/battery" -> Integer.toUnsignedString(epochSeconds) + ",100,%";
            case "/signal" -> Integer.toUnsignedString(epochSeconds) + ",-70,dBm";
            case "/power" -> Integer.toUnsignedString(epochSeconds) + ",mains";
            default -> "";
        };
        if (text.isEmpty()) {
            return answer(type, CoapCode.NOT_FOUND, request).build();
        }
        if (request.code() != CoapCode.GET) {
            return answer(type, CoapCode.METHOD_NOT_ALLOWED, request).build();
        }
        int format = path.equals("/.well-known/core") ? LINKS : TEXT;
        return answer(type, CoapCode.CONTENT, request)
                .option(CoapOption.uint(CoapOption.CONTENT_FORMAT, format))
                .payload(text.getBytes(StandardCharsets.UTF_8))
                .build();
    }

    private static CoapMessage sensor(CoapType type, long mac, CoapMessage request, int epochSeconds) {
        if (!request.path().equals(Telemetry.Kind.READING.uri())) {
            return answer(type, CoapCode.NOT_FOUND, request).build();
        }
        List<String> queries = request.texts(CoapOption.URI_QUERY).stream()
                .filter(query -> !query.isEmpty())
                .toList();
        if (queries.isEmpty()) {
            return answer(type, CoapCode.METHOD_NOT_ALLOWED, request).build();
        }
        boolean value = request.code() == CoapCode.GET && queries.getFirst().equals("sens");
        boolean setting = request.code() == CoapCode.PUT
                && (queries.getFirst().equals("cfg=F") || queries.getFirst().equals("cfg=C"));
        if (value) {
            return answer(type, CoapCode.CONTENT, request)
                    .option(CoapOption.uint(CoapOption.CONTENT_FORMAT, CBOR))
                    .payload(Telemetry.reading(mac, epochSeconds))
                    .build();
        }
        return answer(type, setting ? CoapCode.CHANGED : CoapCode.NOT_IMPLEMENTED, request)
                .build();
    }

    private static CoapMessage.Builder answer(CoapType type, int code, CoapMessage request) {
        return CoapMessage.of(type, code, request.messageId()).token(request.token());
    }
}
