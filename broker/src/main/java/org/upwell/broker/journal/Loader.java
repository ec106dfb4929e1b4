// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.store.StoreException;

/// Reads the log of an earlier run: first everything, without changing a byte; then, if it could be read, puts the
/// directory in order. One thread.
///
/// Only the last segment may end in something torn. It is sealed after its last whole record and never written to
/// again: what stands behind the tear may be whole records that were never acknowledged.
final class Loader {

    private static final Logger LOG = LoggerFactory.getLogger(Loader.class);
    private static final int WINDOW_BYTES = 4 << 20;

    private final Directory directory;
    private final JournalState state;
    private final Replay replay;
    private final Set<String> names = new HashSet<>();
    private @Nullable Segment last;
    private @Nullable Segment empty;
    private int lastNumber;
    private boolean useHints;

    Loader(Directory directory, JournalState state, Replay replay) {
        this.directory = directory;
        this.state = state;
        this.replay = replay;
    }

    /// The highest number that a segment has or had.
    int lastNumber() {
        return lastNumber;
    }

    /// @throws StoreException if something is missing or damaged
    void read() throws IOException {
        readAll(true, true);
    }

    /// @param withHints false to read every byte
    /// @param isStrict false if segments may be missing
    void readAll(boolean withHints, boolean isStrict) throws IOException {
        useHints = withHints;
        names.addAll(directory.list());
        List<Integer> numbers = segmentNumbers(names);
        for (int i = 0; i < numbers.size(); i++) {
            int number = numbers.get(i);
            DiskFile file = directory.open(Segment.name(number));
            Segment segment = new Segment(number, file, file.size());
            state.segments.add(segment);
            lastNumber = number;
            if (i < numbers.size() - 1) {
                readSealed(segment);
            } else {
                readLast(segment);
            }
        }
        if (isStrict) {
            checkComplete();
        }
        replay.finish();
    }

    static List<Integer> segmentNumbers(Set<String> names) {
        return names.stream()
                .map(name -> Segment.numberOf(name, ".log"))
                .filter(number -> number > 0)
                .sorted()
                .toList();
    }

    private void readSealed(Segment segment) throws IOException {
        int end = useHints
                ? Hints.read(
                        directory,
                        names,
                        segment,
                        (kind, body, offset, length) -> apply(kind, body, segment, offset, length))
                : -1;
        if (end >= 0) {
            state.segments.hinted(segment, segment.hintBytes);
        }
        if (end < 0) {
            SegmentCursor cursor = readRecords(segment);
            if (!cursor.isSealed()) {
                throw Records.damaged(segment, cursor.end());
            }
            end = cursor.end();
        }
        segment.end = end;
        segment.isSealed = true;
    }

    private SegmentCursor readRecords(Segment segment) throws IOException {
        SegmentCursor cursor = new SegmentCursor(segment.file, segment.number, WINDOW_BYTES);
        while (cursor.next()) {
            if (cursor.offset() == 0 && cursor.kind() != Frame.HEADER) {
                throw Records.damaged(segment, 0);
            }
            apply(cursor.kind(), cursor.body(), segment, cursor.offset(), cursor.length());
        }
        return cursor;
    }

    private void apply(int kind, Input body, Segment segment, int offset, int length) throws IOException {
        try {
            replay.apply(kind, body, segment, offset, length);
        } catch (Input.MalformedException e) {
            StoreException damaged = Records.damaged(segment, offset);
            damaged.initCause(e);
            throw damaged;
        }
    }

    private void readLast(Segment segment) throws IOException {
        SegmentCursor cursor = readRecords(segment);
        if (cursor.end() == 0) {
            if (holdsRecord(segment)) {
                throw Records.damaged(segment, 0);
            }
            // The end came between making the file and syncing its header.
            state.segments.remove(segment);
            empty = segment;
            return;
        }
        segment.end = cursor.end();
        segment.isSealed = cursor.isSealed();
        last = segment;
    }

    /// Looks for any whole record of the segment, at any place.
    static boolean holdsRecord(Segment segment) throws IOException {
        CRC32C crc = new CRC32C();
        byte[] window = new byte[1 << 20];
        long size = segment.file.size();
        for (long from = 0; from + Frame.BYTES <= size; from += window.length - Frame.BYTES + 1) {
            int read = segment.file.read(ByteBuffer.wrap(window), from);
            for (int i = 0; i + Frame.BYTES <= read; i++) {
                int length = Input.intAt(window, i);
                if (Input.intAt(window, i + 8) == segment.number
                        && Frame.isLengthPlausible(length)
                        && from + i + length <= size) {
                    byte[] record = new byte[length];
                    segment.file.read(ByteBuffer.wrap(record), from + i);
                    if (Frame.isWhole(record, 0, segment.number, crc)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /// A segment that the newest header names and that was not cleaned since must be there.
    private void checkComplete() {
        for (int number : replay.expected) {
            if (state.segments.find(number) == null && !replay.cleaned.contains(number)) {
                throw new StoreException("the journal in " + directory + " is not complete: " + Segment.name(number)
                        + " is missing; without it, 'upwell store repair' opens what is left");
            }
        }
    }

    /// Seals what was torn and removes what is not needed.
    void putInOrder() throws IOException {
        for (String name : names) {
            int hinted = Segment.numberOf(name, ".hint");
            Segment segment = hinted > 0 ? state.segments.find(hinted) : null;
            if (Spares.isSpare(name) || (hinted > 0 && (segment == null || segment.hintBytes == 0))) {
                directory.delete(name);
            }
        }
        if (empty != null) {
            empty.file.close();
            directory.delete(Segment.name(empty.number));
        }
        directory.force();
        Segment lastOne = last;
        if (lastOne != null) {
            writeAgain(lastOne);
            if (lastOne.isSealed) {
                lastOne.file.force();
            } else {
                LOG.info("the last segment {} was not closed; it is read up to byte {}", lastOne, lastOne.end);
                Log.seal(lastOne);
            }
            Log.trim(lastOne, state.segments);
        }
    }

    /// Writes what was read once more. If a sync of it failed before, what we read may be in the system's memory
    /// only, and a new sync would not write it.
    private static void writeAgain(Segment segment) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
        for (int at = 0; at < segment.end; at += buffer.limit()) {
            buffer.clear().limit(Math.min(buffer.capacity(), segment.end - at));
            if (segment.file.read(buffer, at) < buffer.limit()) {
                throw Records.damaged(segment, at);
            }
            segment.file.write(buffer.flip(), at);
        }
    }
}
