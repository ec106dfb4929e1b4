// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.util.concurrent.atomic.AtomicLongArray;

/// Counts delays from a millisecond to a day, to within a sixteenth of each. One thread writes, any may read.
public final class DelayHistogram {
    private static final int STEPS = 16;
    private static final int BUCKETS = 26 * STEPS;

    private final AtomicLongArray counts = new AtomicLongArray(BUCKETS);

    public void add(long millis) {
        counts.incrementAndGet(bucket(millis));
    }

    public void addAll(DelayHistogram other) {
        for (int i = 0; i < BUCKETS; i++) {
            counts.addAndGet(i, other.counts.get(i));
        }
    }

    /// What was counted since `earlier`, a copy of this one.
    public DelayHistogram since(DelayHistogram earlier) {
        DelayHistogram later = new DelayHistogram();
        for (int i = 0; i < BUCKETS; i++) {
            later.counts.set(i, counts.get(i) - earlier.counts.get(i));
        }
        return later;
    }

    public long count() {
        long sum = 0;
        for (int i = 0; i < BUCKETS; i++) {
            sum += counts.get(i);
        }
        return sum;
    }

    /// The delay in milliseconds that this share stays at or below; 0 when nothing was counted.
    ///
    /// @param share 0 to 1
    public long quantile(double share) {
        long wanted = (long) Math.ceil(share * count());
        long seen = 0;
        for (int i = 0; i < BUCKETS; i++) {
            seen += counts.get(i);
            if (seen >= wanted && seen > 0) {
                return upperBound(i);
            }
        }
        return 0;
    }

    /// Values below 16 have a bucket each; above, each doubling has 16.
    private static int bucket(long millis) {
        long value = Math.max(0, millis);
        if (value < STEPS) {
            return (int) value;
        }
        int shift = 63 - Long.numberOfLeadingZeros(value) - 4;
        return Math.min(BUCKETS - 1, (shift + 1) * STEPS + (int) (value >>> shift) - STEPS);
    }

    private static long upperBound(int bucket) {
        if (bucket < STEPS) {
            return bucket;
        }
        int shift = bucket / STEPS - 1;
        return ((long) (bucket % STEPS + STEPS + 1) << shift) - 1;
    }
}
