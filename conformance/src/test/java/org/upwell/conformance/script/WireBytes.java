// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.script;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Bytes in the data types of MQTT, for writing or for reading. Strings are taken as ISO 8859-1 if they are no
/// UTF-8, so that nothing is lost.
final class WireBytes {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final byte[] in;
    private int at;

    WireBytes() {
        this(new byte[0]);
    }

    WireBytes(byte[] in) {
        this.in = in;
    }

    WireBytes bytes(int... values) {
        for (int value : values) {
            out.write(value);
        }
        return this;
    }

    WireBytes raw(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    void twoBytes(int value) {
        bytes(value >> 8, value);
    }

    void fourBytes(long value) {
        bytes((int) (value >> 24), (int) (value >> 16), (int) (value >> 8), (int) value);
    }

    void variable(int value) {
        int left = value;
        do {
            int more = left > 127 ? 0x80 : 0;
            out.write((left & 0x7F) | more);
            left >>= 7;
        } while (left > 0);
    }

    void string(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        twoBytes(bytes.length);
        raw(bytes);
    }

    byte[] written() {
        return out.toByteArray();
    }

    /// A whole packet: the first byte, the length of what was written, and that.
    byte[] packet(int firstByte) {
        byte[] body = written();
        WireBytes packet = new WireBytes();
        packet.bytes(firstByte);
        packet.variable(body.length);
        return packet.raw(body).written();
    }

    int left() {
        return in.length - at;
    }

    int oneByte() {
        if (left() < 1) {
            throw new AssertionError("the server's packet ends early: " + Arrays.toString(in));
        }
        return in[at++] & 0xFF;
    }

    int twoBytes() {
        return (oneByte() << 8) | oneByte();
    }

    long fourBytes() {
        return ((long) twoBytes() << 16) | twoBytes();
    }

    int variable() {
        int value = 0;
        for (int shift = 0; ; shift += 7) {
            int digit = oneByte();
            value |= (digit & 0x7F) << shift;
            if (digit < 0x80) {
                return value;
            }
        }
    }

    String string() {
        return text(twoBytes());
    }

    String text(int length) {
        if (left() < length) {
            throw new AssertionError("the server's packet ends early: " + Arrays.toString(in));
        }
        at += length;
        return new String(in, at - length, length, StandardCharsets.UTF_8);
    }
}
