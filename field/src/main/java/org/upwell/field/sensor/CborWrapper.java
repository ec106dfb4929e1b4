// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.sensor;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/// The envelope of a reading: a CBOR map of two pairs, key 0 → the sensor type, key 1 → the sensor's own data. It is
/// known by its first bytes `A2 00`. Firmware writes the data as text even when they are binary, and readers must take
/// text as raw bytes (field protocol §1, §7).
public final class CborWrapper {
    /// Longest whole wrapper in bytes.
    public static final int MAX_BYTES = 128;

    private static final int MAP_OF_TWO = 0xA2;
    private static final int BYTES = 2;
    private static final int TEXT = 3;

    private final String type;
    private final byte[] data;

    private CborWrapper(String type, byte[] data) {
        this.type = type;
        this.data = data;
    }

    public String type() {
        return type;
    }

    /// Not a copy: readers only.
    public byte[] data() {
        return data;
    }

    /// Empty when it would be longer than [#MAX_BYTES].
    public static Optional<byte[]> encode(String type, byte[] data) {
        return encode(type, data, false);
    }

    /// The same, with the data as a byte string.
    public static Optional<byte[]> encodeBinary(String type, byte[] data) {
        return encode(type, data, true);
    }

    private static Optional<byte[]> encode(String type, byte[] data, boolean binary) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(MAP_OF_TWO);
        out.write(0);
        write(out, TEXT, type.getBytes(StandardCharsets.UTF_8));
        out.write(1);
        write(out, binary ? BYTES : TEXT, data);
        return out.size() > MAX_BYTES ? Optional.empty() : Optional.of(out.toByteArray());
    }

    /// Empty when the bytes are no wrapper; what follows the two pairs is ignored.
    public static Optional<CborWrapper> decode(byte[] bytes) {
        if (bytes.length < 2 || (bytes[0] & 0xFF) != MAP_OF_TWO || bytes[1] != 0) {
            return Optional.empty();
        }
        Optional<byte[]> type = string(bytes, 2);
        if (type.isEmpty()) {
            return Optional.empty();
        }
        int at = 2 + encodedLength(type.get().length);
        if (at >= bytes.length || bytes[at] != 1) {
            return Optional.empty();
        }
        return string(bytes, at + 1).map(data -> new CborWrapper(new String(type.get(), StandardCharsets.UTF_8), data));
    }

    private static void write(ByteArrayOutputStream out, int major, byte[] text) {
        int head = major << 5;
        if (text.length < 24) {
            out.write(head | text.length);
        } else if (text.length < 256) {
            out.write(head | 24);
            out.write(text.length);
        } else {
            out.write(head | 25);
            out.write(text.length >> 8);
            out.write(text.length);
        }
        out.writeBytes(text);
    }

    private static Optional<byte[]> string(byte[] bytes, int at) {
        if (at >= bytes.length) {
            return Optional.empty();
        }
        int major = (bytes[at] & 0xFF) >> 5;
        int length = bytes[at] & 0x1F;
        int from = at + 1;
        if (length == 24 && from < bytes.length) {
            length = bytes[from] & 0xFF;
            from++;
        } else if (length == 25 && from + 1 < bytes.length) {
            length = ((bytes[from] & 0xFF) << 8) | (bytes[from + 1] & 0xFF);
            from += 2;
        } else if (length >= 24) {
            return Optional.empty();
        }
        if ((major != TEXT && major != BYTES) || from + length > bytes.length) {
            return Optional.empty();
        }
        return Optional.of(Arrays.copyOfRange(bytes, from, from + length));
    }

    private static int encodedLength(int length) {
        if (length < 24) {
            return 1 + length;
        }
        return (length < 256 ? 2 : 3) + length;
    }
}
