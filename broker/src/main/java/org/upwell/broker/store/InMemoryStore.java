// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.store.StoredState.StoredDelivery;
import org.upwell.broker.store.StoredState.StoredSession;

/// The store of `durability: memory`: commits at once and survives nothing but the broker object. All methods may
/// be called from any thread; each session's facts are guarded by that session's own lock.
public final class InMemoryStore implements Store {

    private static final class Kept {
        private final long number;
        private volatile SessionRecord session;
        // Guarded by this object.
        private final Map<String, SubscriptionRecord> subscriptions = new TreeMap<>();
        private final Map<Long, StoredDelivery> queue = new TreeMap<>();
        private final TreeSet<Integer> inboundPacketIds = new TreeSet<>();

        private Kept(long number, SessionRecord session) {
            this.number = number;
            this.session = session;
        }

        private synchronized StoredSession toStored() {
            return new StoredSession(
                    number,
                    session,
                    List.copyOf(subscriptions.values()),
                    List.copyOf(queue.values()),
                    new TreeSet<>(inboundPacketIds));
        }
    }

    private final AtomicLong nextNumber = new AtomicLong(1);
    private final AtomicLong nextSequence = new AtomicLong(1);
    private final Map<SessionKey, Kept> byKey = new ConcurrentHashMap<>();
    private final Map<Long, Kept> byNumber = new ConcurrentHashMap<>();
    private final Map<String, Message> retained = new ConcurrentHashMap<>();

    @Override
    public StoredState recover() {
        List<StoredSession> sessions = new ArrayList<>();
        for (Kept kept : byNumber.values()) {
            sessions.add(kept.toStored());
        }
        sessions.sort(Comparator.comparingLong(StoredSession::number));
        return new StoredState(sessions, List.copyOf(retained.values()));
    }

    @Override
    public long putSession(SessionRecord session, Commit commit) {
        Kept kept = byKey.compute(session.key(), (key, old) -> {
            if (old != null) {
                old.session = session;
                return old;
            }
            Kept fresh = new Kept(nextNumber.getAndIncrement(), session);
            byNumber.put(fresh.number, fresh);
            return fresh;
        });
        commit.committed();
        return kept.number;
    }

    @Override
    public void removeSession(long session, Commit commit) {
        Kept kept = byNumber.remove(session);
        if (kept != null) {
            byKey.remove(kept.session.key(), kept);
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
            Kept kept = byNumber.get(target.session());
            if (kept != null) {
                StoredDelivery delivery = new StoredDelivery(
                        sequence, message, target.qos(), target.retain(), target.subscriptionIds(), 0, false);
                synchronized (kept) {
                    kept.queue.put(sequence, delivery);
                }
            }
        }
        if (append.retained()) {
            if (message.payload().length == 0) {
                retained.remove(message.topic());
            } else {
                retained.put(message.topic(), message);
            }
        }
        Kept publisher = append.publisher() == 0 ? null : byNumber.get(append.publisher());
        if (publisher != null && append.packetId() != 0) {
            synchronized (publisher) {
                publisher.inboundPacketIds.add(append.packetId());
            }
        }
        commit.committed();
    }

    @Override
    public void acknowledged(long session, long sequence) {
        Kept kept = byNumber.get(session);
        if (kept != null) {
            synchronized (kept) {
                kept.queue.remove(sequence);
            }
        }
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
            @Nullable StoredDelivery old = kept.queue.get(sequence);
            if (old != null) {
                kept.queue.put(
                        sequence,
                        new StoredDelivery(
                                sequence,
                                old.message(),
                                old.qos(),
                                old.retain(),
                                old.subscriptionIds(),
                                packetId == 0 ? old.packetId() : packetId,
                                received || old.received()));
            }
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
    public void sync(Commit commit) {
        commit.committed();
    }

    @Override
    public void close() {
        // Nothing is held outside the heap, and a test may open a second broker on what this one kept.
    }

    @Override
    public String toString() {
        return "InMemoryStore[" + byNumber.size() + " sessions, " + retained.size() + " retained]";
    }
}
