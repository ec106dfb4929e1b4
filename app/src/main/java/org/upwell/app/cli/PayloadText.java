// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.cbor.CBORMapper;

/// Shows payloads to a person: sensor data decoded, text as text, the rest as hex. What peers send never reaches the
/// terminal as control characters.
final class PayloadText {
    private static final CBORMapper CBOR = new CBORMapper();

    private PayloadText() {}

    /// A sensor's wrapper as `type data`, any other CBOR as JSON, and what is no CBOR as [#plain] shows it.
    static String decoded(byte[] payload) {
        if (isWrapper(payload)) {
            try {
                JsonNode wrapper = CBOR.readTree(payload);
                JsonNode data = wrapper.path("1");
                String shown = data.isBinary() ? "0x" + hex(data.binaryValue()) : plain(data.asString());
                return printable(wrapper.path("0").asString()) + " " + shown;
            } catch (JacksonException e) {
                return plain(payload);
            }
        }
        return plain(payload);
    }

    /// Existing decoders know the wrapper by these two bytes: a map of two pairs whose first key is 0.
    private static boolean isWrapper(byte[] payload) {
        return payload.length > 2 && payload[0] == (byte) 0xa2 && payload[1] == 0;
    }

    /// Text if it is all printable UTF-8, else hex.
    static String plain(byte[] payload) {
        try {
            return plain(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(payload))
                    .toString());
        } catch (CharacterCodingException e) {
            return "0x" + hex(payload);
        }
    }

    private static String plain(String text) {
        return isPrintable(text) ? text : "0x" + hex(text.getBytes(StandardCharsets.UTF_8));
    }

    /// The text with every control character escaped.
    static String printable(String text) {
        StringBuilder result = new StringBuilder(text.length());
        text.codePoints().forEach(point -> {
            if (isPrintable(point)) {
                result.appendCodePoint(point);
            } else {
                result.append(String.format("\\u%04x", point));
            }
        });
        return result.toString();
    }

    static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static boolean isPrintable(String text) {
        return text.codePoints().allMatch(PayloadText::isPrintable);
    }

    private static boolean isPrintable(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }
}
