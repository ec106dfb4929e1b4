// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DeliveryLedgerTest {
    @Test
    void lostDuplicatedDroppedAndStrangeAreToldApart() {
        DeliveryLedger ledger = new DeliveryLedger(2);
        for (int sequence = 1; sequence <= 70; sequence++) {
            ledger.onMade(1, sequence);
        }
        for (int sequence = 1; sequence <= 66; sequence++) {
            ledger.onDelivered(1, sequence);
        }
        ledger.onDelivered(1, 66);
        ledger.onDropped(1, 67);
        // Given up, though the gateway had it: delivered is what counts.
        ledger.onDropped(1, 65);
        ledger.onDelivered(1, 71);
        ledger.onDelivered(0, 1);
        ledger.onDelivered(2, 1);
        ledger.onDelivered(-1, 1);
        assertThat(ledger.balance()).isEqualTo(new DeliveryLedger.Balance(70, 66, 3, 1, 1, 4));
        assertThat(ledger.balance()).hasToString("sent=70 delivered=66 lost=3 duplicated=1 dropped=1 strange=4");
    }

    @Test
    void quantilesOfDelaysAreRightToASixteenth() {
        long seed = 9;
        Random random = new Random(seed);
        DelayHistogram histogram = new DelayHistogram();
        assertThat(histogram.quantile(0.5)).isZero();
        long[] all = new long[5_000];
        for (int i = 0; i < all.length; i++) {
            all[i] = (long) Math.exp(random.nextDouble() * 18);
            histogram.add(all[i]);
        }
        Arrays.sort(all);
        for (double share : new double[] {0.01, 0.5, 0.99, 1}) {
            long exact = all[(int) Math.ceil(share * all.length) - 1];
            assertThat(histogram.quantile(share)).as("seed %d", seed).isBetween(exact, exact + exact / 16 + 1);
        }
        assertThat(histogram.count()).isEqualTo(all.length);
    }
}
