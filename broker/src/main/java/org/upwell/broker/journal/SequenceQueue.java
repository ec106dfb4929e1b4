// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.util.Arrays;

/// The sequences that one queue holds, in rising order, at eight bytes each. Made for entries that come at the end
/// and go near the front; others are marked as gone until many are. One thread.
final class SequenceQueue {

    /// QoS 2 rather than 1.
    static final int QOS_2 = 1;
    /// To be sent with the retain flag.
    static final int RETAIN = 2;
    /// There are subscription identifiers, in the record.
    static final int IDENTIFIERS = 4;
    /// How it is to be sent is not what the record says, see `JournalState`.
    static final int MOVED = 8;

    private static final int GONE = 16;
    private static final int SHIFT = 5;
    private static final int FLAGS = GONE - 1;
    private static final long[] EMPTY = {};

    /// Takes one entry.
    interface Visitor {
        void visit(long sequence, int flags);
    }

    // A ring: the entry with index i is at head + i, taken round the end.
    private long[] ring = EMPTY;
    private int head;
    private int length;
    private int gone;

    int count() {
        return length - gone;
    }

    private int at(int index) {
        int place = head + index;
        return place < ring.length ? place : place - ring.length;
    }

    /// The index of the sequence, or -1 - the index where it belongs.
    private int indexOf(long sequence) {
        int low = 0;
        int high = length - 1;
        if (length > 0 && ring[head] >>> SHIFT == sequence) {
            return 0;
        }
        while (low <= high) {
            int middle = (low + high) >>> 1;
            long found = ring[at(middle)] >>> SHIFT;
            if (found < sequence) {
                low = middle + 1;
            } else if (found > sequence) {
                high = middle - 1;
            } else {
                return middle;
            }
        }
        return -1 - low;
    }

    /// Adds the entry, or gives it other flags. True if it is new.
    boolean put(long sequence, int flags) {
        long entry = sequence << SHIFT | flags;
        if (length > 0 && ring[at(length - 1)] >>> SHIFT >= sequence) {
            int index = indexOf(sequence);
            if (index >= 0) {
                boolean wasGone = (ring[at(index)] & GONE) != 0;
                ring[at(index)] = entry;
                gone -= wasGone ? 1 : 0;
                return wasGone;
            }
            insert(-1 - index, entry);
            return true;
        }
        insert(length, entry);
        return true;
    }

    private void insert(int place, long entry) {
        int index = place;
        if (length == ring.length) {
            resize(length < 8 ? 8 : length + Math.max(length / 4, 8));
            // What was gone is left out now.
            index = -1 - indexOf(entry >>> SHIFT);
        }
        for (int i = length; i > index; i--) {
            ring[at(i)] = ring[at(i - 1)];
        }
        ring[at(index)] = entry;
        length++;
    }

    /// The entry's flags, or -1 if there is none.
    int flags(long sequence) {
        int index = indexOf(sequence);
        if (index < 0) {
            return -1;
        }
        long entry = ring[at(index)];
        return (entry & GONE) != 0 ? -1 : (int) entry & FLAGS;
    }

    /// The flags that the entry had, or -1 if there was none.
    int remove(long sequence) {
        int index = indexOf(sequence);
        if (index < 0 || (ring[at(index)] & GONE) != 0) {
            return -1;
        }
        int flags = (int) ring[at(index)] & FLAGS;
        ring[at(index)] |= GONE;
        gone++;
        while (length > 0 && (ring[head] & GONE) != 0) {
            head = at(1);
            length--;
            gone--;
        }
        while (length > 0 && (ring[at(length - 1)] & GONE) != 0) {
            length--;
            gone--;
        }
        if ((gone > 16 && gone > length / 2) || (ring.length > 64 && length < ring.length / 4)) {
            resize(count() + Math.max(count() / 4, 8));
        }
        return flags;
    }

    /// Moves what is not gone into a ring of another size.
    private void resize(int capacity) {
        long[] moved = new long[capacity];
        int next = 0;
        for (int i = 0; i < length; i++) {
            long entry = ring[at(i)];
            if ((entry & GONE) == 0) {
                moved[next++] = entry;
            }
        }
        ring = moved;
        head = 0;
        length = next;
        gone = 0;
    }

    /// In rising order; `visitor` must not change the queue.
    void forEach(Visitor visitor) {
        for (int i = 0; i < length; i++) {
            long entry = ring[at(i)];
            if ((entry & GONE) == 0) {
                visitor.visit(entry >>> SHIFT, (int) entry & FLAGS);
            }
        }
    }

    @Override
    public String toString() {
        long[] sequences = new long[count()];
        int[] next = {0};
        forEach((sequence, flags) -> sequences[next[0]++] = sequence);
        return Arrays.toString(sequences);
    }
}
