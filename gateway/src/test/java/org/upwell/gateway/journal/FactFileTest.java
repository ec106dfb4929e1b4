// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.gateway.journal.FactFile.Keeping;

@Timeout(60)
class FactFileTest {

    @TempDir
    private Path directory;

    /// All facts, as text, in order.
    private static final class Texts implements FactFile.State {

        private final List<String> folded = new ArrayList<>();
        private List<String> snapshot = List.of();

        @Override
        public void fold(ByteBuffer fact) {
            folded.add(StandardCharsets.UTF_8.decode(fact).toString());
        }

        @Override
        public void snapshot(Consumer<byte[]> facts) {
            snapshot.forEach(text -> facts.accept(bytes(text)));
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private Path file() {
        return directory.resolve("facts");
    }

    private List<String> read(Path file) throws IOException {
        Texts texts = new Texts();
        FactFile.open(file, 1 << 20, texts).close();
        return texts.folded;
    }

    private static void append(FactFile facts, String text) {
        facts.append(bytes(text), Keeping.SYNCED).toCompletableFuture().join();
    }

    @Test
    void factsComeBackInOrder() throws IOException {
        String large = "x".repeat(700_000);
        try (FactFile facts = FactFile.open(file(), 1 << 24, new Texts())) {
            facts.note(bytes("a"));
            append(facts, large);
            facts.note(bytes("b"));
        }
        try (FactFile facts = FactFile.open(file(), 1 << 24, new Texts())) {
            append(facts, "c");
        }
        assertThat(read(file())).containsExactly("a", large, "b", "c");
    }

    /// Whatever a crash cuts off or tears, what stands before it stays, and nothing behind it rises again.
    @Test
    void everyTornEndIsCutOff() throws IOException {
        try (FactFile facts = FactFile.open(file(), 1 << 20, new Texts())) {
            append(facts, "one");
            append(facts, "two");
            append(facts, "three");
        }
        byte[] whole = Arrays.copyOf(Files.readAllBytes(file()), 8 + 3 * 8 + 11);
        for (int length = 8; length < whole.length; length++) {
            Path torn = directory.resolve("torn-" + length);
            Files.write(torn, Arrays.copyOf(whole, length));
            List<String> expected = List.of("one", "two", "three").subList(0, length < 19 ? 0 : length < 30 ? 1 : 2);
            assertThat(read(torn)).as("cut at %d", length).isEqualTo(expected);
            try (FactFile facts = FactFile.open(torn, 1 << 20, new Texts())) {
                append(facts, "new");
            }
            assertThat(read(torn)).hasSize(expected.size() + 1).endsWith("new");
        }
    }

    /// What was promised to be kept is not dropped without a word.
    @Test
    void damageBeforeWholeFactsIsRefused() throws IOException {
        try (FactFile facts = FactFile.open(file(), 1 << 20, new Texts())) {
            append(facts, "one");
            append(facts, "two");
            append(facts, "three");
        }
        byte[] whole = Files.readAllBytes(file());
        // In each part of the second record: its length, its sum, the fact.
        for (int damaged : new int[] {19, 21, 22, 23, 27, 29}) {
            byte[] flipped = whole.clone();
            flipped[damaged] ^= 0x40;
            Files.write(file(), flipped);
            assertThatExceptionOfType(IOException.class)
                    .as("flipped at %d", damaged)
                    .isThrownBy(() -> read(file()))
                    .withMessageContaining(file() + " is damaged at byte 19")
                    .withMessageContaining("byte 30");
            assertThat(Files.readAllBytes(file())).as("left as it is").isEqualTo(flipped);
        }
    }

    /// A power cut may take a page of writes that nobody waited for and leave a later one.
    @Test
    void factWhosePagesWereLostEndsTheFile() throws IOException {
        String large = "x".repeat(3_000);
        try (FactFile facts = FactFile.open(file(), 1 << 20, new Texts())) {
            append(facts, "one");
            append(facts, large);
            append(facts, "three");
        }
        byte[] whole = Files.readAllBytes(file());
        int[][] lost = {{19, 512}, {512, 1_024}, {2_000, 19 + 8 + 3_000}};
        for (int[] each : lost) {
            byte[] torn = whole.clone();
            Arrays.fill(torn, each[0], each[1], (byte) 0);
            Files.write(file(), torn);
            assertThat(read(file())).as("lost from %d", each[0]).containsExactly("one");
            assertThat(read(file())).as("for good").containsExactly("one");
        }
    }

    /// By a full disk, or by a kill at the worst moment, when files were still made in place.
    @Test
    void fileThatWasBarelyBegunIsMadeAnew() throws IOException {
        for (int length = 0; length < 8; length++) {
            Files.write(file(), Arrays.copyOf(bytes("UPWFACT1"), length));
            try (FactFile facts = FactFile.open(file(), 1 << 20, new Texts())) {
                append(facts, "one");
            }
            assertThat(read(file())).containsExactly("one");
        }
        Files.writeString(file(), "notes");
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> read(file()));
        assertThat(file()).hasContent("notes");
    }

    /// Appending at the moment of the end costs at most what is appended.
    @Test
    void factsBeforeTheEndAreKeptWhoeverAppendsMeanwhile() throws Exception {
        for (int round = 0; round < 10; round++) {
            Path file = directory.resolve("round-" + round);
            // Never so large that it is written anew from the state, which keeps nothing.
            FactFile facts = FactFile.open(file, 1L << 40, new Texts());
            AtomicBoolean ended = new AtomicBoolean();
            Thread late = Thread.ofPlatform().start(() -> {
                while (!ended.get()) {
                    CompletionStage<?> _ = facts.append(bytes("late"), Keeping.WRITTEN);
                }
            });
            CompletableFuture<?> before;
            do {
                // Refused while the other thread fills the queue.
                before = facts.append(bytes("before"), Keeping.WRITTEN).toCompletableFuture();
            } while (before.isCompletedExceptionally());
            facts.close();
            ended.set(true);
            late.join();
            assertThat(read(file)).contains("before");
        }
    }

    @Test
    void grownFileIsWrittenAnewFromTheState() throws IOException {
        Texts texts = new Texts();
        texts.snapshot = List.of("state");
        try (FactFile facts = FactFile.open(file(), 1_000, texts)) {
            for (int i = 0; i < 100; i++) {
                append(facts, "a fact that is soon of no use any more " + i);
            }
        }
        List<String> left = read(file());
        assertThat(left).startsWith("state").hasSizeLessThan(50);
        assertThat(left.getLast()).endsWith(" 99");
    }

    @Test
    void fileOfAnotherKindOrAnotherProcessIsRefused() throws IOException {
        Files.write(file(), bytes("not a file of facts"));
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> read(file()))
                .withMessageContaining(file().toString());
        Path other = directory.resolve("other");
        try (FactFile facts = FactFile.open(other, 1_000, new Texts())) {
            assertThat(facts.isWritable()).isTrue();
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> read(other))
                    .withMessageContaining("open in another process");
        }
    }

    @Test
    void closedFileTakesNothing() throws IOException {
        FactFile facts = FactFile.open(file(), 1_000, new Texts());
        facts.close();
        CompletableFuture<?> late = facts.append(bytes("late"), Keeping.WRITTEN).toCompletableFuture();
        assertThat(late).isCompletedExceptionally();
        assertThat(read(file())).isEmpty();
    }
}
