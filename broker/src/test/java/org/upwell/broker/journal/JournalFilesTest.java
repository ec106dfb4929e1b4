// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.store.Append;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.SessionRecord;
import org.upwell.broker.store.StoreException;
import org.upwell.broker.store.StoredState;
import org.upwell.broker.testing.RecordedCommit;
import org.upwell.broker.testing.Seeds;

/// What happens to a journal's files beside its own work: damage, loss, newer versions, other processes, backups.
@Timeout(60)
class JournalFilesTest {

    private static final int SEGMENT_BYTES = 16 << 10;
    private static final Tuning TUNING = new Tuning(512, 64 << 10, 1 << 20, 2 << 20, 1 << 10, 1, 1, 1, 1 << 20);

    @TempDir
    Path temporary = Path.of(".");

    private Path directory() {
        return temporary.resolve("journal");
    }

    private static Journal open(Path directory) {
        JournalSettings settings = JournalSettings.of(directory).withSegmentBytes(SEGMENT_BYTES);
        return new Journal(settings, TUNING, SystemDirectory.open(directory), JournalThreads.start());
    }

    private static long putSession(Journal journal, String clientId) {
        SessionKey key = new SessionKey("acme", clientId);
        return journal.putSession(SessionRecord.of(key, "name", Set.of(), 60, 0), Commit.NONE);
    }

    private static void append(Journal journal, long number, int count) {
        RecordedCommit last = new RecordedCommit();
        for (int i = 0; i < count; i++) {
            QueueTarget target = new QueueTarget(number, 1, false, new int[0]);
            Message message = Message.of("acme/" + i, new byte[200], 1);
            journal.append(
                    journal.nextSequence(),
                    new Append(message, List.of(target), false, 0, 0),
                    i == count - 1 ? last : Commit.NONE);
        }
        last.assertCommittedOnce();
    }

    /// A journal with 300 messages in several segments, closed.
    private void make() {
        try (Journal journal = open(directory())) {
            StoredState.of(journal);
            append(journal, putSession(journal, "a"), 300);
        }
    }

    private static int kept(Path directory) {
        try (Journal journal = open(directory)) {
            return StoredState.of(journal).sessions().getFirst().queue().size();
        }
    }

    private List<Path> segments() throws IOException {
        try (Stream<Path> files = Files.list(directory())) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .sorted()
                    .toList();
        }
    }

    private static void flip(Path file, int offset) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[offset] ^= 1;
        Files.write(file, bytes);
    }

    private void deleteHints() throws IOException {
        try (Stream<Path> files = Files.list(directory())) {
            for (Path each :
                    files.filter(file -> file.toString().endsWith(".hint")).toList()) {
                Files.delete(each);
            }
        }
    }

    @Test
    void aSecondJournalIsKeptOut() {
        try (Journal journal = open(directory())) {
            StoredState.of(journal);
            assertThatThrownBy(() -> open(directory()))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("already");
        }
    }

    @Test
    void damageInTheMiddleIsRefusedFoundAndMended() throws IOException {
        make();
        deleteHints();
        Path damaged = segments().get(1);
        flip(damaged, 5_000);
        try (Journal journal = open(directory())) {
            assertThatThrownBy(() -> StoredState.of(journal))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining(String.valueOf(damaged.getFileName()))
                    .hasMessageContaining("repair");
        }
        byte[] before = Files.readAllBytes(damaged);
        JournalReport found = Journal.verify(directory());
        assertThat(found.problems()).singleElement().asString().contains(String.valueOf(damaged.getFileName()));
        assertThat(Files.readAllBytes(damaged)).as("looking changes nothing").isEqualTo(before);
        JournalReport mended = Journal.repair(directory());
        assertThat(mended.actions()).hasSize(3);
        assertThat(directory().resolve("damaged-" + damaged.getFileName())).hasBinaryContent(before);
        assertThat(Journal.verify(directory()).isSound()).isTrue();
        assertThat(kept(directory())).as("all but the damaged one").isEqualTo(299);
        assertThat(kept(directory())).isEqualTo(299);
    }

    @Test
    void aDamagedPageCostsWhatWasOnIt() throws IOException {
        make();
        while (!Files.exists(directory().resolve(Segment.hintName(2)))) {
            assertThat(kept(directory())).isEqualTo(300);
        }
        Path damaged = directory().resolve(Segment.name(2));
        byte[] bytes = Files.readAllBytes(damaged);
        Arrays.fill(bytes, 4_096, 8_192, (byte) 0x55);
        Files.write(damaged, bytes);
        String problem = Journal.verify(directory()).problems().getFirst();
        Matcher lost = Pattern.compile("from byte (\\d+) to (\\d+): lost are (\\d+) messages")
                .matcher(problem);
        assertThat(lost.find()).as(problem).isTrue();
        assertThat(Integer.parseInt(lost.group(1))).isBetween(3_500, 4_096);
        assertThat(Integer.parseInt(lost.group(2))).isBetween(8_192, 8_700);
        int count = Integer.parseInt(lost.group(3));
        assertThat(count).isBetween(15, 21);
        assertThat(Journal.repair(directory()).actions()).hasSize(3);
        assertThat(Journal.verify(directory()).isSound()).isTrue();
        assertThat(kept(directory())).isEqualTo(300 - count);
    }

    /// Where records begin behind the damage is not guessed: a payload could hold what looks like one.
    @Test
    void whatCannotBeFoundBehindDamageIsCutOff() throws IOException {
        make();
        deleteHints();
        Path damaged = segments().get(1);
        byte[] bytes = Files.readAllBytes(damaged);
        Arrays.fill(bytes, 4_096, 8_192, (byte) 0x55);
        Files.write(damaged, bytes);
        assertThat(Journal.verify(directory()).problems())
                .singleElement()
                .asString()
                .contains("behind");
        Journal.repair(directory());
        assertThat(Journal.verify(directory()).isSound()).isTrue();
        assertThat(kept(directory())).isBetween(240, 260);
    }

    @Test
    void aSegmentWhoseHeaderIsDamagedKeepsTheRest() throws IOException {
        make();
        deleteHints();
        flip(segments().get(2), 9);
        assertThat(Journal.verify(directory()).problems()).hasSize(1);
        Journal.repair(directory());
        assertThat(Journal.verify(directory()).isSound()).isTrue();
        assertThat(kept(directory())).isEqualTo(300);
    }

    @Test
    void aSegmentWithoutAHeaderIsRefusedAndLeftOutByARepair() throws IOException {
        make();
        deleteHints();
        Path damaged = segments().get(2);
        flip(damaged, 0);
        assertThat(Journal.verify(directory()).problems()).hasSize(1);
        Journal.repair(directory());
        assertThat(damaged).doesNotExist();
        assertThat(Journal.verify(directory()).isSound()).isTrue();
        assertThat(kept(directory())).isBetween(200, 299);
    }

    @Test
    void theLastSegmentsHeaderIsMissedIfThereAreRecords() throws IOException {
        make();
        Path last = segments().getLast();
        flip(last, 9);
        assertThat(Journal.verify(directory()).problems()).hasSize(1);
        try (Journal journal = open(directory())) {
            assertThatThrownBy(() -> StoredState.of(journal)).isInstanceOf(StoreException.class);
        }
        Journal.repair(directory());
        assertThat(Journal.verify(directory()).isSound()).isTrue();
        assertThat(kept(directory())).isEqualTo(300);
    }

    /// What a restart may leave out is what was never synced, so never acknowledged.
    @Test
    void damageInTheLastSegmentIsRefusedFoundAndMended() throws IOException {
        make();
        Path last = segments().getLast();
        flip(last, withinAPayload(Files.readAllBytes(last)));
        byte[] before = Files.readAllBytes(last);
        try (Journal journal = open(directory())) {
            assertThatThrownBy(() -> StoredState.of(journal))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining(String.valueOf(last.getFileName()))
                    .hasMessageContaining("repair");
        }
        assertThat(Journal.verify(directory()).problems())
                .singleElement()
                .asString()
                .contains("is damaged from byte");
        assertThat(last).as("looking changes nothing").hasBinaryContent(before);
        Journal.repair(directory());
        assertThat(directory().resolve("damaged-" + last.getFileName())).hasBinaryContent(before);
        assertThat(Journal.verify(directory()).isSound()).isTrue();
        assertThat(kept(directory())).as("all but the damaged one").isEqualTo(299);
    }

    @Test
    void whatCannotBeFoundBehindDamageInTheLastSegmentIsCutOffByARepairOnly() throws IOException {
        make();
        Path last = segments().getLast();
        byte[] bytes = Files.readAllBytes(last);
        Arrays.fill(bytes, bytes.length / 2, bytes.length / 2 + 512, (byte) 0x55);
        Files.write(last, bytes);
        try (Journal journal = open(directory())) {
            assertThatThrownBy(() -> StoredState.of(journal)).isInstanceOf(StoreException.class);
        }
        assertThat(Journal.verify(directory()).problems())
                .singleElement()
                .asString()
                .contains("behind");
        assertThat(Journal.repair(directory()).actions())
                .anySatisfy(action -> assertThat(action).contains("is cut at byte"));
        assertThat(Journal.verify(directory()).isSound()).isTrue();
        assertThat(kept(directory())).isBetween(200, 298);
    }

    /// Each message in a commit of its own, then the process is gone. Wherever the log is damaged, at most the last
    /// message, which nothing shows to be synced, may be taken for torn; else the start is refused.
    @Test
    void noAcknowledgedMessageBehindDamageIsLeftOutSilently() throws IOException {
        int messages = 30;
        Path killed = temporary.resolve("killed");
        try (Journal journal = open(directory())) {
            StoredState.of(journal);
            long number = putSession(journal, "a");
            for (int i = 0; i < messages; i++) {
                append(journal, number, 1);
            }
            copy(directory(), killed);
        }
        Path last = lastSegment(killed);
        byte[] whole = Files.readAllBytes(last);
        int end = (int) Journal.verify(killed).bytes();
        Seeds.each(60, random -> {
            Path damaged = temporary.resolve("damaged-" + random.nextLong());
            copy(killed, damaged);
            byte[] bytes = whole.clone();
            bytes[random.nextInt(end)] ^= (byte) (1 << random.nextInt(8));
            Files.write(damaged.resolve(last.getFileName()), bytes);
            try (Journal journal = open(damaged)) {
                int kept = StoredState.of(journal).sessions().getFirst().queue().size();
                assertThat(kept).as("started with").isGreaterThanOrEqualTo(messages - 1);
            } catch (StoreException e) {
                assertThat(e).hasMessageContaining("store repair");
            }
        });
        assertThat(kept(killed)).isEqualTo(messages);
    }

    /// A place behind the middle with zeros around it, as payloads here are.
    private static int withinAPayload(byte[] segment) {
        int zeros = 0;
        for (int at = segment.length / 2; at < segment.length; at++) {
            zeros = segment[at] == 0 ? zeros + 1 : 0;
            if (zeros == 100) {
                return at - 50;
            }
        }
        throw new AssertionError("no payload");
    }

    private static Path lastSegment(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .max(Comparator.naturalOrder())
                    .orElseThrow();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectory(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path each : files.toList()) {
                Files.copy(each, to.resolve(each.getFileName()));
            }
        }
    }

    /// Many segments are read ahead by another thread.
    @Test
    void aLongLogIsReadInOrderAndItsDamageFound() throws IOException {
        try (Journal journal = open(directory())) {
            StoredState.of(journal);
            append(journal, putSession(journal, "a"), 3_000);
        }
        deleteHints();
        assertThat(segments()).hasSizeGreaterThan(30);
        try (Journal journal = open(directory())) {
            assertThat(StoredState.of(journal).sessions().getFirst().queue())
                    .hasSize(3_000)
                    .extracting(StoredState.StoredDelivery::sequence)
                    .isSorted();
        }
        deleteHints();
        Path damaged = segments().get(20);
        flip(damaged, 5_000);
        try (Journal journal = open(directory())) {
            assertThatThrownBy(() -> StoredState.of(journal))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining(String.valueOf(damaged.getFileName()));
        }
    }

    @Test
    void aMissingSegmentIsMissed() throws IOException {
        make();
        Path lost = segments().get(1);
        Files.delete(lost);
        try (Journal journal = open(directory())) {
            assertThatThrownBy(() -> StoredState.of(journal))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining(String.valueOf(lost.getFileName()))
                    .hasMessageContaining("missing");
        }
        assertThat(Journal.repair(directory()).problems()).hasSize(1);
        assertThat(kept(directory())).isBetween(200, 299);
    }

    @Test
    void aDamagedHintCostsTimeOnly() throws IOException {
        make();
        assertThat(kept(directory())).isEqualTo(300);
        try (Stream<Path> files = Files.list(directory())) {
            List<Path> hints =
                    files.filter(file -> file.toString().endsWith(".hint")).toList();
            assertThat(hints).isNotEmpty();
            for (Path each : hints) {
                flip(each, 40);
            }
        }
        assertThat(kept(directory())).isEqualTo(300);
    }

    @Test
    void aNewerFormatIsRefused() throws IOException {
        make();
        Path last = segments().getLast();
        byte[] bytes = Files.readAllBytes(last);
        bytes[Frame.BYTES] = Frame.FORMAT + 1;
        int number = ByteBuffer.wrap(bytes).getInt(8);
        Frame.seal(bytes, 0, number, new CRC32C());
        Files.write(last, bytes);
        try (Journal journal = open(directory())) {
            assertThatThrownBy(() -> StoredState.of(journal))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("newer version");
        }
    }

    @Test
    void aBackupOfARunningJournalOpensAsOne() {
        Path copy = temporary.resolve("copy");
        try (Journal journal = open(directory())) {
            StoredState.of(journal);
            long number = putSession(journal, "a");
            append(journal, number, 250);
            journal.backupTo(copy);
            append(journal, number, 10);
            assertThatThrownBy(() -> journal.backupTo(copy)).isInstanceOf(StoreException.class);
            // The numbers of a group are there when the next group is told.
            RecordedCommit next = new RecordedCommit();
            journal.sync(next);
            next.assertCommittedOnce();
            assertThat(journal.stat().messages()).isEqualTo(260);
        }
        assertThat(Journal.verify(copy).isSound()).isTrue();
        assertThat(Journal.stat(copy).messages()).isEqualTo(250);
        assertThat(kept(copy)).isEqualTo(250);
        assertThat(kept(directory())).isEqualTo(260);
    }

    @Test
    void aFanOutLargerThanASegmentIsOneMessage() {
        int sessions = 8_000;
        RecordedCommit commit = new RecordedCommit();
        try (Journal journal = open(directory())) {
            StoredState.of(journal);
            List<QueueTarget> targets = new ArrayList<>();
            for (int i = 0; i < sessions; i++) {
                int[] identifiers = i % 2 == 0 ? new int[0] : new int[] {i};
                targets.add(new QueueTarget(putSession(journal, "c" + i), 1, false, identifiers));
            }
            Append append = new Append(Message.of("t", new byte[100], 1), targets, false, 0, 0);
            journal.append(journal.nextSequence(), append, commit);
            commit.assertCommittedOnce();
        }
        try (Journal journal = open(directory())) {
            StoredState state = StoredState.of(journal);
            assertThat(state.sessions())
                    .hasSize(sessions)
                    .allSatisfy(each -> assertThat(each.queue()).hasSize(1));
            assertThat(state.sessions().getLast().queue().getFirst().subscriptionIds())
                    .containsExactly(sessions - 1);
        }
    }
}
