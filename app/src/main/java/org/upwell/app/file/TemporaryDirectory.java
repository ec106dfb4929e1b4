// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.file;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.upwell.access.file.WholeFile;

/// A directory of its owner alone that is gone with all its files when it is closed, once or again.
public record TemporaryDirectory(Path path) implements AutoCloseable {

    /// @param prefix of its name
    public static TemporaryDirectory create(String prefix) throws IOException {
        return new TemporaryDirectory(Files.createTempDirectory(prefix, WholeFile.dataDirectory()));
    }

    /// @throws IOException also if somebody still writes to it
    @Override
    public void close() throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (UncheckedIOException e) {
            throw new IOException("cannot clear " + path, e);
        }
    }
}
