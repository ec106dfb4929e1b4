// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.journal.SegmentParts.Part;
import org.upwell.broker.store.StoreException;

/// Reads the log of an earlier run: first everything, without changing a byte; then, if it could be read, puts the
/// directory in order. One thread.
///
/// Only the last segment may end in something torn, which was never synced; what was is damaged. The end is sealed
/// after its last whole record and never written to again: what stands behind the tear may be whole records that
/// were never acknowledged.
final class Loader {

    private static final Logger LOG = LoggerFactory.getLogger(Loader.class);
    /// Of fewer segments than these, reading ahead gains nothing.
    private static final int READ_AHEAD_FROM = 8;

    private final Directory directory;
    private final JournalState state;
    private final Replay replay;
    private final Set<String> names = new HashSet<>();
    private final Input body = new Input(new byte[0], 0, 0);
    private @Nullable SegmentParts opened;
    private @Nullable Segment last;
    private @Nullable Segment empty;
    private int lastNumber;
    private final int readAheadFrom;

    Loader(Directory directory, JournalState state, Replay replay) {
        this(directory, state, replay, READ_AHEAD_FROM);
    }

    /// @param readAheadFrom segments, with more of which another thread reads ahead
    Loader(Directory directory, JournalState state, Replay replay, int readAheadFrom) {
        this.readAheadFrom = readAheadFrom;
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
        names.addAll(directory.list());
        List<Integer> numbers = segmentNumbers(names);
        lastNumber = numbers.isEmpty() ? 0 : numbers.getLast();
        SegmentParts parts = new SegmentParts(directory, names, numbers, withHints);
        opened = parts;
        if (numbers.size() > readAheadFrom) {
            try (ReadAhead ahead = new ReadAhead(parts)) {
                for (Part part = ahead.next(); part != null; part = ahead.next()) {
                    take(part);
                    parts.giveBack(part);
                }
            }
        } else {
            for (Part part = parts.next(); part != null; part = parts.next()) {
                take(part);
                parts.giveBack(part);
            }
        }
        if (isStrict) {
            checkComplete();
        }
        replay.finish();
    }

    /// Lets go of the files: what was read is of no use.
    void giveUp() throws IOException {
        SegmentParts parts = opened;
        if (parts != null) {
            parts.closeFiles();
        }
    }

    static List<Integer> segmentNumbers(Set<String> names) {
        return names.stream()
                .map(name -> Segment.numberOf(name, ".log"))
                .filter(number -> number > 0)
                .sorted()
                .toList();
    }

    private void take(Part part) throws IOException {
        Segment segment = part.segment();
        if (state.segments.find(segment.number) == null) {
            state.segments.add(segment);
        }
        switch (part.kind()) {
            case HINT -> {
                Hints.visit(part.bytes(), (kind, in, offset, length) -> apply(kind, in, segment, offset, length));
                state.segments.hinted(segment, segment.hintBytes);
            }
            case RECORDS -> takeRecords(part);
            case END -> end(part);
        }
    }

    private void takeRecords(Part part) throws IOException {
        byte[] array = part.bytes().array();
        int end = part.bytes().position();
        if (part.offset() == 0 && end > 0 && array[12] != Frame.HEADER && array[12] != Frame.GAP) {
            throw Records.damaged(part.segment(), 0);
        }
        int length;
        for (int start = 0; start < end; start += length) {
            length = Input.intAt(array, start);
            body.wrap(array, start + Frame.BYTES, start + length);
            apply(array[start + 12], body, part.segment(), part.offset() + start, length);
        }
    }

    private void end(Part part) throws IOException {
        Segment segment = part.segment();
        if (segment.number == lastNumber) {
            endLast(segment, part);
            return;
        }
        if (!part.isSealed()) {
            throw Records.damaged(segment, part.offset());
        }
        segment.end = part.offset();
        segment.isSealed = true;
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

    private void endLast(Segment segment, Part part) throws IOException {
        if (part.offset() == 0) {
            if (RecordSearch.findsAny(segment)) {
                throw Records.damaged(segment, 0);
            }
            // The end came between making the file and syncing its header.
            state.segments.remove(segment);
            empty = segment;
            return;
        }
        if (!part.isSealed() && RecordSearch.wasSynced(segment, part.offset())) {
            throw Records.damaged(segment, part.offset());
        }
        segment.end = part.offset();
        segment.isSealed = part.isSealed();
        last = segment;
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
