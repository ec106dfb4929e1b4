// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.concurrent.atomic.AtomicLong;

/// How many bytes of waiting messages all queues together may hold in memory. Any thread.
///
/// Queues take and give back in steps of [#STEP], so that they meet here once in a few hundred messages.
public final class QueueMemory {

    /// Bytes taken or given back at once.
    static final long STEP = 64 << 10;

    private final long perQueue;
    private final long soft;
    private final long hard;
    private final AtomicLong taken = new AtomicLong();

    /// @param perQueue most bytes of one queue that the store could read back
    /// @param soft bytes in all above which messages that the store has are left to it
    /// @param hard bytes in all above which messages that nobody else has are dropped
    public QueueMemory(long perQueue, long soft, long hard) {
        this.perQueue = perQueue;
        this.soft = soft;
        this.hard = hard;
    }

    /// Bounds that fit this process: of the heap an eighth for what could be read back, half for what could not.
    public static QueueMemory ofHeap() {
        long heap = Runtime.getRuntime().maxMemory();
        return new QueueMemory(4 << 20, heap / 8, heap / 2);
    }

    long perQueue() {
        return perQueue;
    }

    /// Bytes taken by all queues.
    public long taken() {
        return taken.get();
    }

    /// One queue's share. Owned as the queue is.
    final class Share {
        private long mine;

        /// Asks for memory so that the queue may hold `wanted` bytes in all.
        ///
        /// @param replaceable true if the store could read it back
        boolean tryHold(long wanted, boolean replaceable) {
            if (replaceable && wanted > perQueue) {
                return false;
            }
            if (wanted <= mine) {
                return true;
            }
            long step = Math.max(STEP, wanted - mine);
            if (taken.addAndGet(step) > (replaceable ? soft : hard)) {
                taken.addAndGet(-step);
                return false;
            }
            mine += step;
            return true;
        }

        /// Notes that the queue holds `held` bytes now; what is far above is given back.
        void holds(long held) {
            long surplus = mine - held;
            if (surplus >= 2 * STEP || (held == 0 && mine > 0)) {
                long back = held == 0 ? mine : surplus - STEP;
                mine -= back;
                taken.addAndGet(-back);
            }
        }
    }

    Share share() {
        return new Share();
    }
}
