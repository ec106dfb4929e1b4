// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/// Writes files so that a reader or a crash never sees half of one, and so that nobody may read a secret, not even
/// while it is written. Stateless; blocks until the disk has it.
public final class WholeFile {

    /// Who may read a file; only its owner may write it.
    public enum Readers {
        OWNER("rw-------"),
        EVERYBODY("rw-r--r--");

        private final String permissions;

        Readers(String permissions) {
            this.permissions = permissions;
        }
    }

    private WholeFile() {}

    /// Replaces `file`, or makes it. Of several that do so for one file at once, one may fail.
    public static void replace(Path file, byte[] content, Readers readers) throws IOException {
        // One name is enough: what a crash left over is overwritten.
        Path temporary = file.resolveSibling("." + file.getFileName() + ".new");
        Files.deleteIfExists(temporary);
        try (FileChannel channel = FileChannel.open(
                temporary,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                attributes(temporary, readers.permissions))) {
            ByteBuffer buffer = ByteBuffer.wrap(content);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        syncDirectory(file);
    }

    /// Makes a rename to `file` last through a power cut.
    public static void syncDirectory(Path file) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null || attributes(directory, "rwx------").length == 0) {
            // Where there are no such permissions, directories cannot be opened either.
            return;
        }
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /// Makes a data directory, and those above it, unless it is there. Other users may pass through it but not look
    /// around: programs of theirs need the CA's certificate, whose path they are told. So each file in it has
    /// permissions of its own.
    public static void createDataDirectory(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            Path parent = directory.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            Files.createDirectories(directory, dataDirectory());
        }
    }

    /// Makes a directory that only its owner may use, unless it is there. The one above it must be there.
    public static void createOwnersDirectory(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            Files.createDirectory(directory, attributes(directory, "rwx------"));
        }
    }

    /// The attributes of a new data directory.
    public static FileAttribute<?>[] dataDirectory() {
        return attributes(Path.of(""), "rwx--x--x");
    }

    /// The attributes of a new file that only its owner may use.
    public static FileAttribute<?>[] ownerOnly(Path file) {
        return attributes(file, Readers.OWNER.permissions);
    }

    /// None where the file system knows no such permissions.
    private static FileAttribute<?>[] attributes(Path path, String permissions) {
        boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
                && path.getFileSystem().equals(FileSystems.getDefault());
        return posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[] {};
    }
}
