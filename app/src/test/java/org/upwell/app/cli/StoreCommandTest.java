// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.broker.journal.Journal;
import org.upwell.broker.journal.JournalSettings;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Append;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.GroupRecord;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.Recovery;
import org.upwell.broker.store.SessionRecord;
import org.upwell.broker.store.StoreException;

@Timeout(60)
class StoreCommandTest {

    private static final int SEGMENT_BYTES = 64 << 10;
    private static final int MESSAGES = 300;

    @TempDir
    private Path data;

    private Path store() {
        return data.resolve("journal");
    }

    private ToolRun run(String command, String... more) {
        String[] arguments = Stream.concat(
                        Stream.of("store", command, "--data-directory", data.toString()), Stream.of(more))
                .toArray(String[]::new);
        return ToolRun.of(arguments);
    }

    private static final class Count implements Recovery {
        private int queued;

        @Override
        public void session(StoredSession session) {}

        @Override
        public void group(long number, GroupRecord group) {}

        @Override
        public void queued(long session, QueueEntry entry) {
            queued++;
        }

        @Override
        public void retained(long sequence, Message message) {}
    }

    private static Journal open(Path directory, Count found) {
        Journal journal = Journal.open(JournalSettings.of(directory).withSegmentBytes(SEGMENT_BYTES));
        try {
            journal.recover(found);
        } catch (StoreException e) {
            journal.close();
            throw e;
        }
        return journal;
    }

    private static int messagesIn(Path directory) {
        Count found = new Count();
        open(directory, found).close();
        return found.queued;
    }

    private void fill() throws Exception {
        try (Journal journal = open(store(), new Count())) {
            fill(journal);
        }
    }

    private static void fill(Journal journal) throws Exception {
        SessionKey key = new SessionKey("acme", "keeper");
        long number = journal.putSession(SessionRecord.of(key, "name", Set.of(), 60, 0), Commit.NONE);
        for (int i = 0; i < MESSAGES; i++) {
            Message message = Message.of("acme/" + i, new byte[1000], 1);
            QueueTarget target = new QueueTarget(number, 1, false, new int[0]);
            journal.append(journal.nextSequence(), new Append(message, List.of(target), false, 0, 0), Commit.NONE);
        }
        CompletableFuture<Boolean> kept = new CompletableFuture<>();
        journal.sync(new Commit() {
            @Override
            public @Nullable Owner owner() {
                return null;
            }

            @Override
            public void committed() {
                kept.complete(true);
            }

            @Override
            public void failed(StoreException cause) {
                kept.completeExceptionally(cause);
            }
        });
        kept.get(20, TimeUnit.SECONDS);
    }

    /// Overwrites bytes in the middle of the second segment, which is sealed.
    private void damage() throws IOException {
        List<Path> segments;
        try (Stream<Path> files = Files.list(store())) {
            segments = files.filter(file -> file.getFileName().toString().matches("[0-9]+\\.log"))
                    .sorted()
                    .toList();
        }
        assertThat(segments).hasSizeGreaterThan(3);
        try (FileChannel channel = FileChannel.open(segments.get(1), StandardOpenOption.WRITE)) {
            byte[] wrong = new byte[64];
            Arrays.fill(wrong, (byte) 0x55);
            channel.write(ByteBuffer.wrap(wrong), SEGMENT_BYTES / 2);
        }
        try (Stream<Path> files = Files.list(store())) {
            for (Path hint :
                    files.filter(file -> file.toString().endsWith(".hint")).toList()) {
                Files.delete(hint);
            }
        }
    }

    @Test
    void statAndVerifyOfASoundStore() throws Exception {
        fill();

        ToolRun stat = run("stat");
        assertThat(stat.exitCode()).as(stat.err()).isZero();
        assertThat(stat.out())
                .contains("messages\t" + MESSAGES)
                .contains("sessions\t1")
                .contains("retained\t0");
        ToolRun verify = run("verify");
        assertThat(verify.exitCode()).as(verify.err()).isZero();
        assertThat(verify.out()).contains("no damage").doesNotContain("damage: ");
        assertThat(messagesIn(store())).isEqualTo(MESSAGES);
    }

    @Test
    void damagedSegmentIsNamedAndMendedAndKeptAside() throws Exception {
        fill();
        damage();

        ToolRun damaged = run("verify");
        assertThat(damaged.exitCode()).isEqualTo(1);
        assertThat(damaged.out())
                .contains("damage: ")
                .contains("is damaged from byte")
                .contains("./upwell store repair");

        ToolRun repair = run("repair");
        assertThat(repair.exitCode()).as(repair.err()).isZero();
        assertThat(repair.out())
                .contains("done: ")
                .contains("is read without bytes")
                .contains("is kept as it was as");

        assertThat(run("verify").exitCode()).isZero();
        assertThat(messagesIn(store())).isBetween(MESSAGES - 2, MESSAGES - 1);
    }

    @Test
    void backupIsRestoredToAPlaceThatIsEmpty(@TempDir Path elsewhere) throws Exception {
        Path backup = elsewhere.resolve("monday");
        try (Journal journal = open(store(), new Count())) {
            fill(journal);
            journal.backupTo(backup);
        }

        ToolRun notEmpty = run("restore", "--from", backup.toString());
        assertThat(notEmpty.exitCode()).isEqualTo(1);
        assertThat(notEmpty.err()).contains(store() + " is not empty: move it away first");
        Files.move(store(), data.resolve("old"));

        ToolRun restore = run("restore", "--from", backup.toString());
        assertThat(restore.exitCode()).as(restore.err()).isZero();
        assertThat(restore.out()).contains("restored ").contains("from " + backup);
        assertThat(messagesIn(store())).isEqualTo(MESSAGES);
        assertThat(messagesIn(backup)).as("the backup stays").isEqualTo(MESSAGES);
    }

    @Test
    void damagedBackupIsNotRestored() throws Exception {
        fill();
        damage();
        Path backup = Files.move(store(), data.resolve("backup"));

        ToolRun restore = run("restore", "--from", backup.toString());
        assertThat(restore.exitCode()).isEqualTo(1);
        assertThat(restore.err()).contains(backup + " is damaged: ");
        assertThat(store()).doesNotExist();
    }

    @Test
    void restoreThatWasCutShortIsNotTakenForAStore() throws Exception {
        fill();
        Path backup = Files.move(store(), data.resolve("backup"));
        Files.createDirectory(data.resolve("journal.partial"));

        ToolRun restore = run("restore", "--from", backup.toString());
        assertThat(restore.exitCode()).isEqualTo(1);
        assertThat(restore.err()).contains("journal.partial is left from a restore that was cut short");
        assertThat(store()).doesNotExist();
    }

    @Test
    void storeOfARunningServerIsLeftAlone() throws Exception {
        try (Journal running = open(store(), new Count())) {
            fill(running);
            for (String command : List.of("verify", "repair", "stat")) {
                ToolRun refused = run(command);
                assertThat(refused.exitCode()).as(command).isEqualTo(1);
                assertThat(refused.err()).as(command).contains(store().toString());
            }
        }
    }

    @Test
    void wantsToKnowWhatToDoAndWhere() {
        assertThat(ToolRun.of("store").err()).contains("verify, repair, stat or restore");
        ToolRun none = run("verify");
        assertThat(none.exitCode()).isEqualTo(1);
        assertThat(none.err()).contains(store() + ": there is no store");
        assertThat(run("restore", "--from", data.resolve("nothing").toString()).err())
                .contains("there is no backup");
    }
}
