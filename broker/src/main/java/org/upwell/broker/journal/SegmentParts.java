// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/// The segments of a log one after another, read and checked, in parts that fit into memory. One thread asks for
/// parts; another may use them.
final class SegmentParts {

    private static final int PART_BYTES = 4 << 20;

    /// What is in a part.
    enum Kind {
        /// The hint of a sealed segment, whole.
        HINT,
        /// Whole records that follow each other.
        RECORDS,
        /// The segment is over.
        END
    }

    /// A piece of a segment.
    ///
    /// @param bytes empty at the end
    /// @param offset where the records stand in the segment; at its end and of a hint, the end of the last whole
    ///     one
    /// @param isSealed at the end of a segment: false if something is torn or unfinished there
    record Part(Kind kind, Segment segment, Output bytes, int offset, boolean isSealed) {}

    private static final Output NOTHING = new Output(0);

    private final Directory directory;
    private final Set<String> names;
    private final List<Integer> numbers;
    private final boolean useHints;
    private final Queue<Output> free = new ConcurrentLinkedQueue<>();
    private final Queue<DiskFile> opened = new ConcurrentLinkedQueue<>();

    private int next;
    private @Nullable Segment segment;
    private @Nullable SegmentCursor cursor;
    private boolean hasRecord;

    /// @param names all files
    /// @param numbers of the segments to be read, in order
    SegmentParts(Directory directory, Set<String> names, List<Integer> numbers, boolean useHints) {
        this.directory = directory;
        this.names = names;
        this.numbers = numbers;
        this.useHints = useHints;
    }

    /// The next part, or null after the last.
    @Nullable
    Part next() throws IOException {
        Segment current = segment;
        SegmentCursor at = cursor;
        if (current == null) {
            return next == numbers.size() ? null : begin(numbers.get(next++));
        }
        if (at == null || !hasRecord) {
            segment = null;
            cursor = null;
            boolean isSealed = at == null || at.isSealed();
            return new Part(Kind.END, current, NOTHING, at == null ? current.end : at.end(), isSealed);
        }
        Output records = buffer();
        int offset = at.offset();
        while (hasRecord && records.position() + at.length() <= PART_BYTES) {
            records.putBytes(at.array(), at.start(), at.length());
            hasRecord = at.next();
        }
        if (records.position() == 0) {
            // One record larger than a part.
            records.putBytes(at.array(), at.start(), at.length());
            hasRecord = at.next();
        }
        return new Part(Kind.RECORDS, current, records, offset, false);
    }

    private Part begin(int number) throws IOException {
        DiskFile file = directory.open(Segment.name(number));
        opened.add(file);
        Segment begun = new Segment(number, file, file.size());
        segment = begun;
        // The last one has no hint, or a stale one.
        Output hint = useHints && next < numbers.size() ? Hints.load(directory, names, begun) : null;
        if (hint != null) {
            begun.end = Hints.end(hint);
            return new Part(Kind.HINT, begun, hint, begun.end, true);
        }
        SegmentCursor at = new SegmentCursor(file, number, PART_BYTES);
        cursor = at;
        hasRecord = at.next();
        return hasRecord ? nextOf(begun) : new Part(Kind.RECORDS, begun, NOTHING, 0, false);
    }

    private Part nextOf(Segment begun) throws IOException {
        Part first = next();
        if (first == null) {
            throw new IllegalStateException(begun + " ended before it began");
        }
        return first;
    }

    private Output buffer() {
        Output reused = free.poll();
        if (reused == null) {
            return new Output(1 << 16);
        }
        reused.position(0);
        return reused;
    }

    /// Closes the files of all segments, whose log cannot be used. Once nobody asks for parts any more.
    void closeFiles() throws IOException {
        for (DiskFile file = opened.poll(); file != null; file = opened.poll()) {
            file.close();
        }
    }

    /// Lets the bytes of a part be used for another. Any thread.
    void giveBack(Part part) {
        if (part.kind == Kind.RECORDS && part.bytes.position() > 0) {
            free.add(part.bytes);
        }
    }
}
