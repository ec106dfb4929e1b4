// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// Finds the last topic level of a notification: the sensor type in its CBOR wrapper, else the last path segment of
/// the sensor's URI (field protocol §1).
final class SensorType {

    /// In bytes of UTF-8.
    private static final int MAX_BYTES = 128;

    private static final int MAP_OF_TWO = 0xA2;
    private static final int KEY_ZERO = 0x00;
    private static final int TEXT = 3 << 5;
    private static final int MAJOR_TYPE = 0xE0;
    private static final int ONE_BYTE_LENGTH = 24;
    private static final int TWO_BYTE_LENGTH = 25;

    private SensorType() {}

    /// The sensor type, or empty if it cannot be a topic level: it must be one literal level that no subscriber could
    /// take for two.
    static Optional<String> of(byte[] payload, String sensorUri) {
        String type = wrapped(payload).orElseGet(() -> lastSegment(sensorUri));
        return isLevel(type) ? Optional.of(type) : Optional.empty();
    }

    /// Key 0 of the wrapper. Recognised by its first bytes alone, whatever the content format says, because that is
    /// how existing decoders do it.
    private static Optional<String> wrapped(byte[] payload) {
        if (payload.length < 3 || (payload[0] & 0xff) != MAP_OF_TWO || payload[1] != KEY_ZERO) {
            return Optional.empty();
        }
        ByteBuffer rest = ByteBuffer.wrap(payload, 2, payload.length - 2);
        int head = rest.get() & 0xff;
        int length = (head & MAJOR_TYPE) == TEXT ? textLength(head & ~MAJOR_TYPE, rest) : -1;
        if (length < 0 || length > rest.remaining()) {
            return Optional.empty();
        }
        try {
            // A fresh decoder reports malformed input instead of replacing it.
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(rest.limit(rest.position() + length))
                    .toString());
        } catch (CharacterCodingException _) {
            return Optional.empty();
        }
    }

    private static int textLength(int code, ByteBuffer rest) {
        if (code < ONE_BYTE_LENGTH) {
            return code;
        }
        if (code == ONE_BYTE_LENGTH && rest.remaining() >= 1) {
            return rest.get() & 0xff;
        }
        if (code == TWO_BYTE_LENGTH && rest.remaining() >= 2) {
            return rest.getShort() & 0xffff;
        }
        return -1;
    }

    private static String lastSegment(String sensorUri) {
        int query = sensorUri.indexOf('?');
        String path = query < 0 ? sensorUri : sensorUri.substring(0, query);
        int end = path.endsWith("/") ? path.length() - 1 : path.length();
        return path.substring(path.lastIndexOf('/', end - 1) + 1, Math.max(end, 0));
    }

    private static boolean isLevel(String type) {
        if (type.isEmpty() || type.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
            return false;
        }
        for (int i = 0; i < type.length(); i++) {
            char c = type.charAt(i);
            if (c == '/' || c == '+' || c == '#' || Character.isISOControl(c)) {
                return false;
            }
        }
        // Half a surrogate pair cannot be written to a topic.
        return StandardCharsets.UTF_8.newEncoder().canEncode(type);
    }
}
