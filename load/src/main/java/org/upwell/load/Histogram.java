// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

/// Counts values in buckets that are at most 1.6 % wide, so that a percentile is as exact whatever its size. Fixed
/// memory, no objects per value. For one thread.
public final class Histogram {
    /// Buckets per power of two are 2 to this.
    private static final int PRECISION = 6;

    private static final int SUB_BUCKETS = 1 << PRECISION;

    private final long[] counts = new long[(64 - PRECISION) * SUB_BUCKETS];
    private long count;
    private long max;
    private double sum;

    /// Values below zero, which a clock should not give, count as zero.
    public void add(long value) {
        long counted = Math.max(0, value);
        counts[bucket(counted)]++;
        count++;
        sum += counted;
        max = Math.max(max, counted);
    }

    public long count() {
        return count;
    }

    public long max() {
        return max;
    }

    public double mean() {
        return count == 0 ? 0 : sum / count;
    }

    /// The value that `percent` of all values do not pass; the middle of its bucket, and never more than the
    /// maximum.
    public long percentile(double percent) {
        long rank = Math.max(1, (long) Math.ceil(percent / 100 * count));
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= rank) {
                return Math.min(max, middle(i));
            }
        }
        return max;
    }

    private static int bucket(long value) {
        if (value < SUB_BUCKETS) {
            return (int) value;
        }
        int shift = 63 - Long.numberOfLeadingZeros(value) - PRECISION;
        return (shift << PRECISION) + (int) (value >>> shift);
    }

    private static long middle(int bucket) {
        if (bucket < 2 * SUB_BUCKETS) {
            return bucket;
        }
        int shift = (bucket >> PRECISION) - 1;
        long lowest = (long) (bucket - (shift << PRECISION)) << shift;
        return lowest + (1L << shift >> 1);
    }
}
