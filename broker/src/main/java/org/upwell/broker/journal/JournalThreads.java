// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.util.List;
import java.util.function.LongSupplier;

/// On which threads a journal works.
///
/// @param ownWriter false if the writer's turns are taken by whoever tests it
/// @param keeper prepares and sums up segments
/// @param cleaner reads segments that are cleaned
/// @param readers read messages back; a session's reads are all done by one of them, so they are answered in order
/// @param nanoTime as [System#nanoTime]
record JournalThreads(
        boolean ownWriter, Background keeper, Background cleaner, List<Background> readers, LongSupplier nanoTime) {

    JournalThreads {
        readers = List.copyOf(readers);
    }

    /// Takes no more work and waits for what runs now.
    void stop() {
        keeper.stop();
        cleaner.stop();
        readers.forEach(Background::stop);
    }

    static JournalThreads start() {
        return new JournalThreads(
                true,
                new BackgroundThread("store keeper", false),
                new BackgroundThread("store cleaner", false),
                List.of(new BackgroundThread("store reader 1", true), new BackgroundThread("store reader 2", true)),
                System::nanoTime);
    }
}
