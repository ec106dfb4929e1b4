// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Frees segments of which little is alive: a thread beside it reads them piece by piece, the writer carries what
/// is needed to the head of the log, and once that is synced the file goes. One at a time: so at any moment only
/// one segment can hold older copies of messages than another, and after a crash it is the first to be cleaned
/// again.
///
/// The oldest segment goes without being read once nothing in it is alive: every fact names, if any, the segments
/// of what it is about, none of which is newer than itself. So where queues are short nothing is ever read or
/// copied.
///
/// Disk use is bounded, see [Tuning#boundBytes]: beyond the bound the writer may write only half of what is freed.
///
/// Owned by the writer thread; [Reading] runs on that thread.
final class Cleaner {

    /// Then it looks whether space has become short meanwhile.
    private static final long LONGEST_PAUSE_NANOS = 100_000_000;
    /// So much may be left over at the end of any segment: copying it for that would go on for ever.
    private static final int LEAST_GAIN_BYTES = 512;

    private static final Logger LOG = LoggerFactory.getLogger(Cleaner.class);
    /// Pieces that are read and wait for the writer.
    private static final int MAX_PIECES = 3;

    private final Directory directory;
    private final JournalState state;
    private final Log log;
    private final Facts facts;
    private final Salvage salvage;
    private final Spares spares;
    private final JournalSettings settings;
    private final Tuning tuning;
    private final Writer writer;
    private final Background thread;

    /// Segments to be cleaned before any other.
    private final Set<Integer> first = new TreeSet<>();
    private @Nullable Segment victim;
    private boolean isBroken;
    private int holds;
    private boolean isRemovalDue;
    private long cleanedSegments;
    private long fruitlessLive;
    private long fruitlessTotal;
    /// Beyond the bound: bytes of the log, copies aside, up to which may be written.
    private long allowedUpTo;
    private final Output[] buffers = new Output[MAX_PIECES];
    /// Time that cleaning must let pass to keep its rate.
    private final AtomicLong owedNanos = new AtomicLong();
    private volatile boolean isUrgent;

    Cleaner(
            Directory directory,
            JournalState state,
            Log log,
            Facts facts,
            Spares spares,
            JournalSettings settings,
            Tuning tuning,
            Writer writer,
            Background thread) {
        this.directory = directory;
        this.state = state;
        this.log = log;
        this.facts = facts;
        this.salvage = new Salvage(state, facts);
        this.spares = spares;
        this.settings = settings;
        this.tuning = tuning;
        this.writer = writer;
        this.thread = thread;
        for (int i = 0; i < MAX_PIECES; i++) {
            buffers[i] = new Output(1 << 12);
        }
    }

    void cleanFirst(Set<Integer> segments) {
        first.addAll(segments);
    }

    long cleanedSegments() {
        return cleanedSegments;
    }

    long copiedBytes() {
        return salvage.copiedBytes();
    }

    /// No segment goes until [#letGo] was called as often.
    void hold() {
        holds++;
    }

    void letGo() throws IOException {
        holds--;
        if (holds == 0 && isRemovalDue) {
            // Said again: the newest header, written meanwhile, may name the segment.
            finish();
        }
    }

    /// Begins to clean a segment if there is reason to, and makes one that is being cleaned go on without its rate
    /// once space has become short: pieces may be far apart by then, and writers held back until the last of them.
    void consider() throws IOException {
        lookIfUrgent();
        if (victim == null && !isBroken) {
            Segment chosen = choose();
            if (chosen == null) {
                fruitlessLive = state.segments.liveBytes();
                fruitlessTotal = state.segments.totalBytes();
            } else {
                victim = chosen;
                if (chosen.liveBytes == 0 && state.segments.after(0) == chosen) {
                    finish();
                    // There may be more of them.
                    writer.giveAhead(new Command.Internal(this::consider));
                } else {
                    thread.execute(new Reading(chosen));
                }
            }
        }
    }

    /// True if what was given to the writer is to wait: the bound is reached, and space is being won.
    boolean holdsBack() {
        return victim != null && !isBroken && holds == 0 && isBeyondBound() && appendedBytes() >= allowedUpTo;
    }

    private void lookIfUrgent() {
        isUrgent = spares.isSpaceShort() || isBoundNear();
    }

    private boolean isBeyondBound() {
        return deadBytes() > state.segments.liveBytes() + tuning.boundBytes();
    }

    /// True when the bound will be reached at this rate: cleaning goes as fast as it can then.
    private boolean isBoundNear() {
        return deadBytes()
                > state.segments.liveBytes() * 3 / 4
                        + tuning.boundBytes()
                        - (tuning.boundBytes() - tuning.slackBytes()) / 4;
    }

    /// What the disk holds that is not needed, spare files included.
    private long deadBytes() {
        return state.segments.totalBytes() + spares.bytes() - state.segments.liveBytes();
    }

    private long appendedBytes() {
        return log.bytes() - salvage.copiedBytes();
    }

    private @Nullable Segment choose() {
        while (!first.isEmpty()) {
            int number = first.iterator().next();
            Segment segment = state.segments.find(number);
            if (segment != null && segment.isSealed) {
                return segment;
            }
            first.remove(number);
        }
        long live = state.segments.liveBytes();
        long total = state.segments.totalBytes();
        boolean isTight = spares.isSpaceShort();
        long bound = settings.maxBytes();
        if (isTight || (bound > 0 && total + spares.bytes() > bound - bound / 8)) {
            return hasChanged() ? best(Math.max(settings.segmentBytes() / 16, LEAST_GAIN_BYTES)) : null;
        }
        if (total - live > tuning.slackBytes() + live / 2) {
            return best(1);
        }
        return total == fruitlessTotal ? null : smallOnes();
    }

    /// Looking through all segments is not cheap if there are thousands, and is done after each group: nothing
    /// found means that nothing will be until more is dead.
    private boolean hasChanged() {
        return state.segments.totalBytes() != fruitlessTotal
                || state.segments.liveBytes() <= fruitlessLive - settings.segmentBytes() / 32;
    }

    /// The segment whose cleaning gives most for what it costs, older ones preferred: what is alive in them is
    /// likely to stay.
    private @Nullable Segment best(long leastDeadBytes) {
        Segment best = null;
        double bestBenefit = 0;
        int head = log.current().number;
        for (Segment each : state.segments.inOrder()) {
            long dead = each.sizeBytes - each.liveBytes - each.markBytes;
            if (each.isSealed && dead >= leastDeadBytes) {
                double alive = Math.clamp((double) each.liveBytes / each.sizeBytes, 0, 1);
                double age = Math.pow(head - each.number + 1, tuning.ageWeight());
                double benefit = (1 - alive) / (1 + alive) * age;
                if (benefit > bestBenefit) {
                    best = each;
                    bestBenefit = benefit;
                }
            }
        }
        return best;
    }

    /// Each restart leaves a segment that may be short: many of them are joined.
    private @Nullable Segment smallOnes() {
        Segment oldest = null;
        int count = 0;
        for (Segment each : state.segments.inOrder()) {
            if (each.isSealed && each.sizeBytes < settings.segmentBytes() / 4) {
                count++;
                oldest = oldest == null ? each : oldest;
            }
        }
        return count > 16 ? oldest : null;
    }

    /// Whole records of the segment that is cleaned.
    ///
    /// @param offset where the first of them stands
    private record Piece(Output bytes, int offset, boolean isLast) {}

    /// Goes through a segment, a piece at a time: each is read here and handed to the writer; the next is read
    /// meanwhile, unless the writer or the cleaning rate is too far behind.
    private final class Reading implements Runnable {
        private final Segment segment;
        private @Nullable SegmentCursor cursor;
        private boolean hasRecord;
        private boolean isOver;
        private int next;
        // Pieces that may be read now. Of both threads.
        private final AtomicInteger room = new AtomicInteger(MAX_PIECES);

        private Reading(Segment segment) {
            this.segment = segment;
        }

        @Override
        public void run() {
            if (isOver) {
                return;
            }
            if (!isUrgent && owedNanos.get() > 0) {
                next();
                return;
            }
            try {
                Piece piece = read();
                isOver = piece.isLast;
                writer.giveAhead(new Command.Internal(() -> taken(piece)));
                if (!isOver && room.decrementAndGet() > 0) {
                    next();
                }
            } catch (IOException | RuntimeException e) {
                // Of whatever kind: a cleaning that ended without a word would hold writers back for ever.
                isOver = true;
                writer.giveAhead(new Command.Internal(() -> broken(e)));
            }
        }

        /// Either thread; in each state of `room` one of them.
        private void next() {
            long pause = isUrgent ? 0 : Math.min(owedNanos.get(), LONGEST_PAUSE_NANOS);
            owedNanos.addAndGet(-pause);
            thread.executeAfter(pause, this);
        }

        private Piece read() throws IOException {
            SegmentCursor at = cursor;
            if (at == null) {
                at = new SegmentCursor(segment.file, segment.number, Math.max(tuning.chunkBytes(), 4096));
                cursor = at;
                hasRecord = at.next();
            }
            Output piece = buffers[next++ % MAX_PIECES];
            piece.position(0);
            int offset = at.offset();
            // What follows a message belongs to it.
            while (hasRecord && (piece.position() < tuning.chunkBytes() || at.kind() == Frame.MORE_TARGETS)) {
                piece.putBytes(at.array(), at.start(), at.length());
                hasRecord = at.next();
            }
            if (!hasRecord && !at.isSealed()) {
                throw Records.damaged(segment, at.end());
            }
            return new Piece(piece, offset, !hasRecord);
        }

        /// Writer thread.
        private void taken(Piece piece) throws IOException {
            if (writer.isFailed()) {
                return;
            }
            long before = salvage.copiedBytes();
            salvage.take(segment, piece.bytes.array(), piece.bytes.position(), piece.offset);
            owedNanos.addAndGet((salvage.copiedBytes() - before) * 1_000_000_000L / settings.cleaningBytesPerSecond());
            lookIfUrgent();
            if (piece.isLast) {
                finish();
            } else if (room.getAndIncrement() == 0) {
                next();
            }
        }

        private void broken(Exception cause) {
            // What was carried over is alive there and here now. If another segment went, an acknowledgement could
            // go with it that this one still needs; so nothing goes until somebody has looked at it.
            isBroken = true;
            LOG.error("{} cannot be cleaned; no space is freed any more until the journal was mended", segment, cause);
        }
    }

    /// Everything that is needed was carried over.
    private void finish() throws IOException {
        Segment cleaned = victim;
        if (cleaned != null) {
            facts.writeCleaned(cleaned.number);
            log.flush();
            log.force();
            if (holds > 0) {
                isRemovalDue = true;
            } else {
                remove();
            }
        }
    }

    private void remove() throws IOException {
        Segment cleaned = victim;
        if (cleaned != null) {
            isRemovalDue = false;
            victim = null;
            allowedUpTo = Math.min(
                    Math.max(allowedUpTo, appendedBytes()) + cleaned.sizeBytes / 2,
                    appendedBytes() + settings.segmentBytes());
            first.remove(cleaned.number);
            state.segments.remove(cleaned);
            Hints.delete(directory, cleaned);
            spares.recycle(cleaned);
            cleanedSegments++;
        }
    }
}
