// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Reads what [Output] wrote, never beyond its limit. One thread.
final class Input {

    /// The bytes do not say what they should, although their checksum is right.
    static final class MalformedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        MalformedException(String message) {
            super(message);
        }
    }

    private byte[] array;
    private int position;
    private int limit;

    Input(byte[] array, int from, int to) {
        this.array = array;
        this.position = from;
        this.limit = to;
    }

    void wrap(byte[] array, int from, int to) {
        this.array = array;
        this.position = from;
        this.limit = to;
    }

    byte[] array() {
        return array;
    }

    int position() {
        return position;
    }

    int limit() {
        return limit;
    }

    int remaining() {
        return limit - position;
    }

    private void need(int bytes) {
        if (bytes < 0 || limit - position < bytes) {
            throw new MalformedException("record ends early");
        }
    }

    int get() {
        need(1);
        return array[position++] & 0xFF;
    }

    int getShort() {
        need(2);
        int value = (array[position] & 0xFF) << 8 | (array[position + 1] & 0xFF);
        position += 2;
        return value;
    }

    static int intAt(byte[] array, int at) {
        return array[at] << 24 | (array[at + 1] & 0xFF) << 16 | (array[at + 2] & 0xFF) << 8 | (array[at + 3] & 0xFF);
    }

    int getInt() {
        need(4);
        int value = intAt(array, position);
        position += 4;
        return value;
    }

    long getVarint() {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            int next = get();
            value |= (long) (next & 0x7F) << shift;
            if (next < 0x80) {
                return value;
            }
        }
        throw new MalformedException("number is too long");
    }

    /// A varint that counts bytes or things.
    int getCount() {
        long value = getVarint();
        if (value < 0 || value > Integer.MAX_VALUE) {
            throw new MalformedException("count " + value + " is out of range");
        }
        return (int) value;
    }

    long getSigned() {
        long value = getVarint();
        return (value >>> 1) ^ -(value & 1);
    }

    String getString() {
        int length = getCount();
        need(length);
        String text = new String(array, position, length, StandardCharsets.UTF_8);
        position += length;
        return text;
    }

    void skip(int bytes) {
        need(bytes);
        position += bytes;
    }

    byte[] getBytes(int length) {
        need(length);
        byte[] bytes = Arrays.copyOfRange(array, position, position + length);
        position += length;
        return bytes;
    }
}
