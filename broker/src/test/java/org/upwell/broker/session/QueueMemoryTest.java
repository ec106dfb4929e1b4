// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class QueueMemoryTest {

    private static final long STEP = QueueMemory.STEP;
    private static final long BOUND = 1_000 * STEP;

    private final QueueMemory memory = new QueueMemory(BOUND, BOUND, BOUND);

    /// Lets a queue take all that it gets, step by step. Returns how much it holds.
    private static long fill(QueueMemory.Share share, boolean replaceable) {
        long held = 0;
        while (share.tryHold(held + STEP, replaceable)) {
            held += STEP;
        }
        return held;
    }

    @Test
    void oneQueueLeavesAsMuchAsItTakes() {
        assertThat(fill(memory.share("acme"), false)).isEqualTo(BOUND / 2);
        assertThat(memory.taken()).isEqualTo(BOUND / 2);
    }

    @Test
    void manyQueuesOfOneTenantLeaveRoomForAnother() {
        List<QueueMemory.Share> greedy = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            greedy.add(memory.share("greedy"));
            fill(greedy.getLast(), false);
        }
        assertThat(memory.taken()).isLessThanOrEqualTo(BOUND * 3 / 4);
        assertThat(fill(memory.share("modest"), false)).isGreaterThanOrEqualTo(BOUND / 10);
        // Now that there is less room the greedy ones get nothing back of a little that they give.
        greedy.getFirst().holds(BOUND / 2 - BOUND / 20);
        long taken = memory.taken();
        greedy.forEach(each -> fill(each, false));
        assertThat(memory.taken()).isEqualTo(taken);
        assertThat(fill(memory.share("third"), false)).isPositive();
    }

    @Test
    void whatTheStoreCouldReadBackAndWhatItCouldNotDoNotCrowdEachOtherOut() {
        for (int i = 0; i < 500; i++) {
            fill(memory.share("acme"), false);
        }
        assertThat(fill(memory.share("acme"), true)).isEqualTo(BOUND / 2);
    }

    @Test
    void aQueueIsCountedBelowTheBoundOfWhatCameLast() {
        QueueMemory.Share share = memory.share("acme");
        share.tryHold(10 * STEP, true);
        share.tryHold(11 * STEP, false);
        assertThat(memory.taken()).isEqualTo(11 * STEP);
        share.tryHold(12 * STEP, true);
        share.holds(0);
        assertThat(memory.taken()).isZero();
        assertThat(fill(memory.share("acme"), true)).isEqualTo(BOUND / 2);
        assertThat(fill(memory.share("other"), false)).isEqualTo(BOUND / 2);
    }
}
