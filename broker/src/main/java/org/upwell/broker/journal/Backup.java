// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.store.StoreException;

/// A copy of a running journal. The files are copied, not linked: a cleaned segment's file is written over later.
/// Used by one thread, not the writer's.
final class Backup {

    private static final Logger LOG = LoggerFactory.getLogger(Backup.class);
    private static final int COPY_BYTES = 1 << 20;
    private static final long PATIENCE_SECONDS = 60;

    /// A segment up to where it was written and synced.
    record Part(Segment segment, int end) {}

    private final Core core;
    private final Path target;

    Backup(Core core, Path target) {
        this.core = core;
        this.target = target;
    }

    void make() {
        Path partial = target.resolveSibling(target.getFileName() + ".partial");
        if (Files.exists(target) || Files.exists(partial)) {
            throw new StoreException("there is something at " + (Files.exists(target) ? target : partial) + " already");
        }
        List<Part> parts = freeze();
        try {
            SystemDirectory.createForItsOwner(partial);
            for (Part each : parts) {
                copy(each, partial.resolve(Segment.name(each.segment.number)));
            }
            force(partial);
            Files.move(partial, target);
            Path parent = target.toAbsolutePath().getParent();
            if (parent != null) {
                force(parent);
            }
        } catch (IOException e) {
            discard(partial);
            throw new StoreException("the backup to " + target + " failed: " + e, e);
        } finally {
            core.writer.give(new Command.Internal(core.cleaner::letGo));
        }
    }

    /// Has the writer sync what there is, and keeps cleaning from taking it away.
    private List<Part> freeze() {
        CompletableFuture<List<Part>> frozen = new CompletableFuture<>();
        core.writer.give(new Command.Internal(() -> {
            StoreException failure = core.writer.failure();
            if (failure != null) {
                frozen.completeExceptionally(failure);
                return;
            }
            try {
                core.syncNow();
            } catch (IOException e) {
                frozen.completeExceptionally(e);
                throw e;
            }
            core.cleaner.hold();
            List<Part> parts = new ArrayList<>();
            core.state.segments.inOrder().forEach(each -> parts.add(new Part(each, each.end)));
            if (!frozen.complete(parts)) {
                core.cleaner.letGo();
            }
        }));
        try {
            return frozen.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new StoreException("the backup cannot begin: " + e.getCause(), e);
        } catch (TimeoutException e) {
            frozen.cancel(false);
            throw new StoreException("the backup cannot begin: the journal does not answer", e);
        } catch (InterruptedException e) {
            frozen.cancel(false);
            Thread.currentThread().interrupt();
            throw new StoreException("the backup was interrupted", e);
        }
    }

    private static void copy(Part part, Path to) throws IOException {
        try (FileChannel channel = FileChannel.open(
                to,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                SystemDirectory.ownersOnly(to, "rw-------"))) {
            ByteBuffer buffer = ByteBuffer.allocate(COPY_BYTES);
            for (long at = 0; at < part.end; ) {
                buffer.clear().limit((int) Math.min(COPY_BYTES, part.end - at));
                int read = part.segment.file.read(buffer, at);
                if (read <= 0) {
                    throw new IOException(part.segment + " ends early");
                }
                buffer.flip();
                while (buffer.hasRemaining()) {
                    at += channel.write(buffer, at);
                }
            }
            channel.force(true);
        }
    }

    private static void force(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static void discard(Path partial) {
        try (Stream<Path> files = Files.list(partial)) {
            for (Path each : files.toList()) {
                Files.delete(each);
            }
            Files.delete(partial);
        } catch (IOException e) {
            LOG.warn("what was copied of a backup is left in {}", partial, e);
        }
    }
}
