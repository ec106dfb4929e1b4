// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// A NIC's state in a directory of its own: `boot` holds the count of starts as text, `buffer` what the gateway has
/// not acknowledged, `table` the bubble-up table as it was changed last. One NIC per directory.
///
/// What is damaged is told and set aside under a name that ends in `.damaged`, and the NIC goes on: a meter that
/// stands still for the sake of a file helps nobody. Without a table it has the one of its settings. Without a
/// count of starts it takes the time of day, which is beyond any count, so that the gateway takes nothing new for a
/// repeat.
public final class FileState implements NicState {
    private static final String BOOT = "boot";
    private static final String BUFFER = "buffer";
    private static final String TABLE = "table";

    private static final long LARGEST_BOOT = 0xFFFF_FFFFL;

    private final Path directory;
    private final InstantSource clock;
    private final NicListener listener;

    private FileState(Path directory, InstantSource clock, NicListener listener) {
        this.directory = directory;
        this.clock = clock;
        this.listener = listener;
    }

    /// @param listener told of damage, on the caller's thread
    public static FileState open(Path directory, InstantSource clock, NicListener listener) throws IOException {
        Files.createDirectories(directory);
        return new FileState(directory, clock, listener);
    }

    @Override
    public long nextBoot() {
        Path file = directory.resolve(BOOT);
        try {
            long boot = nextCount(file);
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
            return Files.exists(file) ? Optional.of(BubbleUpEntry.parseTable(text(file))) : Optional.empty();
        } catch (IllegalArgumentException e) {
            setAside(file, String.valueOf(e.getMessage()));
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("bubble-up table " + file + " cannot be read", e);
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

    private long nextCount(Path file) throws IOException {
        try {
            return countAfter(file);
        } catch (NoSuchFileException _) {
            return firstCount();
        }
    }

    private long countAfter(Path file) throws IOException {
        try {
            long boot = Long.parseLong(text(file).strip());
            if (boot >= 0 && boot < LARGEST_BOOT) {
                return boot + 1;
            }
            tellDamagedCount(file, boot + " is no count of starts");
        } catch (IllegalArgumentException e) {
            tellDamagedCount(file, "no count of starts: " + e.getMessage());
        }
        return beyondAnyCount();
    }

    /// Where a damaged count was set aside there were starts before, although the next one was never written.
    private long firstCount() {
        return Files.exists(damaged(directory.resolve(BOOT))) ? beyondAnyCount() : 1;
    }

    private long beyondAnyCount() {
        return clock.instant().getEpochSecond();
    }

    /// The damaged file stays in its place until the new count replaces it: were it gone when the power goes once
    /// more, the next start would be taken for the first.
    private void tellDamagedCount(Path file, String cause) throws IOException {
        Files.copy(file, damaged(file), StandardCopyOption.REPLACE_EXISTING);
        listener.onDamagedState(file, cause);
    }

    /// @throws IllegalArgumentException if it is no text
    private static String text(Path file) throws IOException {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("not text", e);
        }
    }

    /// For whoever wants to know what was in it.
    private void setAside(Path file, String cause) {
        try {
            Files.move(file, damaged(file), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(file + " is damaged (" + cause + ") and cannot be set aside", e);
        }
        listener.onDamagedState(file, cause);
    }

    private static Path damaged(Path file) {
        return file.resolveSibling(file.getFileName() + ".damaged");
    }
}
