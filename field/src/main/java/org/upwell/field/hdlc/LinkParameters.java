// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.hdlc;

import java.nio.ByteBuffer;
import java.util.Optional;

/// The negotiation block of UA: `81 80 14`, then tag, length, value for the longest info (u16) and the window (u32) in
/// each direction (field protocol §6).
///
/// @param maxInfoSent longest info, in bytes, that the sender of the block will send
/// @param maxInfoReceived longest info, in bytes, that it can take
/// @param windowSent frames that it sends before it waits
/// @param windowReceived frames that it takes before it acknowledges
public record LinkParameters(int maxInfoSent, int maxInfoReceived, long windowSent, long windowReceived) {
    /// What sensors answer.
    public static final LinkParameters SENSOR = new LinkParameters(255, 255, 1, 1);

    private static final int FORMAT = 0x81;
    private static final int GROUP = 0x80;
    private static final int GROUP_BYTES = 0x14;
    private static final int HEADER_BYTES = 3;

    public byte[] encode() {
        return ByteBuffer.allocate(HEADER_BYTES + GROUP_BYTES)
                .put((byte) FORMAT)
                .put((byte) GROUP)
                .put((byte) GROUP_BYTES)
                .put((byte) 5)
                .put((byte) 2)
                .putShort((short) maxInfoSent)
                .put((byte) 6)
                .put((byte) 2)
                .putShort((short) maxInfoReceived)
                .put((byte) 7)
                .put((byte) 4)
                .putInt((int) windowSent)
                .put((byte) 8)
                .put((byte) 4)
                .putInt((int) windowReceived)
                .array();
    }

    /// Empty when the block is absent or malformed; unknown tags are skipped.
    public static Optional<LinkParameters> decode(byte[] info) {
        boolean isBlock = info.length >= HEADER_BYTES
                && (info[0] & 0xFF) == FORMAT
                && (info[1] & 0xFF) == GROUP
                && (info[2] & 0xFF) == info.length - HEADER_BYTES;
        return isBlock ? decodeGroup(info) : Optional.empty();
    }

    private static Optional<LinkParameters> decodeGroup(byte[] info) {
        long[] values = {SENSOR.maxInfoSent, SENSOR.maxInfoReceived, SENSOR.windowSent, SENSOR.windowReceived};
        int at = HEADER_BYTES;
        while (at < info.length) {
            int length = at + 1 < info.length ? info[at + 1] : 0;
            if (length < 1 || length > 4 || at + 2 + length > info.length) {
                return Optional.empty();
            }
            int tag = info[at];
            if (tag >= 5 && tag <= 8) {
                values[tag - 5] = value(info, at + 2, length);
            }
            at += 2 + length;
        }
        return Optional.of(new LinkParameters((int) values[0], (int) values[1], values[2], values[3]));
    }

    private static long value(byte[] info, int at, int length) {
        long value = 0;
        for (int i = at; i < at + length; i++) {
            value = (value << 8) | (info[i] & 0xFF);
        }
        return value;
    }
}
