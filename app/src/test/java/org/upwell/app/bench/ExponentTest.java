// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.function.LongToDoubleFunction;
import org.junit.jupiter.api.Test;

class ExponentTest {
    private static final long[] DECADES = {1, 10, 100, 1_000, 10_000};

    @Test
    void powerOfACostIsFoundWhateverItsFactor() {
        assertThat(Exponent.of(DECADES, costs(n -> 7.0 * n))).isCloseTo(1, within(1e-9));
        assertThat(Exponent.of(DECADES, costs(n -> 0.02 * n * n))).isCloseTo(2, within(1e-9));
        assertThat(Exponent.of(DECADES, costs(n -> 3.0 * Math.sqrt((double) n))))
                .isCloseTo(0.5, within(1e-9));
        assertThat(Exponent.of(DECADES, costs(n -> 12.5))).isCloseTo(0, within(1e-9));
    }

    @Test
    void lineIsTheNearestToPointsThatLieOnNone() {
        // By hand, in decades: x 0 1 2, y 0 2 2; mean of y 4/3; slope (-1·-4/3 + 1·2/3) / 2 = 1.
        assertThat(Exponent.of(new long[] {1, 10, 100}, new double[] {1, 100, 100}))
                .isCloseTo(1, within(1e-9));
    }

    @Test
    void whatWasNotToldIsPassedOver() {
        double[] costs = {Double.NaN, 0, 200, 2_000, Double.POSITIVE_INFINITY};
        assertThat(Exponent.of(DECADES, costs)).isCloseTo(1, within(1e-9));
        assertThat(Exponent.ofLast(DECADES, costs)).isCloseTo(1, within(1e-9));
        assertThat(Exponent.of(DECADES, new double[] {5, Double.NaN, Double.NaN, Double.NaN, Double.NaN}))
                .isNaN();
        assertThat(Exponent.ofLast(new long[] {10}, new double[] {4})).isNaN();
    }

    @Test
    void lastStepShowsWhatAFixedCostHides() {
        double[] costs = costs(n -> 1_000_000 + 1.0 * n * n);
        assertThat(Exponent.of(DECADES, costs)).isLessThan(1);
        assertThat(Exponent.ofLast(DECADES, costs)).isGreaterThan(1.5);
    }

    private static double[] costs(LongToDoubleFunction cost) {
        return Arrays.stream(DECADES).mapToDouble(cost).toArray();
    }
}
