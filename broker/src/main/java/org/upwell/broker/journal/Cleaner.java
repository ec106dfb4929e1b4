// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.store.StoreException;

/// Frees segments of which little is alive: a thread beside it reads them piece by piece, the writer carries what
/// is needed to the head of the log, and once that is synced the file goes. One at a time: so at any moment only
/// one segment can hold older copies of messages than another, and after a crash it is the first to be cleaned
/// again.
///
/// Owned by the writer thread; [Reading] runs on that thread.
final class Cleaner {

    private static final Logger LOG = LoggerFactory.getLogger(Cleaner.class);

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

    /// Begins to clean a segment if there is reason to.
    void consider() {
        if (victim == null && !isBroken) {
            Segment chosen = choose();
            if (chosen == null) {
                fruitlessLive = state.segments.liveBytes();
                fruitlessTotal = state.segments.totalBytes();
            } else {
                victim = chosen;
                thread.execute(new Reading(chosen));
            }
        }
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
            return hasChanged() ? best(settings.segmentBytes() / 16) : null;
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
            long dead = each.sizeBytes - each.liveBytes;
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

    /// Goes through a segment, a piece at a time: each is read here, handed to the writer, and the next is read
    /// when the writer is through with it.
    private final class Reading implements Runnable {
        private final Segment segment;
        private final Output piece = new Output(1 << 12);
        private @Nullable SegmentCursor cursor;
        private boolean hasRecord;

        private Reading(Segment segment) {
            this.segment = segment;
        }

        @Override
        public void run() {
            try {
                int offset = fill();
                writer.give(new Command.Internal(() -> taken(offset)));
            } catch (IOException | StoreException e) {
                writer.give(new Command.Internal(() -> broken(e)));
            }
        }

        /// Gathers whole records. Returns where the first of them stands.
        private int fill() throws IOException {
            SegmentCursor at = cursor;
            if (at == null) {
                at = new SegmentCursor(segment.file, segment.number, Math.max(tuning.chunkBytes(), 4096));
                cursor = at;
                hasRecord = at.next();
            }
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
            return offset;
        }

        /// Writer thread.
        private void taken(int offset) throws IOException {
            if (writer.isFailed()) {
                return;
            }
            long before = salvage.copiedBytes();
            salvage.take(segment, piece.array(), piece.position(), offset);
            if (hasRecord) {
                long copied = salvage.copiedBytes() - before;
                long pause = spares.isSpaceShort() ? 0 : copied * 1_000_000_000L / settings.cleaningBytesPerSecond();
                thread.executeAfter(pause, this);
            } else {
                finish();
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
            first.remove(cleaned.number);
            state.segments.remove(cleaned);
            Hints.delete(directory, cleaned);
            spares.recycle(cleaned);
            cleanedSegments++;
        }
    }
}
