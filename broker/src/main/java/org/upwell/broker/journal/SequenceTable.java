// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A table of a few numbers per sequence, made for sequences that lie close together: pages of 1,024 that are
/// arrays while well filled and sorted lists while not. The first number of an entry is never 0. One thread.
///
/// [#find] and [#add] move to an entry; the other methods work on that one.
final class SequenceTable {

    private static final int BITS = 10;
    private static final int SLOTS = 1 << BITS;
    private static final int DENSE_FROM = 384;
    private static final int SPARSE_BELOW = 128;

    private static final class Page {
        private final long number;
        // A list while there are keys, else an array with a row per slot.
        private short @Nullable [] keys = new short[4];
        private long[] rows;
        private int live;

        private Page(long number, int columns) {
            this.number = number;
            this.rows = new long[4 * columns];
        }

        /// The row, or -1 - where it belongs.
        private int find(int slot, int columns) {
            short[] list = keys;
            if (list == null) {
                return rows[slot * columns] == 0 ? -1 - slot : slot;
            }
            // Mostly it is about the newest.
            int newest = live == 0 ? -1 : list[live - 1];
            if (newest <= slot) {
                return newest == slot ? live - 1 : -1 - live;
            }
            return Arrays.binarySearch(list, 0, live, (short) slot);
        }

        private int add(int slot, int columns) {
            int found = find(slot, columns);
            if (found >= 0) {
                return found;
            }
            short[] list = keys;
            if (list != null && live == list.length) {
                list = grow(list, columns);
            }
            live++;
            if (list == null) {
                return slot;
            }
            int row = -1 - found;
            System.arraycopy(list, row, list, row + 1, live - 1 - row);
            System.arraycopy(rows, row * columns, rows, (row + 1) * columns, (live - 1 - row) * columns);
            list[row] = (short) slot;
            Arrays.fill(rows, row * columns, (row + 1) * columns, 0);
            return row;
        }

        private short @Nullable [] grow(short[] list, int columns) {
            if (live < DENSE_FROM) {
                short[] grown = Arrays.copyOf(list, Math.min(live * 2, DENSE_FROM));
                rows = Arrays.copyOf(rows, grown.length * columns);
                keys = grown;
                return grown;
            }
            long[] dense = new long[SLOTS * columns];
            for (int i = 0; i < live; i++) {
                System.arraycopy(rows, i * columns, dense, list[i] * columns, columns);
            }
            rows = dense;
            keys = null;
            return null;
        }

        private void remove(int row, int columns) {
            live--;
            short[] list = keys;
            if (list == null) {
                Arrays.fill(rows, row * columns, (row + 1) * columns, 0);
                if (live < SPARSE_BELOW) {
                    toList(columns);
                }
                return;
            }
            System.arraycopy(list, row + 1, list, row, live - row);
            System.arraycopy(rows, (row + 1) * columns, rows, row * columns, (live - row) * columns);
        }

        private void toList(int columns) {
            short[] list = new short[SPARSE_BELOW];
            long[] packed = new long[SPARSE_BELOW * columns];
            int next = 0;
            for (int slot = 0; slot < SLOTS; slot++) {
                if (rows[slot * columns] != 0) {
                    System.arraycopy(rows, slot * columns, packed, next * columns, columns);
                    list[next++] = (short) slot;
                }
            }
            keys = list;
            rows = packed;
        }
    }

    private int columns;
    private final LongMap<Page> pages = new LongMap<>();
    private @Nullable Page page;
    private int row;
    private long size;

    SequenceTable(int columns) {
        this.columns = columns;
    }

    long size() {
        return size;
    }

    /// Keeps only the first numbers of each entry.
    void narrow(int newColumns) {
        int old = columns;
        pages.forEach(each -> {
            int rowCount = each.rows.length / old;
            long[] narrowed = new long[rowCount * newColumns];
            for (int i = 0; i < rowCount; i++) {
                System.arraycopy(each.rows, i * old, narrowed, i * newColumns, newColumns);
            }
            each.rows = narrowed;
        });
        columns = newColumns;
        row = -1;
    }

    private @Nullable Page page(long sequence) {
        // Keys of the map are positive.
        long number = (sequence >>> BITS) + 1;
        Page last = page;
        return last != null && last.number == number ? last : pages.get(number);
    }

    /// Moves to the entry. False if there is none.
    boolean find(long sequence) {
        Page found = page(sequence);
        if (found == null) {
            return false;
        }
        page = found;
        row = found.find((int) sequence & (SLOTS - 1), columns);
        return row >= 0;
    }

    /// Moves to the entry, made if need be; [#set] its first number then.
    void add(long sequence) {
        Page found = page(sequence);
        if (found == null) {
            found = new Page((sequence >>> BITS) + 1, columns);
            pages.put(found.number, found);
        }
        int before = found.live;
        page = found;
        row = found.add((int) sequence & (SLOTS - 1), columns);
        size += found.live - before;
    }

    private Page current() {
        Page current = page;
        if (current == null || row < 0) {
            throw new IllegalStateException("not at an entry");
        }
        return current;
    }

    long get(int column) {
        return current().rows[row * columns + column];
    }

    void set(int column, long value) {
        current().rows[row * columns + column] = value;
    }

    /// Removes the entry moved to.
    void remove() {
        Page current = current();
        current.remove(row, columns);
        size--;
        row = -1;
        if (current.live == 0) {
            pages.remove(current.number);
            page = null;
        }
    }
}
