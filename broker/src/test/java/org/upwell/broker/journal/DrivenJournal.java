// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.upwell.broker.store.Fetch;
import org.upwell.broker.testing.ForwardingStore;

/// A journal whose threads are the test's own: the writer takes its turns, and the keeper and the readers do their
/// work, when [#turn], [#keep] and [#settle] are called. A fetch is answered before it returns.
final class DrivenJournal extends ForwardingStore {

    private final ManualBackground keeper;
    private final ManualBackground reader;
    private final Journal journal;
    private final AtomicLong nanos;

    DrivenJournal(Directory directory, JournalSettings settings, Tuning tuning) {
        this(directory, settings, tuning, new ManualBackground(), new ManualBackground(), new AtomicLong());
    }

    private DrivenJournal(
            Directory directory,
            JournalSettings settings,
            Tuning tuning,
            ManualBackground keeper,
            ManualBackground reader,
            AtomicLong nanos) {
        this(
                new Journal(
                        settings,
                        tuning,
                        directory,
                        new JournalThreads(false, keeper, keeper, List.of(reader), nanos::get)),
                keeper,
                reader,
                nanos);
    }

    private DrivenJournal(Journal journal, ManualBackground keeper, ManualBackground reader, AtomicLong nanos) {
        super(journal);
        this.journal = journal;
        this.keeper = keeper;
        this.reader = reader;
        this.nanos = nanos;
    }

    boolean turn() {
        return journal.turn();
    }

    boolean keep() {
        return keeper.runNext();
    }

    void passTime(long moreNanos) {
        nanos.addAndGet(moreNanos);
    }

    /// Does all that is to be done, but at most so many pieces of it.
    void settle(int most) {
        for (int i = 0; i < most; i++) {
            boolean turned = journal.turn();
            if (!keeper.runNext() && !turned) {
                return;
            }
        }
    }

    JournalStat stat() {
        return journal.stat();
    }

    @Override
    public void fetch(long session, long[] sequences, Fetch fetch) {
        super.fetch(session, sequences, fetch);
        while (reader.isEmpty() && (journal.turn() || keeper.runNext())) {
            // The writer may be held back by cleaning.
        }
        while (reader.runNext()) {
            journal.turn();
        }
    }
}
