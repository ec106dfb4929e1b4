// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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

/// A process that ends while a segment is being cleaned leaves some messages in two places. Until the older place
/// is gone no other segment may go: the acknowledgement of the newer copy could go with it.
class HalfCleanedTest {

    private final FaultyDirectory directory = new FaultyDirectory(new Random(1));
    private long number;

    private DrivenJournal open() {
        JournalSettings settings = new JournalSettings(
                Path.of("journal"), JournalSettings.Mode.SYNC, Duration.ofMillis(100), 1 << 10, 0, 0, 1 << 30);
        // Small pieces, no slack, and young segments rather than old ones.
        DrivenJournal journal =
                new DrivenJournal(directory, settings, new Tuning(512, 256, 0, 1 << 20, 1 << 10, 1, 50, -1, 1 << 14));
        StoredState.of(journal);
        SessionKey key = new SessionKey("acme", "a");
        number = journal.putSession(SessionRecord.of(key, "name", Set.of(), 60, 0), Commit.NONE);
        return journal;
    }

    private List<Long> append(DrivenJournal journal, int count) {
        List<Long> sequences = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long sequence = journal.nextSequence();
            QueueTarget target = new QueueTarget(number, 1, false, new int[0]);
            journal.append(
                    sequence, new Append(Message.of("t", new byte[100], 1), List.of(target), false, 0, 0), Commit.NONE);
            sequences.add(sequence);
        }
        return sequences;
    }

    private Replay readLog() throws IOException {
        Replay replay = new Replay(new JournalState());
        new Loader(directory, replay.state, replay).read();
        return replay;
    }

    @Test
    void theSegmentThatWasBeingCleanedGoesFirst() throws IOException {
        DrivenJournal journal = open();
        List<Long> sequences = append(journal, 30);
        journal.sync(Commit.NONE);
        for (int i = 0; i < 27; i++) {
            if (i > 3) {
                journal.acknowledged(number, sequences.get(i));
            }
        }
        journal.turn();
        Set<Integer> halfCleaned = Set.of();
        for (int i = 0; i < 200 && halfCleaned.isEmpty(); i++) {
            journal.keep();
            journal.turn();
            halfCleaned = readLog().halfCleaned;
        }
        assertThat(halfCleaned)
                .as("copies are there, and what they are copies of")
                .hasSize(1);
        String first = Segment.name(halfCleaned.iterator().next());

        directory.restart(false);
        DrivenJournal next = open();
        sequences.forEach(sequence -> next.acknowledged(number, sequence));
        next.turn();
        List<String> others = new ArrayList<>(directory.list());
        others.removeIf(name -> !name.endsWith(".log") || name.equals(first));
        for (int i = 0; i < 500 && directory.list().contains(first); i++) {
            assertThat(directory.list()).containsAll(others);
            next.keep();
            next.turn();
        }
        assertThat(directory.list()).doesNotContain(first);
        next.settle(500);
        directory.restart(false);
        DrivenJournal last = open();
        last.turn();
        assertThat(last.stat().sessions()).isEqualTo(1);
        assertThat(last.stat().messages()).isZero();
    }
}
