// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.broker.store.Store;
import org.upwell.broker.store.StoreContract;

/// The contract, on real files with real threads. Segments are small, so that they are rolled and cleaned often.
class JournalTest extends StoreContract {

    @TempDir
    Path directory = Path.of(".");

    private @Nullable Journal journal;

    @Override
    protected int histories() {
        return 100;
    }

    @Override
    protected Store reopen() {
        JournalSettings settings =
                JournalSettings.of(directory.resolve("journal")).withSegmentBytes(16 << 10);
        Tuning tuning = new Tuning(8, 4 << 10, 64 << 10, 160 << 10, 1 << 10, 2, 2, 1, 4 << 10);
        Journal opened =
                new Journal(settings, tuning, SystemDirectory.open(settings.directory()), JournalThreads.start());
        journal = opened;
        return opened;
    }

    @AfterEach
    void close() {
        if (journal != null) {
            journal.close();
        }
    }
}
