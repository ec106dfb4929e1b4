// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.MessageProperties;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Append;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.Fetch;
import org.upwell.broker.store.GroupRecord;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.QueuedMessage;
import org.upwell.broker.store.Recovery;
import org.upwell.broker.store.SessionRecord;
import org.upwell.broker.store.StoreException;

/// What the journal costs, measured by hand: `main` with a directory and what to measure.
///
/// ```text
/// java -Xmx1g -cp … org.upwell.broker.journal.JournalMeasurement DIRECTORY flow 5000000
/// java -Xmx1g -cp … org.upwell.broker.journal.JournalMeasurement DIRECTORY offline 5000000
/// java -Xmx1g -cp … org.upwell.broker.journal.JournalMeasurement DIRECTORY slow 50000000
/// java -Xmx1g -cp … org.upwell.broker.journal.JournalMeasurement DIRECTORY burst 1000000
/// java -Xmx1g -cp … org.upwell.broker.journal.JournalMeasurement DIRECTORY latency
/// java -Xmx1g -cp … org.upwell.broker.journal.JournalMeasurement DIRECTORY fill 10000000
/// java -Xmx1g -cp … org.upwell.broker.journal.JournalMeasurement DIRECTORY recover
/// java -Xmx1g -cp … org.upwell.broker.journal.JournalMeasurement DIRECTORY drain
/// ```
final class JournalMeasurement {

    private static final int PAYLOAD_BYTES = 256;
    private static final int QUEUES = 1_000;
    private static final int IN_FLIGHT = 20_000;

    private final PrintStream out;
    private final Journal journal;
    private final long[] numbers;
    private long bytesBefore;
    private long deviceBefore;

    private JournalMeasurement(PrintStream out, Path directory, int queues) {
        this.out = out;
        this.journal = Journal.open(JournalSettings.of(directory));
        this.numbers = new long[queues];
    }

    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(
                new java.io.FileOutputStream(java.io.FileDescriptor.out),
                true,
                java.nio.charset.StandardCharsets.UTF_8);
        Path directory = Path.of(arguments[0]);
        int count = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 0;
        switch (arguments[1]) {
            case "flow" -> new JournalMeasurement(out, directory, QUEUES).flow(count, 0, 0);
            case "offline" -> new JournalMeasurement(out, directory, QUEUES).flow(count, QUEUES / 10, 10_000);
            case "slow" -> new JournalMeasurement(out, directory, QUEUES).flow(count, QUEUES / 100, 50_000);
            case "burst" -> burst(out, directory, count);
            case "latency" -> new JournalMeasurement(out, directory, 20).latency();
            case "fill" -> new JournalMeasurement(out, directory, 200).fill(count);
            case "recover" -> new JournalMeasurement(out, directory, 0).recoverOnly();
            case "drain" -> new JournalMeasurement(out, directory, 0).drain(count == 0 ? 3 : count);
            default -> throw new IllegalArgumentException(arguments[1]);
        }
    }

    private static byte[] payload(int seed) {
        byte[] payload = new byte[PAYLOAD_BYTES];
        new java.util.Random(seed).nextBytes(payload);
        return payload;
    }

    private void begin() {
        journal.recover(new Counted());
        for (int i = 0; i < numbers.length; i++) {
            SessionKey key = new SessionKey("acme", "client-" + i);
            numbers[i] = journal.putSession(SessionRecord.of(key, "name", java.util.Set.of("R"), 60, 0), Commit.NONE);
        }
    }

    private final class Window implements Commit {
        private final Semaphore room = new Semaphore(IN_FLIGHT);

        @Override
        public @Nullable Owner owner() {
            return null;
        }

        @Override
        public void committed() {
            room.release();
        }

        @Override
        public void failed(StoreException cause) {
            cause.printStackTrace(out);
            Runtime.getRuntime().halt(1);
        }

        private void awaitAll() throws InterruptedException {
            room.acquire(IN_FLIGHT);
            room.release(IN_FLIGHT);
        }
    }

    private void append(byte[] payload, int queue, long sequence, Commit commit) {
        Message message =
                new Message("acme/read/meter-" + queue, payload, 1, false, Message.NEVER, MessageProperties.NONE, null);
        QueueTarget target = new QueueTarget(numbers[queue], 1, false, new int[0]);
        journal.append(sequence, new Append(message, List.of(target), false, 0, 0), commit);
    }

    /// Messages come in and are acknowledged soon after; some queues are offline, hold so many and drop the oldest.
    private void flow(int count, int offline, int limit) throws InterruptedException {
        begin();
        Window window = new Window();
        byte[] payload = payload(1);
        Deque<long[]> unacknowledged = new ArrayDeque<>();
        List<Deque<Long>> kept = new java.util.ArrayList<>();
        for (int i = 0; i < offline; i++) {
            kept.add(new ArrayDeque<>());
        }
        long begunCpu = 0;
        long begun = 0;
        JournalStat before = JournalStat.EMPTY;
        Bound bound = new Bound();
        int warmUp = count / 2;
        for (int i = 0; i < count + warmUp; i++) {
            if (i == warmUp) {
                window.awaitAll();
                begunCpu = cpuNanos();
                begun = System.nanoTime();
                before = journal.stat();
                bytesBefore = writtenBytes();
                deviceBefore = deviceBytes();
            }
            if (i % 1_024 == 0) {
                bound.look(journal.stat());
            }
            window.room.acquire();
            long sequence = journal.nextSequence();
            int queue = i % numbers.length;
            append(payload, queue, sequence, window);
            if (queue < offline) {
                Deque<Long> own = kept.get(queue);
                own.addLast(sequence);
                if (own.size() > limit) {
                    journal.acknowledged(numbers[queue], own.removeFirst());
                }
            } else {
                unacknowledged.addLast(new long[] {numbers[queue], sequence});
                if (unacknowledged.size() > 50_000) {
                    long[] first = unacknowledged.removeFirst();
                    journal.acknowledged(first[0], first[1]);
                }
            }
        }
        window.awaitAll();
        tell("append + acknowledge", count, begun, begunCpu, before);
        out.println(bound);
        journal.close();
    }

    private void tell(String what, long count, long begun, long begunCpu, JournalStat before) {
        JournalStat now = journal.stat();
        double seconds = (System.nanoTime() - begun) / 1e9;
        // 2 fixed header, 2 topic length, topic, 2 packet id, payload.
        double encoded = (double) count * (3 + 2 + "acme/read/meter-999".length() + 2 + PAYLOAD_BYTES);
        out.printf(
                Locale.ROOT,
                "%s: %d messages, %.0f/s, %.2f us CPU each (whole process), log %.3f, zeros %.3f, this process in all %.3f,"
                        + " all devices %.3f times the PUBLISH bytes, %d syncs of %.2f ms%n",
                what,
                count,
                count / seconds,
                (cpuNanos() - begunCpu) / 1e3 / count,
                (now.bytesWritten() - before.bytesWritten()) / encoded,
                (now.preparedBytes() - before.preparedBytes()) / encoded,
                (writtenBytes() - bytesBefore) / encoded,
                (deviceBytes() - deviceBefore) / encoded,
                now.syncs() - before.syncs(),
                (now.syncNanos() - before.syncNanos()) / 1e6 / Math.max(1, now.syncs() - before.syncs()));
        out.println(now);
    }

    private void fill(int count) throws InterruptedException {
        begin();
        Window window = new Window();
        long begunCpu = cpuNanos();
        long begun = System.nanoTime();
        JournalStat before = journal.stat();
        bytesBefore = writtenBytes();
        deviceBefore = deviceBytes();
        for (int i = 0; i < count; i++) {
            window.room.acquire();
            append(payload(i & 1023), i % numbers.length, journal.nextSequence(), window);
        }
        window.awaitAll();
        tell("fill", count, begun, begunCpu, before);
        heap();
        journal.close();
    }

    private void heap() {
        for (int i = 0; i < 5; i++) {
            System.gc();
            LockSupport.parkNanos(200_000_000);
        }
        Runtime runtime = Runtime.getRuntime();
        out.printf(Locale.ROOT, "heap %.0f MB%n", (runtime.totalMemory() - runtime.freeMemory()) / 1e6);
    }

    private Counted recoverOnly() {
        long begun = System.nanoTime();
        long begunCpu = cpuNanos();
        Counted counted = new Counted();
        journal.recover(counted);
        double seconds = (System.nanoTime() - begun) / 1e9;
        out.printf(
                Locale.ROOT,
                "recovery: %d messages in %.2f s, %.0f/s, CPU %.2f s%n",
                counted.messages,
                seconds,
                counted.messages / seconds,
                (cpuNanos() - begunCpu) / 1e9);
        heap();
        journal.close();
        return counted;
    }

    private void drain(int rounds) throws InterruptedException {
        Counted counted = new Counted();
        counted.keeps = true;
        journal.recover(counted);
        long[] all = counted.first.stream().mapToLong(Long::longValue).toArray();
        // Clients do not come back at once; by then spare files and hints were made.
        LockSupport.parkNanos(2_000_000_000);
        for (int round = 0; round < rounds; round++) {
            long begun = System.nanoTime();
            long begunCpu = cpuNanos();
            Semaphore room = new Semaphore(2);
            int[] read = {0};
            for (int from = 0; from < all.length; from += 1_000) {
                room.acquire();
                long[] part = java.util.Arrays.copyOfRange(all, from, Math.min(all.length, from + 1_000));
                journal.fetch(counted.number, part, new Fetch() {
                    @Override
                    public @Nullable Owner owner() {
                        return null;
                    }

                    @Override
                    public void fetched(List<QueuedMessage> messages) {
                        for (int i = 0; i < messages.size(); i++) {
                            if (messages.get(i).sequence() != part[i]) {
                                failed(new StoreException("not the message that was asked for"));
                            }
                        }
                        read[0] += messages.size();
                        room.release();
                    }

                    @Override
                    public void failed(StoreException cause) {
                        cause.printStackTrace(out);
                        Runtime.getRuntime().halt(1);
                    }
                });
            }
            room.acquire(2);
            double seconds = (System.nanoTime() - begun) / 1e9;
            out.printf(
                    Locale.ROOT,
                    "fetch: %d of %d messages of one queue, %.0f/s, %.2f us CPU each%n",
                    read[0],
                    all.length,
                    all.length / seconds,
                    (cpuNanos() - begunCpu) / 1e3 / all.length);
        }
        journal.close();
    }

    private static final class Counted implements Recovery {
        private long messages;
        private boolean keeps;
        private long number;
        private final List<Long> first = new java.util.ArrayList<>();

        @Override
        public void session(StoredSession session) {
            number = number == 0 ? session.number() : number;
        }

        @Override
        public void group(long group, GroupRecord record) {
            // None in these measurements.
        }

        @Override
        public void queued(long session, QueueEntry entry) {
            messages++;
            if (keeps && session == number) {
                first.add(entry.sequence());
            }
        }

        @Override
        public void retained(long sequence, Message message) {
            messages++;
        }
    }

    /// How far the files went beyond what they may take.
    private static final class Bound {
        private static final long MORE = 1L << 30;

        private long worst = Long.MIN_VALUE;
        private JournalStat at = JournalStat.EMPTY;

        private void look(JournalStat stat) {
            long beyond = stat.diskBytes() - 2 * stat.liveBytes() - MORE;
            if (beyond > worst) {
                worst = beyond;
                at = stat;
            }
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "disk at most twice the live bytes and %.3f GB: then %.3f GB on disk, %.3f GB alive, after %d"
                            + " segments were cleaned",
                    (worst + MORE) / 1e9,
                    at.diskBytes() / 1e9,
                    at.liveBytes() / 1e9,
                    at.cleanedSegments());
        }
    }

    /// One queue takes as many; after a restart all of them are read back in order.
    private static void burst(PrintStream out, Path directory, int count) throws InterruptedException {
        JournalMeasurement writing = new JournalMeasurement(out, directory, 1);
        writing.fill(count);
        JournalMeasurement reading = new JournalMeasurement(out, directory, 0);
        reading.drain(1);
    }

    /// How long a commit takes: alone, and with as many in flight as 20 publishers with 45 each.
    private void latency() throws InterruptedException {
        begin();
        byte[] payload = payload(1);
        for (int inFlight : new int[] {1, 900}) {
            Semaphore room = new Semaphore(inFlight);
            int count = inFlight == 1 ? 2_000 : 2_000_000;
            long[] nanos = new long[count];
            long begunSyncs = journal.stat().syncs();
            long begunCpu = cpuNanos();
            long begunOwn = ownCpuNanos();
            long begun = System.nanoTime();
            for (int i = 0; i < count; i++) {
                if (inFlight == 1) {
                    LockSupport.parkNanos(1_000_000);
                }
                room.acquire();
                append(payload, i % numbers.length, journal.nextSequence(), new Timed(out, nanos, i, room));
            }
            room.acquire(inFlight);
            double seconds = (System.nanoTime() - begun) / 1e9;
            long syncs = journal.stat().syncs() - begunSyncs;
            java.util.Arrays.sort(nanos);
            out.printf(
                    Locale.ROOT,
                    "%d in flight: %.0f/s, commit after %.3f ms (half), %.3f ms (99 %%), %.1f messages per sync, %.2f us"
                            + " CPU each, %.2f us of it the caller's%n",
                    inFlight,
                    count / seconds,
                    nanos[count / 2] / 1e6,
                    nanos[(int) (count * 0.99)] / 1e6,
                    (double) count / Math.max(1, syncs),
                    (cpuNanos() - begunCpu) / 1e3 / count,
                    (ownCpuNanos() - begunOwn) / 1e3 / count);
        }
        journal.close();
    }

    private static final class Timed implements Commit {
        private final PrintStream out;
        private final long[] nanos;
        private final int index;
        private final Semaphore room;

        private Timed(PrintStream out, long[] nanos, int index, Semaphore room) {
            this.out = out;
            this.nanos = nanos;
            this.index = index;
            this.room = room;
            nanos[index] = System.nanoTime();
        }

        @Override
        public @Nullable Owner owner() {
            return null;
        }

        @Override
        public void committed() {
            nanos[index] = System.nanoTime() - nanos[index];
            room.release();
        }

        @Override
        public void failed(StoreException cause) {
            cause.printStackTrace(out);
            Runtime.getRuntime().halt(1);
        }
    }

    private static long ownCpuNanos() {
        return java.lang.management.ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    /// What all whole disks were given to write, by any process; 0 where it is not known.
    private static long deviceBytes() {
        long sectors = 0;
        try {
            for (String line : java.nio.file.Files.readAllLines(Path.of("/proc/diskstats"))) {
                String[] parts = line.trim().split(" +", -1);
                if (java.nio.file.Files.isDirectory(Path.of("/sys/block", parts[2]))) {
                    sectors += Long.parseLong(parts[9]);
                }
            }
        } catch (java.io.IOException e) {
            return 0;
        }
        return sectors * 512;
    }

    /// What the system counts as written for this process; 0 where it does not count. Too much where it counts
    /// large pages whole of which a part was changed.
    private static long writtenBytes() {
        try {
            for (String line : java.nio.file.Files.readAllLines(Path.of("/proc/self/io"))) {
                if (line.startsWith("write_bytes:")) {
                    return Long.parseLong(line.substring(12).trim());
                }
            }
        } catch (java.io.IOException e) {
            return 0;
        }
        return 0;
    }

    private static long cpuNanos() {
        return ProcessHandle.current()
                .info()
                .totalCpuDuration()
                .map(java.time.Duration::toNanos)
                .orElse(0L);
    }
}
