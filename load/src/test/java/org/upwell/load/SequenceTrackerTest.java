// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.upwell.load.SequenceTracker.Arrival;

class SequenceTrackerTest {
    private final SequenceTracker tracker = new SequenceTracker();

    @Test
    void inOrderNothingIsMissing() {
        for (long i = 0; i < 100; i++) {
            assertThat(tracker.accept(i)).isEqualTo(Arrival.NEXT);
        }
        assertThat(tracker.missing()).isZero();
        assertThat(tracker.next()).isEqualTo(100);
    }

    @Test
    void aGapIsMissingUntilItIsFilled() {
        tracker.accept(0);
        assertThat(tracker.accept(4)).isEqualTo(Arrival.NEXT);
        assertThat(tracker.missing()).isEqualTo(3);
        assertThat(tracker.accept(2)).isEqualTo(Arrival.LATE);
        assertThat(tracker.accept(2)).isEqualTo(Arrival.REPEATED);
        assertThat(tracker.accept(1)).isEqualTo(Arrival.LATE);
        assertThat(tracker.accept(3)).isEqualTo(Arrival.LATE);
        assertThat(tracker.missing()).isZero();
        assertThat(tracker.accept(3)).isEqualTo(Arrival.REPEATED);
    }

    @Test
    void whatCameIsRepeatedWhenItComesAgain() {
        tracker.accept(0);
        tracker.accept(1);
        assertThat(tracker.accept(0)).isEqualTo(Arrival.REPEATED);
        assertThat(tracker.accept(1)).isEqualTo(Arrival.REPEATED);
        assertThat(tracker.missing()).isZero();
    }

    /// Against a set of all numbers seen, with jumps, late ones and repeats at random.
    @Test
    void isAsExactAsASetOfAllNumbers() {
        for (long seed = 1; seed <= 200; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            SequenceTracker exact = new SequenceTracker();
            BitSet seen = new BitSet();
            int highest = -1;
            for (int i = 0; i < 500; i++) {
                int number = random.nextInt(10) < 6 ? highest + 1 + random.nextInt(3) : random.nextInt(highest + 2);
                Arrival expected = number > highest ? Arrival.NEXT : seen.get(number) ? Arrival.REPEATED : Arrival.LATE;
                assertThat(exact.accept(number)).as("seed %d step %d", seed, i).isEqualTo(expected);
                seen.set(number);
                highest = Math.max(highest, number);
                assertThat(exact.missing()).as("seed %d step %d", seed, i).isEqualTo(highest + 1 - seen.cardinality());
            }
        }
    }
}
