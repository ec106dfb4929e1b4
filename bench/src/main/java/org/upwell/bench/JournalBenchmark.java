// SPDX-License-Identifier: Apache-2.0
package org.upwell.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.upwell.broker.journal.Journal;
import org.upwell.broker.journal.JournalSettings;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Append;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.GroupRecord;
import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.Recovery;
import org.upwell.broker.store.SessionRecord;
import org.upwell.broker.store.Store;
import org.upwell.broker.store.StoreException;

/// A message of 256 bytes is appended to one of a thousand queues and, once it is committed, acknowledged; as many
/// are on their way as group commit needs. Writes below the directory that `-Djava.io.tmpdir` names: put that on
/// the disk in question.
@NullUnmarked // JMH sets the fields.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 1, jvmArgsAppend = "-Xmx1g")
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class JournalBenchmark {
    /// Where the messages go.
    public enum Kind {
        MEMORY,
        INTERVAL,
        SYNC
    }

    private static final int QUEUES = 1000;
    private static final int ON_THEIR_WAY = 20_000;

    @Param({"MEMORY", "INTERVAL", "SYNC"})
    private Kind kind;

    private final Semaphore room = new Semaphore(ON_THEIR_WAY);
    private final byte[] payload = new byte[256];
    private final long[] sessions = new long[QUEUES];
    private Path directory;
    private Store store;
    private int next;

    @Setup
    public void setUp() throws IOException {
        directory = Files.createTempDirectory("upwell-bench-");
        JournalSettings settings = JournalSettings.of(directory.resolve("journal"));
        store = switch (kind) {
            case MEMORY -> new InMemoryStore();
            case INTERVAL -> Journal.open(settings.withMode(JournalSettings.Mode.INTERVAL));
            case SYNC -> Journal.open(settings);
        };
        store.recover(new NothingKept());
        for (int i = 0; i < QUEUES; i++) {
            SessionKey key = new SessionKey("bench", "client-" + i);
            sessions[i] = store.putSession(SessionRecord.of(key, "bench", Set.of("R"), 3600, 0), Commit.NONE);
        }
    }

    @TearDown(Level.Trial)
    public void tearDown() throws IOException {
        room.acquireUninterruptibly(ON_THEIR_WAY);
        store.close();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Benchmark
    public void appendAndAcknowledge() throws InterruptedException {
        room.acquire();
        next = next + 1 == QUEUES ? 0 : next + 1;
        long session = sessions[next];
        long sequence = store.nextSequence();
        Message message = Message.of("bench/read/meter", payload, 1);
        QueueTarget target = new QueueTarget(session, 1, false, new int[0]);
        store.append(sequence, new Append(message, List.of(target), false, 0, 0), new Acknowledging(session, sequence));
    }

    private final class Acknowledging implements Commit {
        private final long session;
        private final long sequence;

        private Acknowledging(long session, long sequence) {
            this.session = session;
            this.sequence = sequence;
        }

        @Override
        public @Nullable Owner owner() {
            return null;
        }

        @Override
        public void committed() {
            store.acknowledged(session, sequence);
            room.release();
        }

        @Override
        public void failed(StoreException cause) {
            throw cause;
        }
    }

    /// The directory is new.
    private static final class NothingKept implements Recovery {
        @Override
        public void session(StoredSession session) {
            throw new IllegalStateException("a new journal has a session");
        }

        @Override
        public void group(long number, GroupRecord group) {
            throw new IllegalStateException("a new journal has a group");
        }

        @Override
        public void queued(long session, QueueEntry entry) {
            throw new IllegalStateException("a new journal has a message");
        }

        @Override
        public void retained(long sequence, Message message) {
            throw new IllegalStateException("a new journal has a retained message");
        }
    }
}
