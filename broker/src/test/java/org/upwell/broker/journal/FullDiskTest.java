// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.store.Append;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.SessionRecord;
import org.upwell.broker.store.StoreCondition;
import org.upwell.broker.store.StoredState;
import org.upwell.broker.testing.RecordedCommit;

/// A journal that runs out of space refuses messages, goes on with all else, and comes back by itself.
class FullDiskTest {

    private static final int SEGMENT_BYTES = 4 << 10;
    private static final Tuning TUNING = new Tuning(512, 4 << 10, 64 << 10, 128 << 10, 1 << 10, 2, 2, 1, 1 << 20);

    private final FaultyDirectory directory = new FaultyDirectory(new Random(1));
    private final Deque<Long> queued = new ArrayDeque<>();
    private long number;

    private DrivenJournal open(long maxBytes, long minFreeBytes) {
        DrivenJournal journal = new DrivenJournal(
                directory,
                new JournalSettings(
                        Path.of("journal"),
                        JournalSettings.Mode.SYNC,
                        Duration.ofMillis(100),
                        SEGMENT_BYTES,
                        maxBytes,
                        minFreeBytes,
                        1 << 30),
                TUNING);
        StoredState.of(journal);
        SessionKey key = new SessionKey("acme", "a");
        number = journal.putSession(SessionRecord.of(key, "name", Set.of(), 60, 0), Commit.NONE);
        journal.settle(100);
        return journal;
    }

    /// True if it was taken.
    private boolean append(DrivenJournal journal) {
        RecordedCommit commit = new RecordedCommit();
        long sequence = journal.nextSequence();
        QueueTarget target = new QueueTarget(number, 1, false, new int[0]);
        journal.append(sequence, new Append(Message.of("t", new byte[200], 1), List.of(target), false, 0, 0), commit);
        journal.settle(50);
        if (commit.calls().contains("committed")) {
            queued.addLast(sequence);
            return true;
        }
        assertThat(commit.calls()).singleElement().asString().contains("no space");
        return false;
    }

    private void fill(DrivenJournal journal) {
        boolean wasScarce = false;
        for (int i = 0; i < 10_000; i++) {
            if (!append(journal)) {
                assertThat(wasScarce).as("it was told before").isTrue();
                assertThat(journal.condition()).isEqualTo(StoreCondition.FULL);
                return;
            }
            wasScarce |= journal.condition() == StoreCondition.SCARCE;
        }
        throw new AssertionError("never full: " + journal.stat());
    }

    private void acknowledge(DrivenJournal journal, int count) {
        for (int i = 0; i < count; i++) {
            journal.acknowledged(number, queued.removeFirst());
            journal.settle(20);
        }
        journal.passTime(2_000_000_000);
        journal.settle(1_000);
    }

    private void cycle(DrivenJournal journal) {
        for (int round = 0; round < 20; round++) {
            fill(journal);
            int full = queued.size();
            acknowledge(journal, full / 2);
            assertThat(journal.condition())
                    .as("round %s: %s", round, journal.stat())
                    .isEqualTo(StoreCondition.READY);
            assertThat(append(journal)).isTrue();
        }
        int kept = queued.size();
        journal.close();
        directory.restart(false);
        assertThat(StoredState.of(open()).sessions().getFirst().queue()).hasSize(kept);
    }

    private DrivenJournal open() {
        return new DrivenJournal(
                directory, JournalSettings.of(Path.of("journal")).withSegmentBytes(SEGMENT_BYTES), TUNING);
    }

    @Test
    void aBoundOfTheJournalsSizeIsKept() {
        DrivenJournal journal = open(128 << 10, 0);
        cycle(journal);
        assertThat(directory.largestBytes()).isLessThanOrEqualTo(128 << 10);
    }

    @Test
    void aFullDiskIsSurvived() {
        directory.quota(128 << 10);
        cycle(open(0, 0));
    }

    @Test
    void spaceIsLeftFree() {
        directory.quota(256 << 10);
        DrivenJournal journal = open(0, 128 << 10);
        cycle(journal);
        assertThat(directory.largestBytes()).isLessThanOrEqualTo(128 << 10);
    }
}
