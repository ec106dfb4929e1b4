// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import java.util.Arrays;

/// How far the slowest of a stream's subscribers is, in constant time per message: how many subscribers stand at
/// each number is counted in a ring as long as anyone may be behind. For one thread.
final class SlowestSubscriber {
    private final int subscribers;
    private final int[] standing;
    private final int mask;
    private long slowest;

    /// @param window numbers that the fastest may be ahead of the slowest
    SlowestSubscriber(int subscribers, int window) {
        this.subscribers = subscribers;
        this.standing = new int[Integer.highestOneBit(window + 1) << 1];
        this.mask = standing.length - 1;
        standing[0] = subscribers;
    }

    /// A subscriber that expected `from` now expects `to`.
    ///
    /// @param sent numbers sent so far
    /// @return whether the slowest moved
    boolean moved(long from, long to, long sent) {
        long start = Math.max(from, slowest);
        if (to <= start) {
            return false;
        }
        standing[(int) (start & mask)]--;
        standing[(int) (to & mask)]++;
        long before = slowest;
        while (slowest < sent && standing[(int) (slowest & mask)] == 0) {
            slowest++;
        }
        return slowest != before;
    }

    /// What the slowest expects next.
    long next() {
        return slowest;
    }

    /// Waits no longer for what did not come until now: all stand at `sent`.
    void forgive(long sent) {
        Arrays.fill(standing, 0);
        slowest = sent;
        standing[(int) (sent & mask)] = subscribers;
    }
}
