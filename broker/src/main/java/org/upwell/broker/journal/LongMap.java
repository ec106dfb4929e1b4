// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A map from positive numbers without an object per entry: open addressing, linear probing, entries moved back on
/// removal. One thread.
final class LongMap<V> {

    private long[] keys = new long[8];
    private @Nullable Object[] values = new @Nullable Object[8];
    private int size;

    private static int spread(long key) {
        long mixed = key * 0x9E37_79B9_7F4A_7C15L;
        return (int) (mixed >>> 32);
    }

    int size() {
        return size;
    }

    @SuppressWarnings("unchecked") // Only V is ever put in.
    @Nullable
    V get(long key) {
        int mask = keys.length - 1;
        for (int at = spread(key) & mask; keys[at] != 0; at = (at + 1) & mask) {
            if (keys[at] == key) {
                return (V) values[at];
            }
        }
        return null;
    }

    void put(long key, V value) {
        if (key <= 0) {
            throw new IllegalArgumentException("key " + key + " is not positive");
        }
        int mask = keys.length - 1;
        int at = spread(key) & mask;
        while (keys[at] != 0 && keys[at] != key) {
            at = (at + 1) & mask;
        }
        boolean fresh = keys[at] == 0;
        keys[at] = key;
        values[at] = value;
        if (fresh && ++size * 3 > keys.length * 2) {
            grow();
        }
    }

    private void grow() {
        long[] oldKeys = keys;
        @Nullable Object[] oldValues = values;
        keys = new long[oldKeys.length * 2];
        values = Arrays.copyOf(new @Nullable Object[0], oldKeys.length * 2);
        int mask = keys.length - 1;
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != 0) {
                int at = spread(oldKeys[i]) & mask;
                while (keys[at] != 0) {
                    at = (at + 1) & mask;
                }
                keys[at] = oldKeys[i];
                values[at] = oldValues[i];
            }
        }
    }

    /// Returns what was there.
    @SuppressWarnings("unchecked") // Only V is ever put in.
    @Nullable
    V remove(long key) {
        int mask = keys.length - 1;
        int at = spread(key) & mask;
        while (keys[at] != key) {
            if (keys[at] == 0) {
                return null;
            }
            at = (at + 1) & mask;
        }
        V removed = (V) values[at];
        size--;
        closeGap(at);
        return removed;
    }

    private void closeGap(int from) {
        int mask = keys.length - 1;
        int gap = from;
        for (int at = (gap + 1) & mask; keys[at] != 0; at = (at + 1) & mask) {
            int home = spread(keys[at]) & mask;
            // Moves back unless its home lies behind the gap.
            if (((at - home) & mask) >= ((at - gap) & mask)) {
                keys[gap] = keys[at];
                values[gap] = values[at];
                gap = at;
            }
        }
        keys[gap] = 0;
        values[gap] = null;
    }

    /// In no particular order; `action` must not change the map.
    @SuppressWarnings("unchecked") // Only V is ever put in.
    void forEach(Consumer<V> action) {
        for (int i = 0; i < keys.length; i++) {
            if (keys[i] != 0) {
                action.accept((V) values[i]);
            }
        }
    }

    /// All keys in rising order.
    long[] sortedKeys() {
        long[] sorted = new long[size];
        int next = 0;
        for (long key : keys) {
            if (key != 0) {
                sorted[next++] = key;
            }
        }
        Arrays.sort(sorted);
        return sorted;
    }
}
