// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

@Timeout(60)
class SharedFileTest {

    private static final Duration LOOK_OFTEN = Duration.ofMillis(20);

    @TempDir
    Path folder;

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeEach
    void listen() {
        log.start();
        ((Logger) LoggerFactory.getLogger(WatchedFile.class)).addAppender(log);
    }

    @AfterEach
    void stopListening() {
        ((Logger) LoggerFactory.getLogger(WatchedFile.class)).detachAppender(log);
    }

    /// A file that holds one number.
    static SharedFile<Long> counter(SharedDirectory directory) throws IOException {
        return directory.shared(
                "counter.json",
                (content, faults) -> {
                    Fields root = Fields.root(Documents.json(content, faults), 1, faults);
                    long count = root.number("count", 0, 0, Long.MAX_VALUE);
                    root.finish();
                    return count;
                },
                count -> Documents.writeJson(json -> {
                    json.writeNumberProperty("format", 1);
                    json.writeNumberProperty("count", count);
                }),
                0L);
    }

    private List<String> errors() {
        return List.copyOf(log.list).stream()
                .filter(event -> event.getLevel() == Level.ERROR)
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    @Test
    void aChangeIsThereForTheNextReader() throws IOException {
        try (SharedDirectory one = SharedDirectory.open(folder)) {
            assertThat(counter(one).update(count -> count + 7)).isEqualTo(7);
        }
        try (SharedDirectory two = SharedDirectory.open(folder)) {
            assertThat(counter(two).value()).isEqualTo(7);
        }
        assertThat(Files.readString(folder.resolve("counter.json"))).isEqualTo("""
                {
                  "format" : 1,
                  "count" : 7
                }
                """);
    }

    @Test
    void filesAreForTheirOwnerOnlyAndTheFolderIsPassable() throws IOException {
        Path inner = folder.resolve("new").resolve("access");
        try (SharedDirectory directory = SharedDirectory.open(inner)) {
            counter(directory).update(count -> count + 1);
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(inner)))
                .isEqualTo("rwx--x--x");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(inner.resolve("counter.json"))))
                .isEqualTo("rw-------");
    }

    @Test
    void aFailedChangeLeavesEverythingAlone() throws IOException {
        try (SharedDirectory directory = SharedDirectory.open(folder)) {
            SharedFile<Long> counter = counter(directory);
            counter.update(_ -> 3L);
            assertThatThrownBy(() -> counter.update(_ -> {
                        throw new IllegalStateException("no");
                    }))
                    .hasMessage("no");
            assertThat(counter.value()).isEqualTo(3);
            assertThat(counter.update(count -> count + 1)).isEqualTo(4);
        }
    }

    @Test
    void anUnchangedValueIsNotWritten() throws IOException {
        try (SharedDirectory directory = SharedDirectory.open(folder)) {
            counter(directory).update(count -> count);
            assertThat(folder.resolve("counter.json")).doesNotExist();
        }
    }

    @Test
    void writersInOneProcessLoseNoChange() throws Exception {
        int writers = 4;
        int changes = 25;
        CountDownLatch start = new CountDownLatch(1);
        try (ExecutorService threads = Executors.newFixedThreadPool(writers)) {
            List<Future<?>> done = new ArrayList<>();
            for (int i = 0; i < writers; i++) {
                // Each with an instance of its own, as two servers in one process would have.
                done.add(threads.submit(() -> {
                    try (SharedDirectory directory = SharedDirectory.open(folder)) {
                        SharedFile<Long> counter = counter(directory);
                        start.await();
                        for (int n = 0; n < changes; n++) {
                            counter.update(count -> count + 1);
                        }
                    }
                    return null;
                }));
            }
            start.countDown();
            for (Future<?> each : done) {
                each.get(50, TimeUnit.SECONDS);
            }
        }
        try (SharedDirectory directory = SharedDirectory.open(folder)) {
            assertThat(counter(directory).value()).isEqualTo((long) writers * changes);
        }
    }

    @Test
    void writersInSeveralProcessesLoseNoChange() throws Exception {
        int changes = 50;
        List<Process> others = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            others.add(new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx64m",
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            CountingProcess.class.getName(),
                            folder.toString(),
                            Integer.toString(changes))
                    .inheritIO()
                    .start());
        }
        try (SharedDirectory directory = SharedDirectory.open(folder)) {
            SharedFile<Long> counter = counter(directory);
            for (int n = 0; n < changes; n++) {
                counter.update(count -> count + 1);
            }
            for (Process other : others) {
                assertThat(other.waitFor(50, TimeUnit.SECONDS)).isTrue();
                assertThat(other.exitValue()).isZero();
            }
            counter.read();
            assertThat(counter.value()).isEqualTo(3L * changes);
        } finally {
            others.forEach(Process::destroyForcibly);
        }
    }

    @Test
    void anotherInstanceSeesAChangeAndIsToldOnce() throws IOException {
        List<String> told = new CopyOnWriteArrayList<>();
        try (SharedDirectory one = SharedDirectory.open(folder);
                SharedDirectory two = SharedDirectory.open(folder)) {
            SharedFile<Long> writer = counter(one);
            SharedFile<Long> reader = counter(two);
            reader.onChange((before, after) -> told.add(before + "->" + after));
            two.watch(LOOK_OFTEN);
            writer.update(_ -> 1L);
            await().until(() -> reader.value() == 1);
            writer.update(_ -> 2L);
            await().until(() -> told.size() >= 2);
            assertThat(told).containsExactly("0->1", "1->2");
        }
    }

    @Test
    void aListenerThatFailsDoesNotSilenceTheNext() throws IOException {
        List<Long> told = new CopyOnWriteArrayList<>();
        try (SharedDirectory directory = SharedDirectory.open(folder)) {
            SharedFile<Long> counter = counter(directory);
            counter.onChange((_, after) -> {
                told.add(after);
                throw new IllegalStateException("listener");
            });
            counter.update(_ -> 1L);
            counter.update(_ -> 2L);
            await().until(() -> told.equals(List.of(1L, 2L)));
        }
    }

    @Test
    void aBrokenFileIsRefusedAtOpening() throws IOException {
        Files.writeString(folder.resolve("counter.json"), "{\"format\": 1,\n\"count\": -1,\n\"x\": 0}");
        try (SharedDirectory directory = SharedDirectory.open(folder)) {
            assertThatThrownBy(() -> counter(directory))
                    .isInstanceOfSatisfying(
                            BrokenFileException.class,
                            e -> assertThat(e.faults())
                                    .hasSize(2)
                                    .anyMatch(fault -> fault.contains("counter.json:2: 'count'"))
                                    .anyMatch(fault -> fault.contains("counter.json:3: unknown key 'x'")));
        }
    }

    @Test
    void aFileThatBreaksLaterLeavesTheLastGoodStateAndOneError() throws IOException {
        Path file = folder.resolve("counter.json");
        try (SharedDirectory directory = SharedDirectory.open(folder)) {
            SharedFile<Long> counter = counter(directory);
            counter.update(_ -> 5L);
            directory.watch(LOOK_OFTEN);
            Files.writeString(file, "{\"format\": 1,\n\"count\": ");
            await().until(() -> !errors().isEmpty());
            // A change must not wipe out what somebody is just editing.
            assertThatThrownBy(() -> counter.update(count -> count + 1)).isInstanceOf(BrokenFileException.class);
            assertThat(Files.readString(file)).endsWith("\"count\": ");
            assertThat(counter.value()).isEqualTo(5);

            Files.writeString(file, "{\"format\": 1, \"count\": 6}");
            await().until(() -> counter.value() == 6);
            await().until(() -> log.list.stream().anyMatch(e -> e.getLevel() == Level.INFO));
            assertThat(errors()).singleElement().asString().contains("counter.json:2: not JSON");
        }
    }

    @Test
    void whatABrokenFileSaysForAMomentIsNotTold() throws IOException {
        Path file = folder.resolve("counter.json");
        try (SharedDirectory directory = SharedDirectory.open(folder)) {
            SharedFile<Long> counter = counter(directory);
            counter.update(_ -> 5L);
            Files.writeString(file, "");
            counter.look();
            Files.writeString(file, "{\"format\": 1, \"count\": 6}");
            counter.look();
            assertThat(counter.value()).isEqualTo(6);
            Files.delete(file);
            counter.look();
            Files.writeString(file, "{\"format\": 1, \"count\": 7}");
            counter.look();
            assertThat(counter.value()).isEqualTo(7);
            assertThat(log.list).isEmpty();
        }
    }

    /// An emptied `roles.yaml` would be a good one that says nothing, and take away what roles grant.
    @Test
    void aFileThatPeopleEditIsReadWhenItHasComeToRest() throws IOException {
        Path file = folder.resolve("words.yaml");
        Files.writeString(file, "word: a");
        try (SharedDirectory directory = SharedDirectory.open(folder)) {
            WatchedFile<Integer> words = directory.watched(
                    "words.yaml",
                    (content, faults) ->
                            Documents.yaml(content, faults).entries().size(),
                    -1);
            words.look();
            words.look();
            Files.writeString(file, "");
            words.look();
            assertThat(words.value()).isEqualTo(1);
            Files.writeString(file, "word: a\nother: b");
            words.look();
            assertThat(words.value()).isEqualTo(1);
            words.look();
            assertThat(words.value()).isEqualTo(2);
        }
    }

    @Test
    void aFileThatDisappearsLeavesTheLastGoodStateAndOneError() throws IOException {
        Path file = folder.resolve("counter.json");
        try (SharedDirectory directory = SharedDirectory.open(folder)) {
            SharedFile<Long> counter = counter(directory);
            counter.update(_ -> 5L);
            directory.watch(LOOK_OFTEN);
            Files.move(file, folder.resolve("counter.backup"));
            await().until(() -> !errors().isEmpty());
            assertThat(counter.value()).isEqualTo(5);
            Files.move(folder.resolve("counter.backup"), file);
            await().until(() -> log.list.stream().anyMatch(e -> e.getLevel() == Level.INFO));
            assertThat(errors()).singleElement().asString().contains("the file is gone");
            assertThat(counter.update(count -> count + 1)).isEqualTo(6);
        }
    }

    @Test
    void aChangeInPlaceOfTheSameSizeIsSeen() throws IOException {
        Path file = folder.resolve("counter.json");
        Files.write(file, "{\"format\": 1, \"count\": 1}".getBytes(StandardCharsets.UTF_8));
        try (SharedDirectory directory = SharedDirectory.open(folder)) {
            SharedFile<Long> counter = counter(directory);
            var time = Files.getLastModifiedTime(file);
            Files.write(file, "{\"format\": 1, \"count\": 2}".getBytes(StandardCharsets.UTF_8));
            // Within one tick of the file system's clock, so nothing but the content differs.
            Files.setLastModifiedTime(file, time);
            directory.watch(LOOK_OFTEN);
            await().until(() -> counter.value() == 2);
        }
    }
}
