// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;

/// Writes MQTT's data types and tells their exact size. Stateless.
final class Wire {

    /// The largest remaining length and the largest variable byte integer (section 1.5.5).
    static final int MAX_VARIABLE_BYTE_INTEGER = 268_435_455;

    private static final int MAX_LENGTH_PREFIXED_BYTES = 65_535;

    private Wire() {}

    static int variableByteIntegerBytes(int value) {
        if (value < 1 << 7) {
            return 1;
        }
        if (value < 1 << 14) {
            return 2;
        }
        return value < 1 << 21 ? 3 : 4;
    }

    /// Writes the fewest bytes that hold `value` ([MQTT-1.5.5-1]).
    static void writeVariableByteInteger(ByteBuf out, int value) {
        int rest = value;
        while (rest > 0x7F) {
            out.writeByte((rest & 0x7F) | 0x80);
            rest >>>= 7;
        }
        out.writeByte(rest);
    }

    /// The size of a string with its two length bytes.
    static int stringBytes(String value) {
        return 2 + checkedLength(ByteBufUtil.utf8Bytes(value));
    }

    /// Writes a string without an array in between.
    static void writeString(ByteBuf out, String value) {
        writeString(out, value, ByteBufUtil.utf8Bytes(value));
    }

    /// As above, where the caller knows `utf8Bytes` already.
    static void writeString(ByteBuf out, String value, int utf8Bytes) {
        out.writeShort(checkedLength(utf8Bytes));
        if (utf8Bytes == value.length()) {
            // As many bytes as characters: all are ASCII.
            ByteBufUtil.writeAscii(out, value);
        } else {
            ByteBufUtil.reserveAndWriteUtf8(out, value, utf8Bytes);
        }
    }

    /// The size of binary data with its two length bytes.
    static int binaryBytes(byte[] value) {
        return 2 + checkedLength(value.length);
    }

    static void writeBinary(ByteBuf out, byte[] value) {
        out.writeShort(checkedLength(value.length));
        out.writeBytes(value);
    }

    static int checkedLength(int bytes) {
        if (bytes > MAX_LENGTH_PREFIXED_BYTES) {
            throw new IllegalArgumentException(
                    "a string or binary field holds at most 65535 bytes, not " + bytes + " bytes");
        }
        return bytes;
    }
}
