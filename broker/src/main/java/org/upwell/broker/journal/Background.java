// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

/// Runs work beside the writer thread, one piece after another.
interface Background {

    void execute(Runnable task);

    void executeAfter(long nanos, Runnable task);

    /// Takes no more work and waits for what runs now.
    void stop();
}
