// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Bytes being written, growing as needed. One thread.
///
/// Numbers are big-endian or in groups of seven bits, lowest first (varint).
final class Output {

    private byte[] array;
    private int position;

    Output(int capacity) {
        array = new byte[capacity];
    }

    /// Bytes that were written elsewhere.
    Output(byte[] written) {
        array = written;
        position = written.length;
    }

    byte[] array() {
        return array;
    }

    int position() {
        return position;
    }

    void position(int position) {
        this.position = position;
    }

    void ensure(int more) {
        if (array.length - position < more) {
            array = Arrays.copyOf(array, Math.max(Math.addExact(position, more), array.length + array.length / 2));
        }
    }

    /// Lets go of the room that one large record needed.
    void shrink(int capacity) {
        if (position == 0 && array.length > capacity) {
            array = new byte[capacity];
        }
    }

    void put(int value) {
        ensure(1);
        array[position++] = (byte) value;
    }

    void putShort(int value) {
        ensure(2);
        array[position++] = (byte) (value >>> 8);
        array[position++] = (byte) value;
    }

    void putInt(int at, int value) {
        array[at] = (byte) (value >>> 24);
        array[at + 1] = (byte) (value >>> 16);
        array[at + 2] = (byte) (value >>> 8);
        array[at + 3] = (byte) value;
    }

    void putInt(int value) {
        ensure(4);
        putInt(position, value);
        position += 4;
    }

    /// @param value taken as unsigned
    void putVarint(long value) {
        ensure(10);
        long rest = value;
        int at = position;
        byte[] into = array;
        while ((rest & ~0x7FL) != 0) {
            into[at++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        into[at++] = (byte) rest;
        position = at;
    }

    /// For numbers that may be negative and are mostly small.
    void putSigned(long value) {
        putVarint((value << 1) ^ (value >> 63));
    }

    void putString(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        putVarint(bytes.length);
        putBytes(bytes, 0, bytes.length);
    }

    void putBytes(byte[] from, int offset, int length) {
        ensure(length);
        System.arraycopy(from, offset, array, position, length);
        position += length;
    }
}
