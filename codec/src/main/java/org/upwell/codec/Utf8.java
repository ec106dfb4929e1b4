// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Reads MQTT strings: well-formed UTF-8 without U+0000 and without surrogates ([MQTT-1.5.4-1], [MQTT-1.5.4-2],
/// [MQTT3-1.5.3-1], [MQTT3-1.5.3-2]); a byte order mark is a character like others ([MQTT-1.5.4-3], [MQTT3-1.5.3-3]).
/// Stateless.
final class Utf8 {

    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;
    private static final long LOW_BITS = 0x0101_0101_0101_0101L;

    private Utf8() {}

    /// The string in `length` bytes from `index`, or null if they are not a valid MQTT string.
    static @Nullable String read(ByteBuf in, int index, int length) {
        if (length == 0) {
            return "";
        }
        int end = index + length;
        int ascii = skipAscii(in, index, end);
        if (ascii == end) {
            return in.toString(index, length, StandardCharsets.ISO_8859_1);
        }
        return isWellFormed(in, ascii, end) ? in.toString(index, length, StandardCharsets.UTF_8) : null;
    }

    /// The index of the first byte that is not in 0x01 to 0x7F, or `end`; may stop up to seven bytes early.
    private static int skipAscii(ByteBuf in, int index, int end) {
        int at = index;
        while (at + 8 <= end) {
            long word = in.getLong(at);
            // Not zero if any byte is negative (the first term) or zero (the second; the classic borrow trick).
            if (((word | ((word - LOW_BITS) & ~word)) & HIGH_BITS) != 0) {
                return at;
            }
            at += 8;
        }
        while (at < end && in.getByte(at) > 0) {
            at++;
        }
        return at;
    }

    private static boolean isWellFormed(ByteBuf in, int index, int end) {
        int at = index;
        while (at < end) {
            int first = in.getByte(at);
            if (first > 0) {
                at++;
                continue;
            }
            int bytes = sequenceBytes(first & 0xFF);
            if (bytes == 0 || at + bytes > end || !isSequence(in, at, bytes)) {
                return false;
            }
            at += bytes;
        }
        return true;
    }

    /// The length that a lead byte announces, 0 for bytes that lead nothing (U+0000 included).
    private static int sequenceBytes(int first) {
        if (first < 0xC2 || first > 0xF4) {
            // 0xC0 and 0xC1 would be overlong, above 0xF4 lies beyond U+10FFFF.
            return 0;
        }
        if (first < 0xE0) {
            return 2;
        }
        return first < 0xF0 ? 3 : 4;
    }

    private static boolean isSequence(ByteBuf in, int at, int bytes) {
        for (int i = 1; i < bytes; i++) {
            if ((in.getByte(at + i) & 0xC0) != 0x80) {
                return false;
            }
        }
        int second = in.getUnsignedByte(at + 1);
        return switch (in.getUnsignedByte(at)) {
            case 0xE0 -> second >= 0xA0; // below: overlong
            case 0xED -> second < 0xA0; // above: surrogates U+D800 to U+DFFF
            case 0xF0 -> second >= 0x90; // below: overlong
            case 0xF4 -> second < 0x90; // above: beyond U+10FFFF
            default -> true;
        };
    }
}
