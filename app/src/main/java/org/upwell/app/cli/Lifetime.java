// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How long a command that serves goes on: until it ends by itself, or until SIGTERM or SIGINT. Either way what it
/// runs is closed in order.
final class Lifetime {
    private static final Logger log = LoggerFactory.getLogger(Lifetime.class);

    private final CountDownLatch over = new CountDownLatch(1);
    private volatile int exitCode;

    /// Ends it from inside; callable on any thread, the first call counts.
    synchronized void end(int code) {
        if (over.getCount() > 0) {
            exitCode = code;
            over.countDown();
        }
    }

    /// Waits for the end, then closes `running`. After a signal it does not return: the process ends when `running`
    /// is closed.
    ///
    /// @param ready called when signals are obeyed: whoever it tells may send one at once
    int await(AutoCloseable running, Runnable ready) {
        return await(running, null, ready);
    }

    /// The same, but not longer than `atMost`, whose passing is success.
    int await(AutoCloseable running, @Nullable Duration atMost) {
        return await(running, atMost, () -> {});
    }

    private int await(AutoCloseable running, @Nullable Duration atMost, Runnable ready) {
        try (SignalHook _ = SignalHook.closing(running)) {
            ready.run();
            if (atMost == null) {
                over.await();
            } else if (!over.await(atMost.toNanos(), TimeUnit.NANOSECONDS)) {
                end(CommandLineTool.DONE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try {
            running.close();
        } catch (Exception e) {
            log.warn("Not everything was closed in order", e);
        }
        return exitCode;
    }
}
