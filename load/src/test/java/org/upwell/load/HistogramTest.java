// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class HistogramTest {
    @Test
    void percentilesAreThoseOfTheSortedValuesWithinABucket() {
        SplittableRandom random = new SplittableRandom(4);
        long[] values = random.longs(20_000, 0, 20)
                .map(bits -> random.nextLong(1L << (10 + bits)))
                .toArray();
        Histogram histogram = new Histogram();
        Arrays.stream(values).forEach(histogram::add);
        Arrays.sort(values);
        for (double percent : new double[] {0.1, 10, 50, 90, 99, 99.9, 100}) {
            long exact = values[(int) Math.ceil(percent / 100 * values.length) - 1];
            assertThat((double) histogram.percentile(percent))
                    .as("p%s", percent)
                    .isCloseTo((double) exact, within((double) exact * 0.017 + 1));
        }
        assertThat(histogram.max()).isEqualTo(values[values.length - 1]);
        assertThat(histogram.mean()).isCloseTo(Arrays.stream(values).average().orElseThrow(), within(1e-3));
    }

    @Test
    void extremesHaveABucketToo() {
        Histogram histogram = new Histogram();
        histogram.add(-5);
        histogram.add(0);
        histogram.add(Long.MAX_VALUE);
        assertThat(histogram.count()).isEqualTo(3);
        assertThat(histogram.percentile(50)).isZero();
        assertThat(histogram.percentile(100)).isGreaterThan(Long.MAX_VALUE / 100 * 98);
    }
}
