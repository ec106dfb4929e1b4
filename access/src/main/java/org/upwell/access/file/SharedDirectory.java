// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A directory of files that several processes change, under one lock for all of them. Has one thread, which looks
/// for changes and tells listeners, in order. Safe for all threads.
public final class SharedDirectory implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(SharedDirectory.class);
    private static final String LOCK_FILE = ".lock";

    /// A lock on a file belongs to the process, so threads and other instances in this one need a lock of their
    /// own.
    private static final ConcurrentHashMap<Path, ReentrantLock> LOCKS = new ConcurrentHashMap<>();

    /// What runs while the lock is held.
    @FunctionalInterface
    public interface Action<R> {
        R run() throws IOException;
    }

    private final Path path;
    private final ReentrantLock lock;
    private final List<WatchedFile<?>> files = new CopyOnWriteArrayList<>();
    private final ScheduledThreadPoolExecutor watcher;
    private final AtomicReference<@Nullable Future<?>> watching = new AtomicReference<>();

    private SharedDirectory(Path path) {
        this.path = path;
        this.lock = LOCKS.computeIfAbsent(path, _ -> new ReentrantLock());
        this.watcher = new ScheduledThreadPoolExecutor(
                1,
                Thread.ofPlatform().daemon().name("upwell-access-watch").factory(),
                new ThreadPoolExecutor.DiscardPolicy());
    }

    /// Opens `path`, made if it does not exist.
    public static SharedDirectory open(Path path) throws IOException {
        WholeFile.createDataDirectory(path);
        return new SharedDirectory(path.toRealPath());
    }

    public Path path() {
        return path;
    }

    /// A file in this directory that other people write, read once now.
    ///
    /// @throws BrokenFileException if its content is bad
    public <T> WatchedFile<T> watched(String name, WatchedFile.Parser<T> parser, T absent) throws IOException {
        return watched(path.resolve(name), parser, absent);
    }

    /// A file anywhere that is watched by this directory's thread, read once now.
    ///
    /// @throws BrokenFileException if its content is bad
    public <T> WatchedFile<T> watched(Path file, WatchedFile.Parser<T> parser, T absent) throws IOException {
        return added(new WatchedFile<>(this, file, parser, absent));
    }

    /// A file in this directory that this process and others change, read once now.
    ///
    /// @throws BrokenFileException if its content is bad
    public <T> SharedFile<T> shared(String name, WatchedFile.Parser<T> parser, SharedFile.Writer<T> writer, T absent)
            throws IOException {
        return added(new SharedFile<>(this, path.resolve(name), parser, writer, absent));
    }

    private <F extends WatchedFile<?>> F added(F file) throws IOException {
        file.read();
        files.add(file);
        return file;
    }

    /// Begins to look for changes by other processes, each `period` from now on.
    public void watch(Duration period) {
        long nanos = period.toNanos();
        Future<?> before =
                watching.getAndSet(watcher.scheduleWithFixedDelay(this::look, nanos, nanos, TimeUnit.NANOSECONDS));
        if (before != null) {
            before.cancel(false);
        }
    }

    private void look() {
        for (WatchedFile<?> file : files) {
            try {
                file.look();
            } catch (RuntimeException e) {
                // A task that throws would never run again, and the other files with it.
                LOG.error("Looking for changes of {} failed", file.path(), e);
            }
        }
    }

    void dispatch(Runnable task) {
        watcher.execute(() -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                LOG.error("A listener for changes in {} failed", path, e);
            }
        });
    }

    /// Runs `action` while no other thread, instance or process does so for this directory. May be nested.
    public <R> R locked(Action<R> action) throws IOException {
        lock.lock();
        try {
            if (lock.getHoldCount() > 1) {
                return action.run();
            }
            // Closing any channel on the file would free the process's lock: only the outermost holder opens one.
            Path file = path.resolve(LOCK_FILE);
            try (FileChannel channel = FileChannel.open(
                            file,
                            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                            WholeFile.ownerOnly(file));
                    FileLock _ = channel.lock()) {
                return action.run();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Stops watching and telling; files can still be read and changed.
    @Override
    public void close() {
        watcher.shutdownNow();
    }
}
