// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.script;

import java.nio.file.Path;
import java.util.List;
import org.upwell.broker.journal.Journal;
import org.upwell.broker.journal.JournalSettings;
import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.store.Store;

/// The stores that every script is played against.
enum StoreUnderTest {
    MEMORY,
    JOURNAL;

    /// Small files, since each case makes its own.
    private static final int SEGMENT_BYTES = 4 << 20;

    /// Opens a store that is empty.
    ///
    /// @param directory for its files
    Store open(Path directory) {
        return switch (this) {
            case MEMORY -> new InMemoryStore();
            case JOURNAL -> Journal.open(JournalSettings.of(directory).withSegmentBytes(SEGMENT_BYTES));
        };
    }

    /// Versions differ above the store, so that one of them shows what a further store does.
    List<WireVersion> versions(Script script) {
        return this == MEMORY
                ? script.versions()
                : script.versions()
                        .subList(script.versions().size() - 1, script.versions().size());
    }
}
