// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// A NIC's state in a directory of its own: `boot` holds the count of starts as text, `buffer` what the gateway has
/// not acknowledged, `table` the bubble-up table as it was changed last. One NIC per directory.
public final class FileState implements NicState {
    private static final String BOOT = "boot";
    private static final String BUFFER = "buffer";
    private static final String TABLE = "table";

    private final Path directory;

    private FileState(Path directory) {
        this.directory = directory;
    }

    public static FileState open(Path directory) throws IOException {
        Files.createDirectories(directory);
        return new FileState(directory);
    }

    @Override
    public long nextBoot() {
        Path file = directory.resolve(BOOT);
        try {
            long boot = Files.exists(file) ? read(file) + 1 : 1;
            replace(BOOT, Long.toString(boot) + "\n");
            return boot;
        } catch (IOException e) {
            throw new UncheckedIOException("boot count in " + file + " cannot be kept", e);
        }
    }

    @Override
    public NotificationBuffer buffer(int limit) {
        Path file = directory.resolve(BUFFER);
        try {
            return FileBuffer.open(file, limit);
        } catch (IOException e) {
            throw new UncheckedIOException("buffer " + file + " cannot be opened", e);
        }
    }

    @Override
    public Optional<List<BubbleUpEntry>> table() {
        Path file = directory.resolve(TABLE);
        try {
            return Files.exists(file)
                    ? Optional.of(BubbleUpEntry.parseTable(Files.readString(file, StandardCharsets.UTF_8)))
                    : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("bubble-up table " + file + " cannot be read", e);
        } catch (IllegalArgumentException e) {
            throw new UncheckedIOException(new IOException("bubble-up table " + file + ": " + e.getMessage(), e));
        }
    }

    @Override
    public void keepTable(List<BubbleUpEntry> rows) {
        try {
            replace(TABLE, rows.stream().map(row -> row.text() + "\n").collect(Collectors.joining()));
        } catch (IOException e) {
            throw new UncheckedIOException("bubble-up table cannot be kept in " + directory, e);
        }
    }

    /// Whole or not at all, whenever the power goes.
    private void replace(String name, String text) throws IOException {
        Path written = directory.resolve(name + ".new");
        Files.writeString(written, text, StandardCharsets.UTF_8);
        try (FileChannel channel = FileChannel.open(written, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(
                written, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
            // Else the former file may be back after a power cut: a boot number would be told twice. Elsewhere
            // directories cannot be opened.
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    private static long read(Path file) throws IOException {
        String text = Files.readString(file, StandardCharsets.US_ASCII).strip();
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IOException(file + " holds no number", e);
        }
    }
}
