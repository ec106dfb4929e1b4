// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Files that wait to become segments: new ones filled with zeros, so that a sync need not write the file system's
/// own tables, and cleaned segments to be written over. Some are held back as the reserve that lets a full journal
/// come back. Owned by the writer thread; only [#prepared] and what it calls run elsewhere.
final class Spares {

    private static final Logger LOG = LoggerFactory.getLogger(Spares.class);
    private static final String PREFIX = "spare-";
    private static final int ZERO_BYTES = 1 << 20;

    record Spare(String name, DiskFile file) {}

    private final Directory directory;
    private final Segments segments;
    private final JournalSettings settings;
    private final Tuning tuning;
    private final Deque<Spare> ready = new ArrayDeque<>();
    private int nextName = 1;
    private boolean isPreparing;
    private boolean isSpaceShort;
    /// Bytes of another file that is being written and not counted yet.
    private long unfinishedBytes;
    /// Bytes of zeros written.
    private long zeroBytes;

    Spares(Directory directory, Segments segments, JournalSettings settings, Tuning tuning) {
        this.directory = directory;
        this.segments = segments;
        this.settings = settings;
        this.tuning = tuning;
    }

    static boolean isSpare(String name) {
        return name.startsWith(PREFIX);
    }

    long bytes() {
        return (long) (ready.size() + (isPreparing ? 1 : 0)) * settings.segmentBytes() + unfinishedBytes;
    }

    /// Sets aside what a file that is being written will take at most, 0 once it is counted as a segment's.
    void setAside(long mostBytes) {
        unfinishedBytes = mostBytes;
    }

    long zeroBytes() {
        return zeroBytes;
    }

    /// True when there was no space for another file at the last attempt.
    boolean isSpaceShort() {
        return isSpaceShort;
    }

    /// True if what is to be refused when space runs out may begin another segment.
    boolean mayTake() {
        return ready.size() > tuning.reserveSegments() || hasSpaceFor(settings.segmentBytes());
    }

    /// True if another file of that size keeps the bounds.
    boolean hasSpaceFor(long more) {
        long bound = settings.maxBytes();
        if (bound > 0 && segments.totalBytes() + bytes() + more > bound) {
            return false;
        }
        try {
            return directory.usableBytes() - more >= settings.minFreeBytes();
        } catch (IOException e) {
            LOG.warn("the free space for the journal in {} is not known", directory, e);
            return false;
        }
    }

    @Nullable
    Spare take() {
        return ready.pollFirst();
    }

    /// True if another spare is wanted and may be had; [#prepared] is to be called elsewhere then, and [#add] or
    /// [#failed] here after that.
    boolean beginPreparing() {
        if (isPreparing || ready.size() > tuning.reserveSegments()) {
            return false;
        }
        isSpaceShort = !hasSpaceFor(settings.segmentBytes());
        if (isSpaceShort) {
            return false;
        }
        isPreparing = true;
        return true;
    }

    String newName() {
        return PREFIX + nextName++;
    }

    /// Makes a file of zeros. Any thread; null if it could not be made.
    @Nullable
    Spare prepared(String name) {
        try {
            DiskFile file = directory.create(name);
            try {
                fill(file);
                return new Spare(name, file);
            } catch (IOException e) {
                LOG.warn("no room for another segment of the journal in {}: {}", directory, e.toString());
                file.close();
                directory.delete(name);
                return null;
            }
        } catch (IOException e) {
            LOG.warn("the journal in {} cannot prepare a segment", directory, e);
            return null;
        }
    }

    private void fill(DiskFile file) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocate(Math.min(ZERO_BYTES, settings.segmentBytes()));
        for (long at = 0; at < settings.segmentBytes(); at += zeros.capacity()) {
            zeros.clear().limit((int) Math.min(zeros.capacity(), settings.segmentBytes() - at));
            file.write(zeros, at);
        }
        file.force();
    }

    void add(@Nullable Spare prepared) {
        isPreparing = false;
        if (prepared == null) {
            isSpaceShort = true;
        } else {
            zeroBytes += settings.segmentBytes();
            ready.addLast(prepared);
        }
    }

    /// Takes the file of a segment that is not needed any more, or deletes it. Returns once that is durable: its
    /// bytes may be written over only then.
    void recycle(Segment gone) throws IOException {
        gone.isGone = true;
        boolean isUsable = gone.pins == 0
                && gone.sizeBytes == settings.segmentBytes()
                && gone.file.size() == gone.sizeBytes
                && ready.size() < tuning.reserveSegments() + 4;
        if (isUsable) {
            String name = newName();
            directory.rename(Segment.name(gone.number), name);
            directory.force();
            // To the front: the reserve stays as it is, and what was written lately is written again.
            ready.addFirst(new Spare(name, gone.file));
        } else {
            directory.delete(Segment.name(gone.number));
            directory.force();
            if (gone.pins == 0) {
                gone.file.close();
            }
        }
        isSpaceShort = false;
    }

    /// Ends one read of a segment, and lets go of the file if it was deleted meanwhile.
    static void unpin(Segment segment) throws IOException {
        segment.pins--;
        if (segment.pins == 0 && segment.isGone) {
            segment.file.close();
        }
    }

    void close() throws IOException {
        for (Spare spare : ready) {
            spare.file().close();
        }
        ready.clear();
    }
}
