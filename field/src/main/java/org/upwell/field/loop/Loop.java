// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.loop;

import java.time.Duration;

/// The one thread that owns a device: everything that changes the device runs here, in order, and so do its timers.
/// Many devices share a loop. Time is the loop's, so a test can turn it by hand.
public interface Loop {
    /// A timer that may still be stopped, from the loop.
    interface Timer {
        void cancel();
    }

    /// Monotonic, for timeouts only.
    long nanoTime();

    /// From any thread.
    void execute(Runnable task);

    /// Runs the task on the loop after the delay. From the loop.
    Timer after(Duration delay, Runnable task);
}
