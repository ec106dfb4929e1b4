// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The head of the log: encodes records, writes them into the newest segment and begins the next one when it is
/// full. Owned by the writer thread.
///
/// A segment is sealed and synced before the first record of the next is written, so that only the last one can end
/// in something torn.
final class Log {

    private static final int WRITE_BYTES = 1 << 20;
    private static final int SEAL_BYTES = Frame.BYTES;

    private final Directory directory;
    private final Segments segments;
    private final Spares spares;
    private final JournalSettings settings;
    private final Tuning tuning;
    private final LongSupplier reservedSequences;
    private final LongSupplier nextNumber;
    private final CRC32C crc = new CRC32C();
    private final Output out = new Output(1 << 16);

    private @Nullable Segment active;
    private int lastNumber;
    // Bytes of the active segment that are in the file.
    private int written;
    private boolean isDirty;
    private int headerChecksum;
    /// Bytes of [#out] that only say that all before them is synced: they are written with what comes next.
    private int markBytes;

    // Counted for the statistics.
    private long records;
    private long bytes;
    private long syncs;
    private long syncNanos;

    Log(
            Directory directory,
            Segments segments,
            Spares spares,
            JournalSettings settings,
            Tuning tuning,
            LongSupplier reservedSequences,
            LongSupplier nextNumber) {
        this.directory = directory;
        this.segments = segments;
        this.spares = spares;
        this.settings = settings;
        this.tuning = tuning;
        this.reservedSequences = reservedSequences;
        this.nextNumber = nextNumber;
    }

    // ---- Records -------------------------------------------------------------------------------------------------

    /// Begins a record; its body goes to the returned output, then [#end] is called with the output's position as
    /// it was before.
    Output begin(int kind) {
        Frame.begin(out, kind);
        return out;
    }

    int position() {
        return out.position();
    }

    /// Ends a record that stands alone. Returns segment and offset.
    long end(int start) throws IOException {
        Frame.end(out, start);
        return endAll(start);
    }

    /// Ends one of several records that belong together; [#endAll] is to follow.
    void endOne(int start) {
        Frame.end(out, start);
    }

    /// Ends several records that belong together: they lie in one segment without anything between. Returns segment
    /// and offset of the first.
    long endAll(int start) throws IOException {
        Segment segment = current();
        int first = start;
        if (written + (long) out.position() + SEAL_BYTES > segment.sizeBytes) {
            first = roll(start);
            segment = current();
        }
        for (int at = first; at < out.position(); at += Input.intAt(out.array(), at)) {
            Frame.seal(out.array(), at, segment.number, crc);
            records++;
        }
        segment.end = written + out.position();
        long position = (long) segment.number << 32 | (written + first);
        if (out.position() >= tuning.flushBytes()) {
            flush();
        }
        return position;
    }

    /// True if a record of that size fits into the segment that is being written.
    boolean hasRoomFor(long more) {
        Segment segment = active;
        return segment != null && written + (long) out.position() + more + SEAL_BYTES <= segment.sizeBytes;
    }

    Segment current() {
        Segment segment = active;
        if (segment == null) {
            throw new IllegalStateException("no segment is open");
        }
        return segment;
    }

    /// True if what stands there is not in the file yet.
    boolean isBuffered(int segment, int offset) {
        return segment == current().number && offset >= written;
    }

    // ---- Writing -------------------------------------------------------------------------------------------------

    /// Writes what was encoded.
    void flush() throws IOException {
        int length = out.position();
        if (length == markBytes) {
            return;
        }
        isDirty = true;
        markBytes = 0;
        Segment segment = current();
        for (int at = 0; at < length; at += WRITE_BYTES) {
            int part = Math.min(WRITE_BYTES, length - at);
            segment.file.write(ByteBuffer.wrap(out.array(), at, part), written + at);
        }
        written += length;
        bytes += length;
        out.position(0);
        out.shrink(8 * WRITE_BYTES);
    }

    /// Makes what was written survive a power cut, and has what is written next say so: a restart tells by that
    /// whether something damaged was synced once or never.
    void force() throws IOException {
        if (isDirty) {
            sync();
            mark();
        }
    }

    private void mark() {
        if (out.position() == 0 && written + (long) Frame.MARK_BYTES + SEAL_BYTES <= current().sizeBytes) {
            int start = Frame.begin(out, Frame.SYNCED);
            out.putInt(headerChecksum);
            Frame.end(out, start);
            Frame.seal(out.array(), start, current().number, crc);
            markBytes = out.position();
            current().markBytes += markBytes;
        }
    }

    private void sync() throws IOException {
        if (isDirty) {
            long begun = System.nanoTime();
            current().file.force();
            isDirty = false;
            syncs++;
            syncNanos += System.nanoTime() - begun;
        }
    }

    /// True if something written was not synced.
    boolean isDirty() {
        return isDirty;
    }

    // ---- Segments ------------------------------------------------------------------------------------------------

    /// Begins the first segment of this run, after all that exist, and makes it durable.
    void open(int afterNumber) throws IOException {
        lastNumber = afterNumber;
        openNext(0);
    }

    /// Moves the unfinished records from `start` on into a new segment. Returns where they begin.
    private int roll(int start) throws IOException {
        int length = out.position() - start;
        byte[] moved = new byte[length];
        System.arraycopy(out.array(), start, moved, 0, length);
        out.position(start);
        seal();
        openNext(length);
        out.putBytes(moved, 0, length);
        return 0;
    }

    /// Closes the active segment for good: nothing that may stand after the seal is ever read.
    private void seal() throws IOException {
        Segment segment = current();
        sealInto(out, segment.number, crc);
        flush();
        sync();
        segment.end = written;
        segment.isSealed = true;
    }

    private static void sealInto(Output into, int number, CRC32C crc) {
        int start = Frame.begin(into, Frame.SEAL);
        Frame.end(into, start);
        Frame.seal(into.array(), start, number, crc);
    }

    /// Closes a segment of an earlier run after its last whole record.
    static void seal(Segment segment) throws IOException {
        Output seal = new Output(SEAL_BYTES);
        sealInto(seal, segment.number, new CRC32C());
        segment.file.write(ByteBuffer.wrap(seal.array(), 0, SEAL_BYTES), segment.end);
        segment.file.force();
        segment.end += SEAL_BYTES;
        segment.isSealed = true;
    }

    /// Puts one record in the place of damaged ones.
    static void fill(Segment segment, int from, int to) throws IOException {
        Output gap = new Output(new byte[to - from]);
        gap.position(0);
        int start = Frame.begin(gap, Frame.GAP);
        gap.position(to - from);
        Frame.end(gap, start);
        Frame.seal(gap.array(), start, segment.number, new CRC32C());
        segment.file.write(ByteBuffer.wrap(gap.array(), 0, to - from), from);
    }

    private void openNext(long needed) throws IOException {
        int number = lastNumber + 1;
        int headerBytes = header(number);
        long wanted = headerBytes + needed + SEAL_BYTES;
        Segment segment = newSegment(number, wanted);
        lastNumber = number;
        // Before anything is written into it: a name that is lost takes the records along.
        directory.force();
        segments.add(segment);
        active = segment;
        written = 0;
        // Synced alone: a segment without a header holds nothing that was committed.
        flush();
        sync();
        segment.end = written;
    }

    private Segment newSegment(int number, long wanted) throws IOException {
        String name = Segment.name(number);
        Spares.Spare spare = wanted <= settings.segmentBytes() ? spares.take() : null;
        if (spare != null) {
            directory.rename(spare.name(), name);
            return new Segment(number, spare.file(), settings.segmentBytes());
        }
        return new Segment(number, directory.create(name), Math.max(settings.segmentBytes(), wanted));
    }

    /// Encodes the first record of a segment. Returns its length.
    private int header(int number) {
        int start = Frame.begin(out, Frame.HEADER);
        out.putVarint(Frame.FORMAT);
        out.putVarint(segments.count() + 1);
        int last = 0;
        for (Segment each : segments.inOrder()) {
            out.putVarint(each.number - last);
            last = each.number;
        }
        out.putVarint(number - last);
        out.putVarint(reservedSequences.getAsLong());
        out.putVarint(nextNumber.getAsLong());
        Frame.end(out, start);
        Frame.seal(out.array(), start, number, crc);
        headerChecksum = Frame.checksumOf(out.array(), start);
        return out.position() - start;
    }

    /// Seals the active segment and gives back what it does not use.
    void close() throws IOException {
        if (active != null) {
            flush();
            force();
            seal();
            trim(current(), segments);
        }
    }

    static void trim(Segment segment, Segments segments) throws IOException {
        segment.file.truncate(segment.end);
        segments.resized(segment, segment.end);
    }

    long records() {
        return records;
    }

    long bytes() {
        return bytes;
    }

    long syncs() {
        return syncs;
    }

    long syncNanos() {
        return syncNanos;
    }
}
