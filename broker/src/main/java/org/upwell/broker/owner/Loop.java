// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.owner;

import java.time.Duration;

/// The event loop behind an [Owner]: one thread that runs tasks in the order in which they were given.
public interface Loop {

    /// True on the loop's own thread.
    boolean isCurrentThread();

    /// Runs `task` on the loop after what it is doing now. Any thread.
    void execute(Runnable task);

    /// Runs `task` on the loop after `delay` unless cancelled. Any thread.
    Cancellation schedule(Duration delay, Runnable task);

    /// Takes back a scheduled task; without effect once it ran. Any thread.
    interface Cancellation {
        void cancel();
    }
}
