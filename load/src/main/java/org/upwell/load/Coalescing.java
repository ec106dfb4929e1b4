// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import io.netty.channel.SelectStrategy;
import io.netty.util.IntSupplier;
import java.util.concurrent.locks.LockSupport;

/// Lets the event loop look at its sockets at most once in a while, so that each look finds much at a time: on a
/// machine that broker and generator share, what the generator saves is the broker's. Owned by the loop's thread.
final class Coalescing implements SelectStrategy {
    private volatile long pauseNanos;
    private long lastNanos = System.nanoTime();

    /// Any thread; 0 looks at once.
    void pause(long nanos) {
        pauseNanos = nanos;
    }

    @Override
    public int calculateStrategy(IntSupplier selectNow, boolean hasTasks) throws Exception {
        long pause = pauseNanos;
        if (pause > 0) {
            long left = lastNanos + pause - System.nanoTime();
            if (left > 0) {
                LockSupport.parkNanos(left);
            }
            lastNanos = System.nanoTime();
        }
        return hasTasks ? selectNow.get() : SELECT;
    }
}
