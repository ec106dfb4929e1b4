// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.store.Recovery.QueueEntry;
import org.upwell.broker.store.Recovery.StoredSession;

/// The store of `durability: memory`: commits at once and survives nothing but the broker object. All methods may
/// be called from any thread; each session's facts are guarded by that session's own lock.
public final class InMemoryStore implements Store {

    /// A message in a queue, with how far its handshake has come.
    private record Entry(QueuedMessage queued, int packetId, boolean received) implements QueueEntry {

        @Override
        public long sequence() {
            return queued.sequence();
        }

        @Override
        public int qos() {
            return queued.qos();
        }

        @Override
        public int weightBytes() {
            return queued.message().weightBytes();
        }

        @Override
        public long expiresAtMillis() {
            return queued.message().expiresAtMillis();
        }
    }

    /// A session or a group.
    private static final class Kept {
        private final long number;
        private final @Nullable GroupRecord group;
        private volatile @Nullable SessionRecord session;
        // Guarded by this object.
        private final Map<String, SubscriptionRecord> subscriptions = new TreeMap<>();
        private final Map<Long, Entry> queue = new TreeMap<>();
        private final TreeSet<Integer> inboundPacketIds = new TreeSet<>();

        private Kept(long number, @Nullable GroupRecord group, @Nullable SessionRecord session) {
            this.number = number;
            this.group = group;
            this.session = session;
        }

        private synchronized void recover(Recovery into) {
            SessionRecord record = session;
            if (group != null) {
                into.group(number, group);
            } else if (record != null) {
                into.session(new StoredSession(number, record, List.copyOf(subscriptions.values()), inboundPacketIds));
            }
            queue.values().forEach(entry -> into.queued(number, entry));
        }
    }

    private record Retained(long sequence, Message message) {}

    private final AtomicLong nextNumber = new AtomicLong(1);
    private final AtomicLong nextSequence = new AtomicLong(1);
    private final Map<SessionKey, Kept> sessions = new ConcurrentHashMap<>();
    private final Map<GroupRecord, Kept> groups = new ConcurrentHashMap<>();
    private final Map<Long, Kept> byNumber = new ConcurrentSkipListMap<>();
    private final Map<String, Retained> retained = new ConcurrentHashMap<>();
    private volatile boolean isRecovering;

    @Override
    public void recover(Recovery into) {
        isRecovering = true;
        byNumber.values().forEach(kept -> kept.recover(into));
        retained.values().forEach(each -> into.retained(each.sequence, each.message));
        isRecovering = false;
    }

    @Override
    public long putSession(SessionRecord session, Commit commit) {
        Kept kept = sessions.compute(session.key(), (key, old) -> {
            if (old != null) {
                old.session = session;
                return old;
            }
            return create(null, session);
        });
        commit.committed();
        return kept.number;
    }

    private Kept create(@Nullable GroupRecord group, @Nullable SessionRecord session) {
        if (isRecovering) {
            // One that reads from disk could not take it: who relies on this one is not to find out there.
            throw new IllegalStateException("the store is being read: nothing can be given to it");
        }
        Kept fresh = new Kept(nextNumber.getAndIncrement(), group, session);
        byNumber.put(fresh.number, fresh);
        return fresh;
    }

    @Override
    public long putGroup(GroupRecord group, Commit commit) {
        Kept kept = groups.computeIfAbsent(group, key -> create(key, null));
        commit.committed();
        return kept.number;
    }

    @Override
    public void removeSession(long session, Commit commit) {
        Kept kept = byNumber.remove(session);
        if (kept != null && kept.group != null) {
            groups.remove(kept.group, kept);
        } else if (kept != null && kept.session != null) {
            sessions.remove(kept.session.key(), kept);
        }
        commit.committed();
    }

    @Override
    public void putSubscription(long session, SubscriptionRecord subscription, Commit commit) {
        Kept kept = byNumber.get(session);
        if (kept != null) {
            synchronized (kept) {
                kept.subscriptions.put(subscription.filter(), subscription);
            }
        }
        commit.committed();
    }

    @Override
    public void removeSubscription(long session, String filter, Commit commit) {
        Kept kept = byNumber.get(session);
        if (kept != null) {
            synchronized (kept) {
                kept.subscriptions.remove(filter);
            }
        }
        commit.committed();
    }

    @Override
    public long nextSequence() {
        return nextSequence.getAndIncrement();
    }

    @Override
    public void append(long sequence, Append append, Commit commit) {
        Message message = append.message();
        for (QueueTarget target : append.targets()) {
            enqueue(target, sequence, message);
        }
        if (append.retained()) {
            // A later number stays, whoever comes first. What was cleared needs no such guard: it is one map's step
            // after another here, and a number is drawn in the order in which the place is taken.
            retained.compute(message.topic(), (topic, old) -> {
                if (old != null && old.sequence > sequence) {
                    return old;
                }
                return message.payload().length == 0 ? null : new Retained(sequence, message);
            });
        }
        Kept publisher = append.publisher() == 0 ? null : byNumber.get(append.publisher());
        if (publisher != null && append.packetId() != 0) {
            synchronized (publisher) {
                publisher.inboundPacketIds.add(append.packetId());
            }
        }
        commit.committed();
    }

    private void enqueue(QueueTarget target, long sequence, Message message) {
        Kept kept = byNumber.get(target.session());
        if (kept != null) {
            QueuedMessage queued =
                    new QueuedMessage(sequence, message, target.qos(), target.retain(), target.subscriptionIds());
            synchronized (kept) {
                kept.queue.put(sequence, new Entry(queued, 0, false));
            }
        }
    }

    @Override
    public void acknowledged(long session, long sequence) {
        take(session, sequence);
    }

    private @Nullable Entry take(long session, long sequence) {
        Kept kept = byNumber.get(session);
        if (kept == null) {
            return null;
        }
        synchronized (kept) {
            return kept.queue.remove(sequence);
        }
    }

    @Override
    public void moved(long from, QueueTarget to, long sequence, Commit commit) {
        Entry entry = take(from, sequence);
        if (entry != null) {
            enqueue(to, sequence, entry.queued.message());
        }
        commit.committed();
    }

    @Override
    public void outboundSent(long session, long sequence, int packetId, Commit commit) {
        replace(session, sequence, packetId, false);
        commit.committed();
    }

    @Override
    public void outboundReceived(long session, long sequence, Commit commit) {
        replace(session, sequence, 0, true);
        commit.committed();
    }

    private void replace(long session, long sequence, int packetId, boolean received) {
        Kept kept = byNumber.get(session);
        if (kept == null) {
            return;
        }
        synchronized (kept) {
            kept.queue.computeIfPresent(
                    sequence,
                    (key, old) ->
                            new Entry(old.queued, packetId == 0 ? old.packetId : packetId, received || old.received));
        }
    }

    @Override
    public void inboundReleased(long session, int packetId, Commit commit) {
        Kept kept = byNumber.get(session);
        if (kept != null) {
            synchronized (kept) {
                kept.inboundPacketIds.remove(packetId);
            }
        }
        commit.committed();
    }

    @Override
    public void retainedExpired(String topic, long sequence) {
        retained.computeIfPresent(topic, (key, old) -> old.sequence == sequence ? null : old);
    }

    @Override
    public void fetch(long session, long[] sequences, Fetch fetch) {
        List<QueuedMessage> found = new ArrayList<>(sequences.length);
        Kept kept = byNumber.get(session);
        if (kept != null) {
            synchronized (kept) {
                for (long sequence : sequences) {
                    Entry entry = kept.queue.get(sequence);
                    if (entry != null) {
                        found.add(entry.queued);
                    }
                }
            }
        }
        fetch.fetched(found);
    }

    @Override
    public void sync(Commit commit) {
        commit.committed();
    }

    @Override
    public StoreCondition condition() {
        return StoreCondition.READY;
    }

    @Override
    public void close() {
        // Nothing is held outside the heap, and a test may open a second broker on what this one kept.
    }

    @Override
    public String toString() {
        return "InMemoryStore[" + byNumber.size() + " sessions and groups, " + retained.size() + " retained]";
    }
}
