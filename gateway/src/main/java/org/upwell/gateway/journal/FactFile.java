// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.journal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.file.WholeFile;

/// Facts appended to a file, and folded into a state when it is opened again.
///
/// A thread of its own writes: all facts that came while it was busy go out in one write and, if any of them asks
/// for it, one `fdatasync`. When the file has grown to several times what its state needs it is written anew from
/// the state, so it is bounded by what is remembered. Appending never blocks; any thread may append.
///
/// The state may be ahead of the file: a fact may be in a snapshot and come again behind it. So facts must be such
/// that folding one twice does no harm. After a failed write nothing more is taken, and appending fails.
public final class FactFile implements AutoCloseable {

    /// When a fact counts as kept.
    public enum Keeping {
        /// The system has it: survives the end of this process, however sudden.
        WRITTEN,
        /// The disk has it: survives a power cut.
        SYNCED
    }

    /// What the facts add up to.
    public interface State {

        /// Takes a fact of an earlier process. Called while the file is opened.
        ///
        /// @throws RuntimeException if it makes no sense; the file is refused then
        void fold(ByteBuffer fact);

        /// Gives facts that add up to the present state. Called on the writer's thread.
        void snapshot(Consumer<byte[]> facts);
    }

    private static final Logger LOG = LoggerFactory.getLogger(FactFile.class);

    /// Written beforehand, so that a sync need not write the file's length each time.
    private static final int AHEAD_BYTES = 1 << 20;

    private static final int BUFFER_BYTES = 1 << 18;
    private static final int MAX_WAITING = 100_000;
    private static final long STOP_SECONDS = 10;

    private final Path file;
    private final State state;
    private final long compactAboveBytes;
    private final FileChannel lockChannel;
    private final LinkedBlockingQueue<Fact> queue = new LinkedBlockingQueue<>(MAX_WAITING);
    private final Fact end = new Fact(new byte[0], true, null);
    private final CRC32C crc = new CRC32C();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final Thread writer;
    private volatile boolean refusing;

    // The writer's own.
    private FileChannel channel;
    private long position;
    private long allocated;
    private long compactAt;

    private static final class Fact {

        private final byte[] bytes;
        private final boolean sync;
        private final @Nullable CompletableFuture<@Nullable Void> done;

        Fact(byte[] bytes, boolean sync, @Nullable CompletableFuture<@Nullable Void> done) {
            this.bytes = bytes;
            this.sync = sync;
            this.done = done;
        }
    }

    /// Reads `file`, or makes it, and starts to write.
    ///
    /// @param compactAboveBytes below this size the file is never written anew
    /// @throws IOException naming the file, also if another process has it open or it holds no facts
    public static FactFile open(Path file, long compactAboveBytes, State state) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory != null) {
            WholeFile.createDataDirectory(directory);
        }
        FileChannel lock = create(
                file.resolveSibling(file.getFileName() + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (!tryLock(lock)) {
                throw new IOException(file + " is open in another process");
            }
            return new FactFile(file, compactAboveBytes, state, lock);
        } catch (IOException | RuntimeException fault) {
            lock.close();
            throw fault;
        }
    }

    /// What tenants' devices said is for nobody else on this machine.
    private static FileChannel create(Path file, OpenOption... options) throws IOException {
        return FileChannel.open(file, Set.of(options), WholeFile.ownerOnly(file));
    }

    private static boolean tryLock(FileChannel channel) throws IOException {
        try {
            // Held until its channel is closed.
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException _) {
            return false;
        }
    }

    private FactFile(Path file, long compactAboveBytes, State state, FileChannel lockChannel) throws IOException {
        this.file = file;
        this.state = state;
        this.compactAboveBytes = compactAboveBytes;
        this.lockChannel = lockChannel;
        Files.deleteIfExists(successor());
        FactReader reader = new FactReader(file);
        if (Files.exists(file) && !reader.isBarelyBegun()) {
            position = reader.read(state);
            channel = FileChannel.open(file, StandardOpenOption.WRITE);
            // What follows the last whole record, of a write that a crash cut off, must not rise again.
            channel.truncate(position);
            allocated = position;
        } else {
            channel = beginSuccessor();
            position = FactReader.MAGIC.length;
            allocated = position;
            succeed();
        }
        compactAt = Math.max(compactAboveBytes, position);
        writer = Thread.ofPlatform()
                .name("facts-" + file.getFileName())
                .daemon(true)
                .start(this::run);
    }

    private Path successor() {
        return file.resolveSibling(file.getFileName() + ".new");
    }

    /// Appends a fact. The stage completes, on the writer's thread, when it is kept.
    public CompletionStage<@Nullable Void> append(byte[] fact, Keeping keeping) {
        CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
        Fact added = new Fact(fact, keeping == Keeping.SYNCED, done);
        // The writer may leave before it sees this one. Those before it, and its own sign to end, are not ours.
        if (refusing || !queue.offer(added) || (refusing && queue.remove(added))) {
            done.completeExceptionally(new IOException("nothing can be written to " + file.getFileName()));
        }
        return done;
    }

    /// Appends a fact that may be lost with the process if it must.
    public void note(byte[] fact) {
        if (!refusing) {
            boolean _ = queue.offer(new Fact(fact, false, null));
        }
    }

    /// False once a write has failed.
    public boolean isWritable() {
        return !refusing;
    }

    private void run() {
        List<Fact> batch = new ArrayList<>();
        boolean more = true;
        while (more) {
            batch.clear();
            try {
                batch.add(queue.take());
                queue.drainTo(batch);
                // Not always the last one: an appending thread may just have missed that we end.
                more = !batch.contains(end);
                write(batch);
            } catch (IOException | RuntimeException | InterruptedException fault) {
                LOG.error("{} cannot be written; nothing more is taken until the next start", file, fault);
                refusing = true;
                complete(batch, fault);
                failWaiting(fault);
                return;
            }
        }
        failWaiting(new IOException(file.getFileName() + " is closed"));
    }

    private void write(List<Fact> batch) throws IOException {
        boolean sync = false;
        for (Fact fact : batch) {
            sync |= fact.sync;
            if (fact != end) {
                put(fact.bytes);
            }
        }
        flush();
        if (sync) {
            channel.force(false);
        }
        complete(batch, null);
        if (position > compactAt) {
            compact();
        }
    }

    private static void complete(List<Fact> batch, @Nullable Throwable fault) {
        for (Fact fact : batch) {
            if (fact.done != null) {
                if (fault == null) {
                    fact.done.complete(null);
                } else {
                    fact.done.completeExceptionally(fault);
                }
            }
        }
    }

    private void failWaiting(Throwable fault) {
        List<Fact> rest = new ArrayList<>();
        queue.drainTo(rest);
        complete(rest, fault);
    }

    private void put(byte[] fact) throws IOException {
        crc.reset();
        crc.update(fact);
        if (buffer.remaining() < FactReader.RECORD_HEAD) {
            flush();
        }
        buffer.putInt(fact.length).putInt((int) crc.getValue());
        for (int from = 0; from < fact.length; ) {
            if (!buffer.hasRemaining()) {
                flush();
            }
            int count = Math.min(buffer.remaining(), fact.length - from);
            buffer.put(fact, from, count);
            from += count;
        }
    }

    private void flush() throws IOException {
        buffer.flip();
        if (position + buffer.remaining() > allocated) {
            ByteBuffer zeros = ByteBuffer.allocate(AHEAD_BYTES);
            long from = position + buffer.remaining();
            allocated = from + AHEAD_BYTES;
            while (zeros.hasRemaining()) {
                from += channel.write(zeros, from);
            }
        }
        while (buffer.hasRemaining()) {
            position += channel.write(buffer, position);
        }
        buffer.clear();
    }

    /// Writes the file anew from the state. A crash leaves the one or the other whole.
    private void compact() throws IOException {
        FileChannel former = channel;
        channel = beginSuccessor();
        position = FactReader.MAGIC.length;
        allocated = position;
        try {
            state.snapshot(fact -> {
                try {
                    put(fact);
                } catch (IOException fault) {
                    throw new UncheckedIOException(fault);
                }
            });
        } finally {
            former.close();
        }
        flush();
        succeed();
        compactAt = Math.max(compactAboveBytes, 3 * position);
    }

    private FileChannel beginSuccessor() throws IOException {
        FileChannel begun = create(
                successor(), StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
        try {
            ByteBuffer head = ByteBuffer.wrap(FactReader.MAGIC);
            while (head.hasRemaining()) {
                begun.write(head, head.position());
            }
            return begun;
        } catch (IOException fault) {
            begun.close();
            throw fault;
        }
    }

    /// The successor takes the file's place, whole on the disk, or does not.
    private void succeed() throws IOException {
        channel.force(true);
        Files.move(successor(), file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        WholeFile.syncDirectory(file);
    }

    /// Writes and syncs what was appended until now, then closes the file.
    @Override
    public void close() throws IOException {
        refusing = true;
        try {
            boolean told = queue.offer(end, STOP_SECONDS, TimeUnit.SECONDS);
            if (told) {
                writer.join(TimeUnit.SECONDS.toMillis(STOP_SECONDS));
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            channel.close();
            lockChannel.close();
        }
    }
}
