// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What of a NIC outlives its process.
class FileStateTest {
    @TempDir
    private Path directory = Path.of("");

    private static final long NOW = 1_800_000_000L;

    private final List<String> damaged = new ArrayList<>();

    private FileState open(Path place) throws IOException {
        return FileState.open(place, () -> Instant.ofEpochSecond(NOW), new NicListener() {
            @Override
            public void onDamagedState(Path file, String cause) {
                damaged.add(file.getFileName() + ": " + cause);
            }
        });
    }

    @Test
    void everyStartCountsOneMore() throws IOException {
        assertThat(open(directory).nextBoot()).isEqualTo(1);
        assertThat(open(directory).nextBoot()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"no number", "", "-3", "99999999999999999999", "4294967295"})
    void damagedCountOfStartsGoesOnFromTheTimeOfDay(String text) throws IOException {
        Files.writeString(directory.resolve("boot"), text, StandardCharsets.US_ASCII);

        assertThat(open(directory).nextBoot()).isEqualTo(NOW);
        assertThat(open(directory).nextBoot()).isEqualTo(NOW + 1);

        assertThat(damaged).singleElement().asString().startsWith("boot: ");
        assertThat(Files.readString(directory.resolve("boot.damaged"))).isEqualTo(text);
    }

    /// The power goes again before the new count is written.
    @Test
    void countOfStartsDoesNotBeginAnewWhereItsMendingWasCutShort() throws IOException {
        Files.writeString(directory.resolve("boot"), "no number", StandardCharsets.US_ASCII);
        Path inTheWay = Files.createDirectory(directory.resolve("boot.new"));
        assertThatThrownBy(() -> open(directory).nextBoot()).isInstanceOf(UncheckedIOException.class);
        Files.delete(inTheWay);

        assertThat(open(directory).nextBoot()).isEqualTo(NOW);
        assertThat(open(directory).nextBoot()).isEqualTo(NOW + 1);
        assertThat(Files.readString(directory.resolve("boot.damaged"))).isEqualTo("no number");
    }

    /// As earlier versions left it when that happened.
    @Test
    void countOfStartsThatIsOnlySetAsideWasThere() throws IOException {
        Files.writeString(directory.resolve("boot.damaged"), "no number", StandardCharsets.US_ASCII);
        assertThat(open(directory).nextBoot()).isEqualTo(NOW);
    }

    @ParameterizedTest
    @ValueSource(bytes = {'x', (byte) 0xFF})
    void damagedTableIsSetAsideAndToldOnce(byte octet) throws IOException {
        Files.write(directory.resolve("table"), new byte[] {'r', 'e', 'a', 'd', ':', octet});

        assertThat(open(directory).table()).isEmpty();
        assertThat(open(directory).table()).isEmpty();

        assertThat(damaged).singleElement().asString().startsWith("table: ");
        assertThat(directory.resolve("table.damaged")).isRegularFile();
    }

    @Test
    void unacknowledgedNotificationsAreThereAfterARestart() throws IOException {
        try (NotificationBuffer buffer = open(directory).buffer(10)) {
            buffer.add(notification(1));
            buffer.add(notification(2));
            buffer.add(notification(3));
            buffer.removeFirst();
        }
        try (NotificationBuffer buffer = open(directory).buffer(10)) {
            Notification first = buffer.first();
            assertThat(first).isNotNull();
            assertThat(first.sequence()).isEqualTo(2);
            assertThat(first.boot()).isEqualTo(4);
            assertThat(first.kind()).isEqualTo(BubbleUpClass.READ);
            assertThat(first.uri()).isEqualTo("/snsr/arduino/temp");
            assertThat(first.contentFormat()).isEqualTo(60);
            assertThat(first.confirmable()).isTrue();
            assertThat(first.payload()).containsExactly(2);
            assertThat(sequences(buffer)).containsExactly(2L, 3L);
            assertThat(Files.size(directory.resolve("buffer"))).isZero();
        }
    }

    @Test
    void theTableIsThereAfterARestart() throws IOException {
        NicState state = open(directory);
        assertThat(state.table()).isEmpty();
        List<BubbleUpEntry> rows = List.of(BubbleUpEntry.read("/battery"), BubbleUpEntry.alert("/snsr/arduino/ncmth1"));
        state.keepTable(rows);
        assertThat(open(directory).table()).contains(rows);
        state.keepTable(List.of());
        assertThat(open(directory).table()).as("an empty table is one, too").contains(List.of());
        Files.writeString(directory.resolve("table"), "read:/nonsense\n");
        assertThat(state.table()).isEmpty();
        assertThat(damaged).singleElement().asString().contains("table").contains("'/nonsense'");
    }

    @Test
    void tornLastRecordIsLeftOutAndTheRestKept() throws IOException {
        Path file = directory.resolve("buffer");
        try (NotificationBuffer buffer = open(directory).buffer(10)) {
            buffer.add(notification(1));
            buffer.add(notification(2));
        }
        byte[] whole = Files.readAllBytes(file);
        int record = whole.length / 2;
        for (int length = record; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length), StandardOpenOption.TRUNCATE_EXISTING);
            try (NotificationBuffer buffer = open(directory).buffer(10)) {
                assertThat(sequences(buffer)).as("%d bytes", length).containsExactly(1L);
            }
        }
    }

    /// Random work with a restart now and then, against a plain queue.
    @Test
    void bufferIsAQueueThatOutlivesRestarts() throws IOException {
        for (long seed = 1; seed <= 3; seed++) {
            Random random = new Random(seed);
            Path place = directory.resolve("seed-" + seed);
            Deque<Long> model = new ArrayDeque<>();
            NotificationBuffer buffer = open(place).buffer(30);
            for (int step = 1; step <= 250; step++) {
                int choice = random.nextInt(100);
                if (choice < 55) {
                    buffer.add(notification(step));
                    model.add((long) step);
                    if (model.size() > 30) {
                        model.poll();
                    }
                } else if (choice < 98) {
                    if (!model.isEmpty()) {
                        buffer.removeFirst();
                        model.poll();
                    }
                } else {
                    buffer.close();
                    buffer = open(place).buffer(30);
                }
                Notification first = buffer.first();
                assertThat(first == null ? null : (Long) first.sequence())
                        .as("seed %d step %d", seed, step)
                        .isEqualTo(model.peek());
                assertThat(buffer.size()).isEqualTo(model.size());
            }
            buffer.close();
        }
    }

    private static List<Long> sequences(NotificationBuffer buffer) {
        List<Long> sequences = new ArrayList<>();
        for (Notification first = buffer.first(); first != null; first = buffer.first()) {
            sequences.add(first.sequence());
            buffer.removeFirst();
        }
        return sequences;
    }

    private static Notification notification(int sequence) {
        return new Notification(
                4, sequence, BubbleUpClass.READ, "/snsr/arduino/temp", 60, true, new byte[] {(byte) sequence});
    }
}
