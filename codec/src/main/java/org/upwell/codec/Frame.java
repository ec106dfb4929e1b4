// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import io.netty.buffer.ByteBuf;

/// The fixed header of the packet that begins at a buffer's reader index: type, flags and remaining length.
/// Reused for packet after packet by one owner; never moves the buffer's indices and looks at no byte behind the
/// header.
final class Frame {

    private static final int MAX_LENGTH_BYTES = 4;

    private int typeCode;
    private int flags;
    private int remainingBytes;
    private int headerBytes;

    /// Returns false while the header itself is incomplete; the fields are valid only after true.
    boolean read(ByteBuf in) throws DecodeException {
        int at = in.readerIndex();
        int readable = in.readableBytes();
        if (readable < 2) {
            return false;
        }
        int first = in.getByte(at);
        typeCode = (first >> 4) & 0x0F;
        flags = first & 0x0F;
        int length = in.getByte(at + 1);
        if (length >= 0) {
            remainingBytes = length;
            headerBytes = 2;
            return true;
        }
        return readLongLength(in, at, readable, length);
    }

    private boolean readLongLength(ByteBuf in, int at, int readable, int first) throws DecodeException {
        int value = first & 0x7F;
        for (int i = 1; i < MAX_LENGTH_BYTES; i++) {
            if (readable < 2 + i) {
                return false;
            }
            int next = in.getByte(at + 1 + i);
            value |= (next & 0x7F) << (7 * i);
            if (next >= 0) {
                remainingBytes = value;
                headerBytes = 2 + i;
                return true;
            }
        }
        // Section 1.5.5 of MQTT 5, 2.2.3 of 3.1.1: at most four bytes.
        throw DecodeException.malformed("fixed header", "remaining length has more than four bytes");
    }

    /// 0 to 15.
    int typeCode() {
        return typeCode;
    }

    int flags() {
        return flags;
    }

    int headerBytes() {
        return headerBytes;
    }

    int remainingBytes() {
        return remainingBytes;
    }

    /// Fixed header and the rest: what *Maximum Packet Size* of MQTT 5 counts.
    int packetBytes() {
        return headerBytes + remainingBytes;
    }

    /// Whether the remaining length is written in as few bytes as it needs ([MQTT-1.5.5-1]).
    boolean isMinimal() {
        return headerBytes == 1 + Wire.variableByteIntegerBytes(remainingBytes);
    }
}
