// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.store.Append;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.SessionRecord;
import org.upwell.broker.store.StoreException;
import org.upwell.broker.store.StoredState;
import org.upwell.broker.store.SubscriptionRecord;
import org.upwell.broker.testing.RecordedCommit;

/// A journal of format 1, which had no marks of what was synced, is read, goes on, and is mended.
///
/// The files in `format-1` are what the last version that wrote it left behind when it was killed: segments of 2
/// KiB; the session `meter` with a subscription and the inbound packet id 77; a retained message; messages 0 to 59,
/// of which the first is acknowledged and the second is at QoS 2 under packet id 5 and received; another session,
/// removed.
@Timeout(60)
class FormatOneTest {

    private static final int SEGMENT_BYTES = 2 << 10;
    private static final Tuning TUNING = new Tuning(512, 4 << 10, 1 << 20, 2 << 20, 64, 1, 0, 1, 1 << 20);
    /// Behind the frame of the first record.
    private static final int FORMAT_OFFSET = Frame.BYTES;

    @TempDir
    Path directory = Path.of(".");

    @BeforeEach
    void copy() throws IOException {
        for (int number = 1; ; number++) {
            boolean isThere = copy(Segment.name(number));
            copy(Segment.hintName(number));
            if (!isThere) {
                assertThat(number).as("segments and one").isGreaterThan(3);
                return;
            }
        }
    }

    private boolean copy(String name) throws IOException {
        try (InputStream in = FormatOneTest.class.getResourceAsStream("format-1/" + name)) {
            if (in != null) {
                Files.copy(in, directory.resolve(name));
            }
            return in != null;
        }
    }

    private Journal open() {
        JournalSettings settings = JournalSettings.of(directory).withSegmentBytes(SEGMENT_BYTES);
        return new Journal(settings, TUNING, SystemDirectory.open(directory), JournalThreads.start());
    }

    private static List<String> texts(StoredState state) {
        return onlySession(state).queue().stream()
                .map(each -> new String(each.message().payload(), UTF_8).split(" x", 2)[0])
                .toList();
    }

    private static StoredState.StoredSession onlySession(StoredState state) {
        assertThat(state.sessions()).hasSize(1);
        return state.sessions().getFirst();
    }

    private static List<String> messages(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "message " + i).toList();
    }

    private List<Path> segments() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .sorted()
                    .toList();
        }
    }

    private static int format(Path segment) throws IOException {
        return Files.readAllBytes(segment)[FORMAT_OFFSET];
    }

    @Test
    void everythingIsRead() throws IOException {
        for (Path each : segments()) {
            assertThat(format(each)).isEqualTo(1);
        }
        assertThat(Journal.verify(directory).problems()).isEmpty();
        try (Journal journal = open()) {
            StoredState state = StoredState.of(journal);
            StoredState.StoredSession session = onlySession(state);
            assertThat(session.session())
                    .isEqualTo(SessionRecord.of(new SessionKey("acme", "meter"), "name", Set.of("R"), 60, 0));
            assertThat(session.subscriptions()).containsExactly(new SubscriptionRecord("acme/#", 2, true, false, 7));
            assertThat(session.inboundPacketIds()).containsExactly(77);
            assertThat(texts(state)).isEqualTo(messages(1, 60));
            StoredState.StoredDelivery sent = session.queue().getFirst();
            assertThat(sent.packetId()).isEqualTo(5);
            assertThat(sent.received()).isTrue();
            assertThat(sent.qos()).isEqualTo(2);
            assertThat(sent.subscriptionIds()).containsExactly(7);
            assertThat(state.retained())
                    .singleElement()
                    .satisfies(kept -> assertThat(kept.payload()).asString().isEqualTo("on"));
        }
    }

    /// What is written from now on has the new format, beside segments of the old one.
    @Test
    void itGoesOnInTheNewFormat() throws IOException {
        try (Journal journal = open()) {
            long number = onlySession(StoredState.of(journal)).number();
            for (int i = 60; i < 80; i++) {
                RecordedCommit commit = new RecordedCommit();
                QueueTarget target = new QueueTarget(number, 1, false, new int[0]);
                Message message = Message.of("acme/" + i, ("message " + i).getBytes(UTF_8), 1);
                journal.append(journal.nextSequence(), new Append(message, List.of(target), false, 0, 0), commit);
                commit.assertCommittedOnce();
            }
        }
        assertThat(format(segments().getFirst())).isEqualTo(1);
        assertThat(format(segments().getLast())).isEqualTo(2);
        assertThat(Journal.verify(directory).problems()).isEmpty();
        try (Journal journal = open()) {
            assertThat(texts(StoredState.of(journal))).isEqualTo(messages(1, 80));
        }
    }

    /// A torn end is left out, as ever: without marks nothing tells it from damage.
    @Test
    void aTornEndIsLeftOut() throws IOException {
        Path last = segments().getLast();
        byte[] bytes = Files.readAllBytes(last);
        int end = bytes.length;
        while (bytes[end - 1] == 0) {
            end--;
        }
        bytes[end - 1] ^= 1;
        Files.write(last, bytes);
        assertThat(Journal.verify(directory).problems()).isEmpty();
        try (Journal journal = open()) {
            assertThat(StoredState.of(journal).sessions())
                    .as("the last record removed a session")
                    .extracting(each -> each.session().key().clientId())
                    .containsExactly("meter", "gone");
        }
    }

    @Test
    void damageIsRefusedAndMended() throws IOException {
        Files.deleteIfExists(directory.resolve(Segment.hintName(2)));
        Path damaged = directory.resolve(Segment.name(2));
        byte[] bytes = Files.readAllBytes(damaged);
        bytes[placeInAMessage(bytes)] ^= 1;
        Files.write(damaged, bytes);
        try (Journal journal = open()) {
            assertThatThrownBy(() -> StoredState.of(journal))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("repair");
        }
        assertThat(Journal.verify(directory).problems()).hasSize(1);
        assertThat(Journal.repair(directory).actions()).isNotEmpty();
        assertThat(Journal.verify(directory).problems()).isEmpty();
        try (Journal journal = open()) {
            List<String> expected = new ArrayList<>(messages(1, 60));
            List<String> found = texts(StoredState.of(journal));
            expected.removeAll(found);
            assertThat(expected).as("what was lost").hasSize(1);
            assertThat(found).hasSize(58);
        }
    }

    /// In the payload of the first message of the segment.
    private static int placeInAMessage(byte[] segment) {
        return new String(segment, ISO_8859_1).indexOf("message ") + 20;
    }
}
