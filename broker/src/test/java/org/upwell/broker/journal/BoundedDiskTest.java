// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
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
import org.upwell.broker.store.StoredState;
import org.upwell.broker.testing.RecordedCommit;

/// The files never take more than twice what is alive and a fixed amount, however slow cleaning is: the writer
/// waits for it then.
class BoundedDiskTest {

    private static final int SEGMENT_BYTES = 4 << 10;
    private static final int BOUND_BYTES = 128 << 10;
    /// What is written at the bound before cleaning frees anything: a group, the segment that is copied into, and a
    /// spare in its place.
    private static final int CLEANING_BYTES = 3 * SEGMENT_BYTES;

    private final FaultyDirectory directory = new FaultyDirectory(new Random(1));
    private final JournalSettings settings = new JournalSettings(
            Path.of("journal"), JournalSettings.Mode.SYNC, Duration.ofMillis(100), SEGMENT_BYTES, 0, 0, 1 << 30);
    private final List<Long> numbers = new ArrayList<>();

    private DrivenJournal open(int ageWeight) {
        return open(ageWeight, settings);
    }

    private DrivenJournal open(int ageWeight, JournalSettings with) {
        DrivenJournal journal = new DrivenJournal(
                directory, with, new Tuning(512, 4 << 10, 64 << 10, BOUND_BYTES, 1 << 10, 2, 2, ageWeight, 1 << 14));
        StoredState.of(journal);
        return journal;
    }

    private record Entry(long number, long sequence) {}

    /// Of 20 queues the first are slow: each holds 50 messages. The others are done with each at once.
    private void flow(int messages, int slow, int turnsPerPiece) {
        DrivenJournal journal = open(1);
        for (int i = 0; i < 20; i++) {
            SessionKey key = new SessionKey("acme", "client-" + i);
            numbers.add(journal.putSession(SessionRecord.of(key, "name", Set.of(), 60, 0), Commit.NONE));
        }
        Deque<Entry> waiting = new ArrayDeque<>();
        Deque<Entry> quick = new ArrayDeque<>();
        List<RecordedCommit> commits = new ArrayList<>();
        long heldBack = 0;
        long worst = Long.MIN_VALUE;
        int given = 0;
        for (int turn = 0; given < messages; turn++) {
            boolean isHeldBack = !commits.isEmpty() && commits.getLast().calls().isEmpty();
            if (!isHeldBack) {
                RecordedCommit commit = new RecordedCommit();
                long sequence = journal.nextSequence();
                Entry entry = new Entry(numbers.get(given++ % 20), sequence);
                QueueTarget target = new QueueTarget(entry.number, 1, false, new int[0]);
                journal.append(
                        sequence, new Append(Message.of("t", new byte[200], 1), List.of(target), false, 0, 0), commit);
                commits.add(commit);
                boolean isSlow = numbers.indexOf(entry.number) < slow;
                Deque<Entry> to = isSlow ? waiting : quick;
                to.addLast(entry);
                if (to.size() > (isSlow ? 50 * slow : 1)) {
                    Entry done = to.removeFirst();
                    journal.acknowledged(done.number, done.sequence);
                }
            }
            journal.turn();
            heldBack += isHeldBack ? 1 : 0;
            if (turn % turnsPerPiece == 0) {
                journal.keep();
            }
            JournalStat stat = journal.stat();
            worst = Math.max(worst, stat.diskBytes() - 2 * stat.liveBytes());
        }
        assertThat(worst).isLessThanOrEqualTo(BOUND_BYTES + CLEANING_BYTES);
        assertThat(journal.stat().cleanedSegments()).isGreaterThan(messages / 40);
        if (turnsPerPiece > 1) {
            assertThat(heldBack).as("cleaning was behind").isPositive();
        }
        journal.settle(10_000);
        commits.forEach(RecordedCommit::assertCommittedOnce);
        directory.restart(false);
        DrivenJournal next = open(1);
        next.sync(Commit.NONE);
        next.turn();
        assertThat(next.stat().messages()).isEqualTo(waiting.size() + quick.size());
    }

    /// The bound comes near while cleaning pauses to keep its rate: it does not sit out the pause, for which the
    /// writer would be held back.
    @Test
    void whileCleaningPauses() {
        DrivenJournal journal = open(
                1,
                new JournalSettings(
                        settings.directory(), settings.mode(), settings.interval(), SEGMENT_BYTES, 0, 0, 1));
        SessionKey key = new SessionKey("acme", "client");
        long number = journal.putSession(SessionRecord.of(key, "name", Set.of(), 60, 0), Commit.NONE);
        int turns = 0;
        for (int i = 0; i < 4_000; i++) {
            long sequence = journal.nextSequence();
            RecordedCommit commit = new RecordedCommit();
            QueueTarget target = new QueueTarget(number, 1, false, new int[0]);
            journal.append(
                    sequence, new Append(Message.of("t", new byte[200], 1), List.of(target), false, 0, 0), commit);
            // One of ten stays, so that cleaning has something to copy, which takes it minutes at its rate.
            if (i % 10 != 0) {
                journal.acknowledged(number, sequence);
            }
            for (journal.turn(); commit.calls().isEmpty(); journal.turn()) {
                journal.passTime(Duration.ofSeconds(1).toNanos());
                journal.keep();
                turns++;
            }
            journal.keep();
        }
        assertThat(journal.stat().cleanedSegments()).isPositive();
        assertThat(turns).as("turns for which the writer was held back").isLessThan(2_000);
    }

    @Test
    void withOneOfTwentyQueuesSlow() {
        flow(20_000, 1, 1);
    }

    @Test
    void withCleaningThatIsTooSlow() {
        flow(20_000, 1, 200);
    }

    @Test
    void withHalfOfTheQueuesSlow() {
        flow(20_000, 10, 100);
    }
}
