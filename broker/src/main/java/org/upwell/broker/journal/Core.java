// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.store.StoreCondition;
import org.upwell.broker.store.StoreException;

/// The parts of an open journal, wired. Owned by the writer thread where it is not said otherwise.
final class Core implements Writer.Housekeeping {

    private static final Logger LOG = LoggerFactory.getLogger(Core.class);

    final Directory directory;
    final JournalState state;
    final JournalSettings settings;
    final Log log;
    final Cleaner cleaner;
    final Writer writer;
    private final Tuning tuning;
    private final JournalThreads threads;
    private final Spares spares;
    private final Facts facts;
    private @Nullable Thread thread;
    private boolean isHinting;
    private int hintedUpTo;
    private volatile boolean isStopped;
    private volatile JournalStat stat = JournalStat.EMPTY;

    Core(
            Directory directory,
            JournalState state,
            JournalSettings settings,
            Tuning tuning,
            JournalThreads threads,
            LongSupplier reservedSequences,
            LongSupplier nextNumber,
            Consumer<StoreCondition> conditionChanged) {
        this.directory = directory;
        this.state = state;
        this.settings = settings;
        this.tuning = tuning;
        this.threads = threads;
        this.spares = new Spares(directory, state.segments, settings, tuning);
        this.log = new Log(directory, state.segments, spares, settings, tuning, reservedSequences, nextNumber);
        this.facts = new Facts(state, log, spares, tuning);
        this.writer = new Writer(settings, threads, log, facts, this, conditionChanged);
        this.cleaner = new Cleaner(directory, state, log, facts, spares, settings, tuning, writer, threads.cleaner());
    }

    /// Opens a segment and starts the writer. The recovering thread; the state belongs to the writer after that.
    void start(int lastNumber, Set<Integer> halfCleaned) throws IOException {
        cleaner.cleanFirst(halfCleaned);
        log.open(lastNumber);
        if (threads.ownWriter()) {
            Thread made = new Thread(writer, "store writer");
            made.setDaemon(true);
            thread = made;
            made.start();
        }
    }

    /// Notes durably that sequences below this may be given. False if nothing can be written any more.
    boolean promise(long firstFree) throws IOException {
        if (writer.isFailed()) {
            return false;
        }
        facts.writeReserved(firstFree);
        log.flush();
        log.force();
        return true;
    }

    /// Writes and syncs everything given so far.
    void syncNow() throws IOException {
        facts.flushSteps();
        log.flush();
        log.force();
    }

    void fetch(long session, long[] sequences, Fetching fetching) throws IOException {
        if (isStopped) {
            fetching.fail(new StoreException("the journal is closed"));
            return;
        }
        fetching.resolve(state, sequences);
        if (fetching.needs(log)) {
            StoreException failure = writer.failure();
            if (failure != null) {
                fetching.unpin();
                fetching.fail(failure);
                return;
            }
            try {
                log.flush();
            } catch (IOException e) {
                fetching.unpin();
                fetching.fail(new StoreException("queued messages are not on disk: " + e, e));
                throw e;
            }
        }
        threads.readers()
                .get((int) Math.floorMod(session, (long) threads.readers().size()))
                .execute(() -> {
                    fetching.run();
                    writer.give(new Command.Internal(fetching::unpin));
                });
    }

    // ---- Between groups ------------------------------------------------------------------------------------------

    @Override
    public void afterGroup() throws IOException {
        if (spares.beginPreparing()) {
            String name = spares.newName();
            threads.keeper().execute(() -> {
                Spares.Spare prepared = spares.prepared(name);
                writer.giveAhead(new Command.Internal(() -> spares.add(prepared)));
            });
        }
        hint();
        cleaner.consider();
        publishStat();
    }

    /// Has the oldest segment summed up that was not looked at and is old enough.
    private void hint() {
        if (isHinting) {
            return;
        }
        int upTo = log.current().number - tuning.hintAfterSegments();
        for (Segment each = state.segments.after(hintedUpTo);
                each != null && each.isSealed && each.number <= upTo;
                each = state.segments.after(hintedUpTo)) {
            hintedUpTo = each.number;
            // Of what is mostly dead little is read at a restart, and soon it will be cleaned.
            if (each.hintBytes == 0 && each.liveBytes > each.end / 4 && spares.hasSpaceFor(each.sizeBytes / 2)) {
                isHinting = true;
                spares.setAside(each.sizeBytes / 2);
                each.pins++;
                Segment chosen = each;
                threads.keeper().execute(() -> write(chosen));
                return;
            }
        }
    }

    private void write(Segment segment) {
        int bytes = Hints.write(directory, segment);
        writer.giveAhead(new Command.Internal(() -> {
            isHinting = false;
            spares.setAside(0);
            state.segments.hinted(segment, bytes);
            Spares.unpin(segment);
            if (segment.isGone) {
                Hints.delete(directory, segment);
            }
        }));
    }

    @Override
    public boolean holdsBack() {
        return cleaner.holdsBack();
    }

    @Override
    public boolean isFull() {
        return isScarce() && !log.hasRoomFor(settings.segmentBytes() / 16) && !spares.mayTake();
    }

    @Override
    public boolean isScarce() {
        return spares.isSpaceShort();
    }

    private void publishStat() {
        stat = new JournalStat(
                state.segments.count(),
                state.segments.totalBytes() + spares.bytes(),
                state.segments.liveBytes(),
                state.messages.size(),
                state.count(),
                state.places.size(),
                log.records(),
                log.bytes(),
                cleaner.copiedBytes(),
                spares.zeroBytes(),
                log.syncs(),
                log.syncNanos(),
                cleaner.cleanedSegments());
    }

    /// Any thread.
    JournalStat stat() {
        return stat;
    }

    // ---- End -----------------------------------------------------------------------------------------------------

    /// Ends the threads, seals the log and closes the files. Any thread but the writer's.
    void close(Runnable noMoreCommands) {
        writer.beginClose();
        Thread running = thread;
        if (running != null) {
            join(running);
        } else {
            while (writer.turn()) {
                // Until nothing is left to do.
            }
        }
        isStopped = true;
        threads.stop();
        noMoreCommands.run();
        try {
            writer.finish();
            for (Segment each : state.segments.inOrder()) {
                each.file.close();
            }
            spares.close();
        } catch (IOException e) {
            LOG.error("the journal in {} could not be closed in order", directory, e);
        }
    }

    /// Waits even when interrupted: the writer must not be left behind with files that are closed under it.
    private static void join(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
