// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.file;

import java.io.IOException;
import java.nio.file.Path;

/// A file that this process and others change. A change reads the file afresh under the directory's lock, so none
/// is lost, and replaces it whole, so that a reader or a crash never sees half of one.
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
                // Nobody else writes it meanwhile: the lock is held.
                WholeFile.replace(path(), content, WholeFile.Readers.OWNER);
                written(after, content);
            }
            return after;
        });
    }
}
