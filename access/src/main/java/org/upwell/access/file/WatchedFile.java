// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A file's content as an immutable value, taken again when the file changes. A file that turns bad or disappears
/// while it is watched leaves the last good value in place and one error in the log. [#value()] may be called by
/// any thread and never touches the disk.
public class WatchedFile<T> {

    /* How a change is noticed
     *
     * The stamp (time, size, file key) tells cheaply that nothing happened. It may lie for a moment: a file that people
     * edit is often emptied first and then written in place, and a second write within one tick of the file system's
     * clock leaves time and size alone. So:
     * 1. A file that people edit is read only when its stamp was the same at two looks in a row. One that programs
     *    replace whole is read at once.
     * 2. After each change of the stamp the content is read once more at the next look; a digest of the content keeps
     *    an unchanged one from counting as news.
     * 3. An error is told only if it is still there at that second reading.
     */

    private static final Logger LOG = LoggerFactory.getLogger(WatchedFile.class);

    /// Turns bytes into a value; faults go to `faults`, and then the returned value is thrown away.
    @FunctionalInterface
    public interface Parser<T> {
        T parse(byte[] content, Faults faults);
    }

    private record Stamp(
            FileTime modified, long size, @Nullable Object key) {}

    private final Path path;
    private final Parser<T> parser;
    private final SharedDirectory directory;
    private final boolean replacedWhole;
    private final List<Changed<T>> listeners = new CopyOnWriteArrayList<>();

    private volatile T value;

    // Guarded by this.
    private @Nullable Stamp seen; // at the last look
    private @Nullable Stamp stamp; // at the last reading
    private byte[] digest = {};
    private boolean settled;
    private @Nullable String toldError;

    /// @param absent the value while there is no file
    WatchedFile(SharedDirectory directory, Path path, Parser<T> parser, T absent) {
        this(directory, path, parser, absent, false);
    }

    /// @param replacedWhole whether those who write the file replace it, so that there is never half of one
    WatchedFile(SharedDirectory directory, Path path, Parser<T> parser, T absent, boolean replacedWhole) {
        this.directory = directory;
        this.replacedWhole = replacedWhole;
        this.path = path;
        this.parser = parser;
        this.value = absent;
    }

    public Path path() {
        return path;
    }

    /// The last good content.
    public T value() {
        return value;
    }

    /// Calls `listener` after each change of the value, whichever process made it.
    public void onChange(Changed<T> listener) {
        listeners.add(listener);
    }

    /// Reads the file now, whatever its stamp says. Keeps the present value if there is no file.
    ///
    /// @throws BrokenFileException if the content is bad; the value stays
    public synchronized void read() throws IOException {
        Stamp now = stampNow();
        if (now == null) {
            return;
        }
        byte[] content = Files.readAllBytes(path);
        settled = now.equals(stamp);
        stamp = now;
        byte[] newDigest = digest(content);
        if (MessageDigest.isEqual(newDigest, digest)) {
            return;
        }
        Faults faults = new Faults(path);
        T parsed = parser.parse(content, faults);
        faults.throwIfAny();
        install(parsed, newDigest);
    }

    /// Looks whether the file changed and reads it if so. Never throws for what is in the file.
    synchronized void look() {
        try {
            Stamp now = stampNow();
            boolean still = Objects.equals(now, seen);
            seen = now;
            if (now == null) {
                lookedInVain(still);
            } else if ((!settled || !now.equals(stamp)) && (still || replacedWhole)) {
                read();
                recovered();
            }
        } catch (BrokenFileException e) {
            if (settled) {
                tell(String.valueOf(e.getMessage()));
            }
        } catch (IOException e) {
            tell(e.toString());
        }
    }

    private void lookedInVain(boolean still) {
        if (stamp != null) {
            settled = false;
            if (still) {
                tell("the file is gone");
            }
        }
    }

    private void recovered() {
        if (toldError != null) {
            toldError = null;
            LOG.info("{} is good again", path);
        }
    }

    private void tell(String error) {
        if (!error.equals(toldError)) {
            toldError = error;
            LOG.error("{} cannot be used, the last good state stays: {}", path, error);
        }
    }

    private @Nullable Stamp stampNow() throws IOException {
        try {
            BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
            return new Stamp(now.lastModifiedTime(), now.size(), now.fileKey());
        } catch (NoSuchFileException _) {
            return null;
        }
    }

    /// Takes a value that this process has just written as `content`. Call while holding the directory's lock.
    synchronized void written(T newValue, byte[] content) throws IOException {
        stamp = stampNow();
        settled = false;
        install(newValue, digest(content));
    }

    private void install(T newValue, byte[] newDigest) {
        T before = value;
        value = newValue;
        digest = newDigest;
        if (!listeners.isEmpty()) {
            directory.dispatch(() -> listeners.forEach(listener -> listener.changed(before, newValue)));
        }
    }

    private static byte[] digest(byte[] content) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(content);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
