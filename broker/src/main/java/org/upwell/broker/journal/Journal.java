// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.store.Append;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.Fetch;
import org.upwell.broker.store.GroupRecord;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.Recovery;
import org.upwell.broker.store.SessionRecord;
import org.upwell.broker.store.Store;
import org.upwell.broker.store.StoreCondition;
import org.upwell.broker.store.StoreException;
import org.upwell.broker.store.SubscriptionRecord;

/// The durable store: an append-only log in segments on disk, its fold in memory. All methods may be called from
/// any thread; they hand a command to the writer thread, which owns everything else, and never wait for the disk,
/// except [#recover], [#backupTo] and [#close].
public final class Journal implements Store {

    private static final Logger LOG = LoggerFactory.getLogger(Journal.class);

    /// From here on sequences are of messages that are not kept, since the journal failed.
    private static final long UNKEPT = 1L << 56;

    private final JournalSettings settings;
    private final Tuning tuning;
    private final JournalThreads threads;
    private final Directory directory;

    private final Map<SessionKey, Long> sessionNumbers = new ConcurrentHashMap<>();
    private final Map<GroupRecord, Long> groupNumbers = new ConcurrentHashMap<>();
    /// By number: a [SessionKey] or a [GroupRecord].
    private final Map<Long, Object> keys = new ConcurrentHashMap<>();
    private final AtomicLong nextNumber = new AtomicLong(1);
    private final AtomicLong nextSequence = new AtomicLong(1);
    private final AtomicLong nextUnkept = new AtomicLong();
    private final AtomicBoolean isReservationAsked = new AtomicBoolean();
    private volatile long reservedSequences = 1;
    private volatile StoreCondition condition = StoreCondition.READY;

    private volatile @Nullable Core core;
    private volatile boolean isClosed;

    /// Locks the directory, made if there is none; reads nothing yet.
    ///
    /// @throws StoreException if the directory cannot be used or another journal is open there
    public static Journal open(JournalSettings settings) {
        return new Journal(
                settings,
                Tuning.of(settings.segmentBytes()),
                SystemDirectory.open(settings.directory()),
                JournalThreads.start());
    }

    Journal(JournalSettings settings, Tuning tuning, Directory directory, JournalThreads threads) {
        this.settings = settings;
        this.tuning = tuning;
        this.directory = directory;
        this.threads = threads;
    }

    // ---- Recovery ------------------------------------------------------------------------------------------------

    @Override
    public void recover(Recovery into) {
        if (core != null) {
            throw new IllegalStateException("the journal was recovered before");
        }
        JournalState state = new JournalState();
        Replay replay = new Replay(state);
        Loader loader = new Loader(directory, state, replay);
        try {
            loader.read();
            RecoveryTeller teller = new RecoveryTeller(state);
            teller.tell(into);
            loader.putInOrder();
            begin(state, replay, loader.lastNumber());
        } catch (IOException e) {
            throw new StoreException("the journal in " + directory + " cannot be read: " + e, e);
        } finally {
            if (core == null) {
                giveUp(loader);
            }
        }
    }

    private void giveUp(Loader loader) {
        try {
            loader.giveUp();
        } catch (IOException e) {
            LOG.warn("files of the journal in {} stay open", directory, e);
        }
    }

    private void begin(JournalState state, Replay replay, int lastNumber) throws IOException {
        for (long number : state.numbers()) {
            Kept kept = state.find(number);
            if (kept != null && kept.session != null) {
                sessionNumbers.put(kept.session.key(), number);
                keys.put(number, kept.session.key());
            } else if (kept != null && kept.group != null) {
                groupNumbers.put(kept.group, number);
                keys.put(number, kept.group);
            }
        }
        nextNumber.set(replay.nextNumber);
        nextSequence.set(replay.reservedSequences);
        reservedSequences = replay.reservedSequences + tuning.sequenceChunk();
        Core made = new Core(
                directory,
                state,
                settings,
                tuning,
                threads,
                () -> reservedSequences,
                nextNumber::get,
                now -> condition = now);
        made.start(lastNumber, replay.halfCleaned);
        // The number of a segment is used once.
        nextUnkept.set(UNKEPT | (long) (lastNumber + 1) << 24);
        core = made;
    }

    /// Recovered and not closed.
    private Core core() {
        Core current = core;
        if (current == null) {
            throw new IllegalStateException("the journal was not recovered");
        }
        return current;
    }

    private void give(Command command) {
        Core current = core();
        current.writer.give(command);
        if (isClosed) {
            refuseLate(current);
        }
    }

    private void ahead(Command.Internal work) {
        Core current = core();
        current.writer.giveAhead(work);
        if (isClosed) {
            refuseLate(current);
        }
    }

    /// The writer has ended: what comes late is refused here.
    private void refuseLate(Core current) {
        try {
            current.writer.refuseLate();
        } catch (IOException e) {
            LOG.debug("what came after the end of {} was left undone", this, e);
        }
    }

    // ---- Sessions and groups -------------------------------------------------------------------------------------

    @Override
    public long putSession(SessionRecord session, Commit commit) {
        long number = sessionNumbers.computeIfAbsent(session.key(), this::newNumber);
        give(new Command.PutSession(number, session, commit));
        return number;
    }

    private long newNumber(Object key) {
        long number = nextNumber.getAndIncrement();
        keys.put(number, key);
        return number;
    }

    @Override
    public long putGroup(GroupRecord group, Commit commit) {
        long number = groupNumbers.computeIfAbsent(group, this::newNumber);
        give(new Command.PutGroup(number, group, commit));
        return number;
    }

    @Override
    public void removeSession(long session, Commit commit) {
        Object key = keys.remove(session);
        if (key instanceof SessionKey sessionKey) {
            sessionNumbers.remove(sessionKey, session);
        } else if (key instanceof GroupRecord group) {
            groupNumbers.remove(group, session);
        }
        give(new Command.Remove(session, commit));
    }

    @Override
    public void putSubscription(long session, SubscriptionRecord subscription, Commit commit) {
        give(new Command.Subscribed(session, subscription, commit));
    }

    @Override
    public void removeSubscription(long session, String filter, Commit commit) {
        give(new Command.Unsubscribed(session, filter, commit));
    }

    // ---- Messages ------------------------------------------------------------------------------------------------

    /// Numbers are promised on disk before they are given, a chunk at a time and long before the last is used up.
    @Override
    public long nextSequence() {
        long sequence = nextSequence.getAndIncrement();
        return sequence < reservedSequences - tuning.sequenceChunk() / 2 ? sequence : reserved(sequence);
    }

    private long reserved(long sequence) {
        Core current = core();
        if (!isReservationAsked.getAndSet(true)) {
            ahead(new Command.Internal(() -> {
                long upTo = Math.max(reservedSequences, sequence) + tuning.sequenceChunk();
                if (current.promise(upTo)) {
                    reservedSequences = upTo;
                    isReservationAsked.set(false);
                }
            }));
        }
        // Only when some half a million numbers were given during one write.
        while (sequence >= reservedSequences && !current.writer.isFailed() && !isClosed) {
            if (threads.ownWriter()) {
                LockSupport.parkNanos(this, 50_000);
            } else {
                turn();
            }
        }
        // Nothing can be promised any more, nor will a message be kept. Another run may give this number, so the
        // message gets one that no run gives to what is kept.
        return sequence < reservedSequences ? sequence : nextUnkept.getAndIncrement();
    }

    @Override
    public void append(long sequence, Append append, Commit commit) {
        give(new Command.Appended(sequence, append, commit));
    }

    @Override
    public void acknowledged(long session, long sequence) {
        give(new Command.Acknowledged(session, sequence));
    }

    @Override
    public void moved(long from, QueueTarget to, long sequence, Commit commit) {
        give(new Command.Moved(from, to, sequence, commit));
    }

    @Override
    public void outboundSent(long session, long sequence, int packetId, Commit commit) {
        give(new Command.Sent(session, sequence, packetId, commit));
    }

    @Override
    public void outboundReceived(long session, long sequence, Commit commit) {
        give(new Command.Received(session, sequence, commit));
    }

    @Override
    public void inboundReleased(long session, int packetId, Commit commit) {
        give(new Command.Released(session, packetId, commit));
    }

    @Override
    public void retainedExpired(String topic, long sequence) {
        give(new Command.RetainedExpired(topic, sequence));
    }

    @Override
    public void fetch(long session, long[] sequences, Fetch fetch) {
        Fetching fetching = new Fetching(session, fetch);
        Core current = core();
        long[] wanted = sequences.clone();
        give(new Command.Internal(() -> current.fetch(session, wanted, fetching)));
    }

    @Override
    public void sync(Commit commit) {
        give(new Command.Synced(commit));
    }

    // ---- Care ----------------------------------------------------------------------------------------------------

    @Override
    public StoreCondition condition() {
        return condition;
    }

    /// The journal in numbers, as of a moment ago. Any thread; cheap.
    public JournalStat stat() {
        Core current = core;
        return current == null ? JournalStat.EMPTY : current.stat();
    }

    /// Copies the journal as it is now, while it goes on, to a directory that must not exist yet. The copy opens as
    /// a journal. Waits for it; not to be called on an event loop.
    ///
    /// @throws StoreException if it could not be made; nothing is left behind then
    public void backupTo(Path target) {
        new Backup(core(), target).make();
    }

    /// Looks at a journal that is not open, byte by byte, without changing anything.
    public static JournalReport verify(Path directory) {
        return new Inspection(directory).verify();
    }

    /// Mends a journal that is not open so that it can be opened: leaves out damaged records, and whole records
    /// behind the damage only if it cannot be told where they begin. The damaged files are kept aside.
    public static JournalReport repair(Path directory) {
        return new Inspection(directory).repair();
    }

    /// A journal that is not open in numbers.
    ///
    /// @throws StoreException if it cannot be read
    public static JournalStat stat(Path directory) {
        return new Inspection(directory).stat();
    }

    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        Core current = core;
        if (current != null) {
            current.close(() -> isClosed = true);
        } else {
            isClosed = true;
            threads.stop();
        }
        try {
            directory.close();
        } catch (IOException e) {
            LOG.warn("the lock of the journal in {} cannot be let go", directory, e);
        }
    }

    /// One turn of the writer, for tests without a thread of it. False if there was nothing to do.
    boolean turn() {
        return core().writer.turn();
    }

    @Override
    public String toString() {
        return "Journal[" + directory + "]";
    }
}
