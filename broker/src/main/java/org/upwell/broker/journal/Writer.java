// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.store.StoreCondition;
import org.upwell.broker.store.StoreException;
import org.upwell.broker.store.StoreFullException;

/// The writer thread: takes commands from any thread, a group at a time, and tells each group's commits when it is
/// as safe as the mode promises. What arrives during a sync is the next group.
///
/// The journal's own work goes ahead of what was given to it, and while cleaning is behind it is all that is done:
/// so the log never grows faster than space is won back.
///
/// It is never interrupted, which would close its file. After a write or sync failed it writes nothing more: what
/// the disk holds of that file is not known. Commands from then on fail, reading goes on.
final class Writer implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(Writer.class);
    private static final int MAX_GROUP = 16_384;
    /// Pieces of the journal's own work in one group, so that cleaning alone does not make a group long.
    private static final int MAX_AHEAD = 4;
    private static final int MAX_GROUP_BYTES = 8 << 20;
    private static final long HOUSEKEEPING_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Queue<Command> commands = new MpscUnboundedAtomicArrayQueue<>(1024);
    private final Queue<Command.Internal> ahead = new ConcurrentLinkedQueue<>();
    private final JournalSettings settings;
    private final JournalThreads threads;
    private final Log log;
    private final Facts facts;
    private final Group group = new Group();
    private final Housekeeping housekeeping;
    private final Consumer<StoreCondition> conditionChanged;

    /// One of the three below.
    private final AtomicInteger rest = new AtomicInteger();
    private volatile boolean isClosing;
    private volatile @Nullable Thread thread;
    private volatile @Nullable StoreException failure;
    private static final int AWAKE = 0;
    private static final int RESTS = 1;
    /// Rests until the journal's own work comes: what was given waits.
    private static final int HOLDS_BACK = 2;

    // Writer thread only from here on.
    private StoreCondition condition = StoreCondition.READY;
    private boolean wasRefused;
    private long unsyncedSinceNanos;
    private boolean isUnsynced;
    private long nextHousekeepingNanos;

    /// What is looked after between groups.
    interface Housekeeping {
        /// After each group. Writer thread.
        void afterGroup() throws IOException;

        /// True while nothing that was given is to be done, since cleaning is behind and at work.
        boolean holdsBack();

        /// True if no more appends can be taken for want of space.
        boolean isFull();

        /// True if space is running out.
        boolean isScarce();
    }

    Writer(
            JournalSettings settings,
            JournalThreads threads,
            Log log,
            Facts facts,
            Housekeeping housekeeping,
            Consumer<StoreCondition> conditionChanged) {
        this.settings = settings;
        this.threads = threads;
        this.log = log;
        this.facts = facts;
        this.housekeeping = housekeeping;
        this.conditionChanged = conditionChanged;
    }

    // ---- Any thread ----------------------------------------------------------------------------------------------

    void give(Command command) {
        commands.add(command);
        // Between the command's coming in and the look at the flag nothing may be reordered; the queue's own
        // compare-and-set sees to that. Whoever takes the flag away wakes the writer, so many givers do it once.
        if (rest.get() == RESTS && rest.compareAndSet(RESTS, AWAKE)) {
            LockSupport.unpark(thread);
        }
    }

    /// Work of the journal's own, whose order among what was given does not matter.
    void giveAhead(Command.Internal work) {
        ahead.add(work);
        if (rest.get() != AWAKE && rest.getAndSet(AWAKE) != AWAKE) {
            LockSupport.unpark(thread);
        }
    }

    boolean isFailed() {
        return failure != null;
    }

    @Nullable
    StoreException failure() {
        return failure;
    }

    boolean isClosing() {
        return isClosing;
    }

    /// Ends the thread once everything given before was done.
    void beginClose() {
        isClosing = true;
        rest.set(AWAKE);
        LockSupport.unpark(thread);
    }

    // ---- Writer thread -------------------------------------------------------------------------------------------

    @Override
    public void run() {
        thread = Thread.currentThread();
        while (!isClosing || !commands.isEmpty() || !ahead.isEmpty()) {
            if (!turn()) {
                idle();
            }
        }
    }

    private void idle() {
        long wait = HOUSEKEEPING_NANOS;
        if (isUnsynced) {
            wait = settings.interval().toNanos() - (threads.nanoTime().getAsLong() - unsyncedSinceNanos);
        }
        boolean holdsBack = holdsBack();
        rest.set(holdsBack ? HOLDS_BACK : RESTS);
        if (ahead.isEmpty() && (holdsBack || commands.isEmpty()) && !isClosing && wait > 0) {
            LockSupport.parkNanos(this, wait);
        }
        rest.set(AWAKE);
    }

    /// Never at the end: all that was given is done then.
    private boolean holdsBack() {
        return !isClosing && failure == null && housekeeping.holdsBack();
    }

    /// Does one group. False if there was nothing to do.
    boolean turn() {
        int done = runAhead();
        if (!holdsBack()) {
            done += runGiven();
        }
        if (done > 0 || isIntervalOver()) {
            endGroup();
        }
        long now = threads.nanoTime().getAsLong();
        if (done > 0 || now - nextHousekeepingNanos >= 0) {
            nextHousekeepingNanos = now + HOUSEKEEPING_NANOS;
            keepHouse();
        }
        return done > 0;
    }

    private int runAhead() {
        int done = 0;
        for (Command next = ahead.poll(); next != null; next = ahead.poll()) {
            run(next);
            if (++done == MAX_AHEAD) {
                break;
            }
        }
        return done;
    }

    private int runGiven() {
        int done = 0;
        long bytesBefore = log.bytes();
        for (Command next = commands.poll(); next != null; next = commands.poll()) {
            run(next);
            if (++done == MAX_GROUP || log.bytes() - bytesBefore > MAX_GROUP_BYTES) {
                break;
            }
        }
        return done;
    }

    private void run(Command command) {
        StoreException failed = failure;
        if (failed != null && !(command instanceof Command.Internal)) {
            group.refuse(command.commit(), failed);
            return;
        }
        try {
            command.run(facts);
            group.add(command.commit());
        } catch (StoreFullException e) {
            wasRefused = true;
            group.refuse(command.commit(), e);
        } catch (IOException | RuntimeException e) {
            group.refuse(command.commit(), fail(e));
        }
    }

    private void endGroup() {
        if (failure == null) {
            try {
                facts.flushSteps();
                log.flush();
                if (log.isDirty() && !isUnsynced) {
                    isUnsynced = true;
                    unsyncedSinceNanos = threads.nanoTime().getAsLong();
                }
                if (isSyncDue()) {
                    log.force();
                }
                isUnsynced = log.isDirty();
            } catch (IOException | RuntimeException e) {
                fail(e);
            }
        }
        group.tell(failure);
    }

    private boolean isSyncDue() {
        return isIntervalOver() || (settings.mode() == JournalSettings.Mode.SYNC && group.waitsForSync());
    }

    private boolean isIntervalOver() {
        return isUnsynced
                && threads.nanoTime().getAsLong() - unsyncedSinceNanos
                        >= settings.interval().toNanos();
    }

    private StoreException fail(Exception cause) {
        StoreException failed = failure;
        if (failed == null) {
            failed = new StoreException(
                    "the journal in " + settings.directory() + " cannot be written: " + cause, cause);
            failure = failed;
            isUnsynced = false;
            LOG.error("the journal in {} failed; nothing is acknowledged any more", settings.directory(), cause);
        }
        return failed;
    }

    private void keepHouse() {
        if (failure == null) {
            try {
                housekeeping.afterGroup();
            } catch (IOException | RuntimeException e) {
                fail(e);
            }
        }
        StoreCondition now = now();
        if (now != condition) {
            LOG.warn("the journal in {} is {}, was {}", settings.directory(), now, condition);
            condition = now;
            conditionChanged.accept(now);
        }
    }

    private StoreCondition now() {
        if (failure != null) {
            return StoreCondition.FAILED;
        }
        if (housekeeping.isFull()) {
            return StoreCondition.FULL;
        }
        if (wasRefused) {
            // A large message found no room where a small one would.
            wasRefused = false;
            return StoreCondition.FULL;
        }
        return housekeeping.isScarce() ? StoreCondition.SCARCE : StoreCondition.READY;
    }

    /// Refuses what was given after the thread had ended. Any thread.
    synchronized void refuseLate() throws IOException {
        StoreException closed = new StoreException("the journal is closed");
        for (Command.Internal next = ahead.poll(); next != null; next = ahead.poll()) {
            next.run(facts);
        }
        for (Command next = commands.poll(); next != null; next = commands.poll()) {
            if (next instanceof Command.Internal internal) {
                internal.run(facts);
            } else {
                group.refuse(next.commit(), closed);
            }
        }
        group.tell(null);
    }

    /// Once the thread has ended: fails what came too late, and seals the log. Any thread, once.
    void finish() throws IOException {
        refuseLate();
        if (failure == null) {
            log.close();
        }
    }
}
