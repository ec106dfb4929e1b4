// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// A NIC's state in a directory of its own: `boot` holds the count of starts as text, `buffer` what the gateway has not
/// acknowledged. One NIC per directory.
public final class FileState implements NicState {
    private static final String BOOT = "boot";
    private static final String BUFFER = "buffer";

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
            Path written = directory.resolve(BOOT + ".new");
            Files.writeString(written, Long.toString(boot) + "\n", StandardCharsets.US_ASCII);
            try (FileChannel channel = FileChannel.open(written, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            Files.move(written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
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

    private static long read(Path file) throws IOException {
        String text = Files.readString(file, StandardCharsets.US_ASCII).strip();
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IOException(file + " holds no number", e);
        }
    }
}
