// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import io.netty.buffer.ByteBuf;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// The topic names that one connection sent last, each with its bytes. A publisher repeats its topics; a hit costs
/// neither validation nor a new string, only a hash and a comparison.
///
/// Direct-mapped: a collision replaces. Bounded by slots and by the length of what is kept, and empty until the first
/// topic name, since most connections of a broker only listen. Owned by one decoder.
final class TopicCache {

    private static final int SLOTS = 32;
    private static final int MAX_KEPT_BYTES = 256;
    private static final long MIX = 0x9E37_79B9_7F4A_7C15L;

    private static final VarHandle BIG_ENDIAN_LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private record Entry(byte[] bytes, String topic) {}

    private @Nullable Entry @Nullable [] slots;

    /// The string for `length` bytes at `index`, or null if it is not here.
    @Nullable
    String find(ByteBuf in, int index, int length) {
        if (slots == null || length > MAX_KEPT_BYTES) {
            return null;
        }
        Entry entry = slots[slot(in, index, length)];
        return entry != null && matches(entry.bytes, in, index, length) ? entry.topic : null;
    }

    /// Keeps a topic name that was found to be valid.
    void keep(ByteBuf in, int index, int length, String topic) {
        if (length > MAX_KEPT_BYTES) {
            return;
        }
        if (slots == null) {
            slots = new @Nullable Entry[SLOTS];
        }
        byte[] bytes = new byte[length];
        in.getBytes(index, bytes);
        slots[slot(in, index, length)] = new Entry(bytes, topic);
    }

    private static int slot(ByteBuf in, int index, int length) {
        long hash = length;
        int at = index;
        int end = index + length;
        for (; at + 8 <= end; at += 8) {
            hash = (hash ^ in.getLong(at)) * MIX;
            hash ^= hash >>> 32;
        }
        for (; at < end; at++) {
            hash = (hash ^ in.getByte(at)) * MIX;
        }
        return (int) (hash >>> 59) & (SLOTS - 1);
    }

    private static boolean matches(byte[] kept, ByteBuf in, int index, int length) {
        if (kept.length != length) {
            return false;
        }
        int i = 0;
        for (; i + 8 <= length; i += 8) {
            if ((long) BIG_ENDIAN_LONG.get(kept, i) != in.getLong(index + i)) {
                return false;
            }
        }
        for (; i < length; i++) {
            if (kept[i] != in.getByte(index + i)) {
                return false;
            }
        }
        return true;
    }
}
