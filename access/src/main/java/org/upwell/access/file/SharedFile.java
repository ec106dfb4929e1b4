// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/// A file that this process and others change. A change reads the file afresh under the directory's lock, so none is
/// lost, and replaces it whole, so that a reader or a crash never sees half of one.
public final class SharedFile<T> extends WatchedFile<T> {

    /// The bytes that the file's parser turns into `value` again.
    @FunctionalInterface
    public interface Writer<T> {
        byte[] write(T value);
    }

    /// Works out the new value from the newest one; returns the same object for no change.
    @FunctionalInterface
    public interface Change<T> {
        T apply(T value) throws IOException;
    }

    private final SharedDirectory directory;
    private final Writer<T> writer;

    SharedFile(SharedDirectory directory, Path path, Parser<T> parser, Writer<T> writer, T absent) {
        super(directory, path, parser, absent, true);
        this.directory = directory;
        this.writer = writer;
    }

    /// Changes the file and returns the new value once it is on disk.
    ///
    /// @throws BrokenFileException if what the file says now is bad; it is left as it is
    @SuppressWarnings("ReferenceEquality") // The same object is how a change says that there is none.
    public T update(Change<T> change) throws IOException {
        return directory.locked(() -> {
            read();
            T before = value();
            T after = change.apply(before);
            if (after != before) {
                byte[] content = writer.write(after);
                replace(content);
                written(after, content);
            }
            return after;
        });
    }

    private void replace(byte[] content) throws IOException {
        // One name is enough, since only the holder of the lock writes it; what a crash left over is overwritten.
        Path temporary = path().resolveSibling("." + path().getFileName() + ".new");
        Files.deleteIfExists(temporary);
        try (FileChannel channel = FileChannel.open(
                temporary,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                SharedDirectory.ownerOnly(temporary, "rw-------"))) {
            ByteBuffer buffer = ByteBuffer.wrap(content);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
        Files.move(temporary, path(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        directory.sync();
    }
}
