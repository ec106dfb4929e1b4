// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.store.Append;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.SessionRecord;
import org.upwell.broker.store.StoreException;
import org.upwell.broker.store.StoredState;

/// A journal that cannot be read lets go of its files: whoever tries again, or repairs it, finds none held.
class FailedRecoveryTest {

    private final FaultyDirectory directory = new FaultyDirectory(new Random(1));

    private DrivenJournal journal() {
        JournalSettings settings = new JournalSettings(
                Path.of("journal"), JournalSettings.Mode.SYNC, Duration.ofMillis(100), 1 << 10, 0, 0, 1 << 30);
        return new DrivenJournal(
                directory, settings, new Tuning(512, 256, 1 << 20, 2 << 20, 1 << 10, 1, 1, 1, 1 << 14));
    }

    /// Few segments are read by one thread, many ahead by another.
    @ParameterizedTest
    @ValueSource(ints = {20, 100})
    void aFailedRecoveryHoldsNoFile(int messages) throws IOException {
        DrivenJournal written = journal();
        StoredState.of(written);
        SessionKey key = new SessionKey("acme", "a");
        long number = written.putSession(SessionRecord.of(key, "name", Set.of(), 60, 0), Commit.NONE);
        for (int i = 0; i < messages; i++) {
            QueueTarget target = new QueueTarget(number, 1, false, new int[0]);
            written.append(
                    written.nextSequence(),
                    new Append(Message.of("t", new byte[100], 1), List.of(target), false, 0, 0),
                    Commit.NONE);
            written.turn();
        }
        directory.restart(false);
        DiskFile damaged = directory.open(Segment.name(2));
        damaged.write(ByteBuffer.wrap(new byte[] {0x55, 0x55}), 300);
        damaged.close();

        int before = directory.openFiles();
        DrivenJournal unreadable = journal();
        assertThatThrownBy(() -> StoredState.of(unreadable))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining(Segment.name(2));
        assertThat(directory.openFiles()).isEqualTo(before);
    }
}
