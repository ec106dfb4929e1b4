// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CreditTest {
    @Test
    void theSlowestSubscriberHoldsThePublisherBack() {
        Credit.Slowest credit = new Credit.Slowest(2, 4);
        assertThat(credit.moved(0, 1, 3)).isFalse();
        assertThat(credit.outstanding(3)).isEqualTo(3);
        assertThat(credit.moved(0, 1, 3)).isTrue();
        assertThat(credit.outstanding(3)).isEqualTo(2);
    }

    /// Against the least of all positions, at random.
    @Test
    void theSlowestIsTheLeastOfAll() {
        for (long seed = 1; seed <= 100; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int window = 1 + random.nextInt(20);
            long[] positions = new long[1 + random.nextInt(6)];
            SlowestSubscriber slowest = new SlowestSubscriber(positions.length, window);
            for (int i = 0; i < 400; i++) {
                long least = Arrays.stream(positions).min().orElseThrow();
                long sent = least + window;
                int who = random.nextInt(positions.length);
                long to = Math.min(sent, positions[who] + random.nextInt(4));
                slowest.moved(positions[who], to, sent);
                positions[who] = to;
                assertThat(slowest.next())
                        .as("seed %d step %d", seed, i)
                        .isEqualTo(Arrays.stream(positions).min().orElseThrow());
            }
        }
    }

    @Test
    void whatIsLostIsForgivenAfterAWhile() {
        Credit.Slowest credit = new Credit.Slowest(2, 10);
        credit.moved(0, 3, 10);
        assertThat(credit.forgiveStalled(10, 0, 100)).isFalse();
        assertThat(credit.forgiveStalled(10, 99, 100)).isFalse();
        assertThat(credit.forgiveStalled(10, 100, 100)).isTrue();
        assertThat(credit.outstanding(10)).isZero();
        // A late one that was forgiven does not move anybody.
        assertThat(credit.moved(3, 4, 12)).isFalse();
        assertThat(credit.outstanding(12)).isEqualTo(2);
    }

    @Test
    void aGroupsCreditIsWhatNobodyGot() {
        OneOfGroup group = new OneOfGroup(2, 1);
        Credit.Group credit = new Credit.Group(group, 0);
        group.accept(0, 0, 0);
        group.accept(1, 0, 2);
        assertThat(credit.outstanding(5)).isEqualTo(3);
        credit.forgive(5);
        assertThat(credit.outstanding(6)).isEqualTo(1);
    }
}
