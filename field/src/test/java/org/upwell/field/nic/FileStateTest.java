// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What of a NIC outlives its process.
class FileStateTest {
    @TempDir
    private Path directory = Path.of("");

    @Test
    void everyStartCountsOneMore() throws IOException {
        assertThat(FileState.open(directory).nextBoot()).isEqualTo(1);
        assertThat(FileState.open(directory).nextBoot()).isEqualTo(2);
        Files.writeString(directory.resolve("boot"), "no number", StandardCharsets.US_ASCII);
        FileState broken = FileState.open(directory);
        assertThatThrownBy(broken::nextBoot).hasMessageContaining("boot");
    }

    @Test
    void unacknowledgedNotificationsAreThereAfterARestart() throws IOException {
        try (NotificationBuffer buffer = FileState.open(directory).buffer(10)) {
            buffer.add(notification(1));
            buffer.add(notification(2));
            buffer.add(notification(3));
            buffer.removeFirst();
        }
        try (NotificationBuffer buffer = FileState.open(directory).buffer(10)) {
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
        NicState state = FileState.open(directory);
        assertThat(state.table()).isEmpty();
        List<BubbleUpEntry> rows = List.of(BubbleUpEntry.read("/battery"), BubbleUpEntry.alert("/snsr/arduino/ncmth1"));
        state.keepTable(rows);
        assertThat(FileState.open(directory).table()).contains(rows);
        state.keepTable(List.of());
        assertThat(FileState.open(directory).table())
                .as("an empty table is one, too")
                .contains(List.of());
        Files.writeString(directory.resolve("table"), "read:/nonsense\n");
        assertThatThrownBy(state::table).hasMessageContaining("table").hasMessageContaining("'/nonsense'");
    }

    @Test
    void tornLastRecordIsLeftOutAndTheRestKept() throws IOException {
        Path file = directory.resolve("buffer");
        try (NotificationBuffer buffer = FileState.open(directory).buffer(10)) {
            buffer.add(notification(1));
            buffer.add(notification(2));
        }
        byte[] whole = Files.readAllBytes(file);
        int record = whole.length / 2;
        for (int length = record; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length), StandardOpenOption.TRUNCATE_EXISTING);
            try (NotificationBuffer buffer = FileState.open(directory).buffer(10)) {
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
            NotificationBuffer buffer = FileState.open(place).buffer(30);
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
                    buffer = FileState.open(place).buffer(30);
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
