// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import java.util.Arrays;

/// What of one stream, numbered from zero, has reached one subscriber: exact, since every gap is kept until it is
/// filled. For one thread.
final class SequenceTracker {
    /// What a number means to one who has seen the numbers before.
    enum Arrival {
        /// New, and above all before; the numbers that it left out are missing so far.
        NEXT,
        /// New, but one that was left out.
        LATE,
        /// Seen before.
        REPEATED
    }

    private static final long[] NONE = new long[0];

    private long next;
    private long missing;
    /// Gaps in rising order as pairs: first missing number, and the first one behind that is not.
    private long[] gaps = NONE;
    private int gapCount;

    Arrival accept(long sequence) {
        if (sequence == next) {
            next++;
            return Arrival.NEXT;
        }
        if (sequence > next) {
            insertGap(gapCount, next, sequence);
            missing += sequence - next;
            next = sequence + 1;
            return Arrival.NEXT;
        }
        return fill(sequence) ? Arrival.LATE : Arrival.REPEATED;
    }

    /// One more than the highest number seen.
    long next() {
        return next;
    }

    /// Numbers left out so far below the highest.
    long missing() {
        return missing;
    }

    private boolean fill(long sequence) {
        int gap = gapWith(sequence);
        if (gap < 0) {
            return false;
        }
        long from = gaps[2 * gap];
        long to = gaps[2 * gap + 1];
        missing--;
        if (to - from == 1) {
            System.arraycopy(gaps, 2 * gap + 2, gaps, 2 * gap, 2 * (gapCount - gap - 1));
            gapCount--;
        } else if (sequence == from) {
            gaps[2 * gap] = sequence + 1;
        } else if (sequence == to - 1) {
            gaps[2 * gap + 1] = sequence;
        } else {
            gaps[2 * gap + 1] = sequence;
            insertGap(gap + 1, sequence + 1, to);
        }
        return true;
    }

    private int gapWith(long sequence) {
        int low = 0;
        int high = gapCount - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (gaps[2 * middle + 1] <= sequence) {
                low = middle + 1;
            } else if (gaps[2 * middle] > sequence) {
                high = middle - 1;
            } else {
                return middle;
            }
        }
        return -1;
    }

    private void insertGap(int index, long from, long to) {
        if (2 * gapCount == gaps.length) {
            gaps = Arrays.copyOf(gaps, Math.max(8, 2 * gaps.length));
        }
        System.arraycopy(gaps, 2 * index, gaps, 2 * index + 2, 2 * (gapCount - index));
        gaps[2 * index] = from;
        gaps[2 * index + 1] = to;
        gapCount++;
    }
}
