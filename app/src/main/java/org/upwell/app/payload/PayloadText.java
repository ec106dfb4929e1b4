// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.payload;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import org.upwell.field.sensor.CborWrapper;

/// Shows payloads to a person: sensor data decoded, text as text, the rest as hex. What peers send never reaches
/// the terminal as control characters.
public final class PayloadText {
    private PayloadText() {}

    /// A sensor's wrapper as `type data`, and what is none as [#plain] shows it.
    public static String decoded(byte[] payload) {
        return CborWrapper.decode(payload)
                .map(wrapper -> printable(wrapper.type()) + " " + plain(wrapper.data()))
                .orElseGet(() -> plain(payload));
    }

    /// Text if it is all printable UTF-8, else hex.
    public static String plain(byte[] payload) {
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
    public static String printable(String text) {
        StringBuilder result = new StringBuilder(text.length());
        text.codePoints().forEach(point -> {
            if (isPrintable(point)) {
                result.appendCodePoint(point);
            } else {
                result.append(String.format(Locale.ROOT, "\\u%04x", point));
            }
        });
        return result.toString();
    }

    public static String hex(byte[] bytes) {
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
