// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Append;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.Fetch;
import org.upwell.broker.store.GroupRecord;
import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.Recovery;
import org.upwell.broker.store.SessionRecord;
import org.upwell.broker.store.Store;
import org.upwell.broker.store.StoreCondition;
import org.upwell.broker.store.StoreException;
import org.upwell.broker.store.StoreFullException;
import org.upwell.broker.store.SubscriptionRecord;

/// A store that commits messages and releases only when told, as one that waits for its disk, or fails them; all
/// else at once. It is in the condition that it is told to be in.
final class FakeLateStore implements Store {

    private final InMemoryStore kept = new InMemoryStore();
    private final Queue<Commit> due = new ArrayDeque<>();
    private final CountDownLatch firstAppend = new CountDownLatch(1);
    private volatile StoreCondition condition = StoreCondition.READY;
    private volatile boolean isLate = true;
    private volatile boolean syncsAtOnce;

    /// From now on a sync tells of what its own thread gave, which others' messages do not delay.
    void syncAtOnce() {
        syncsAtOnce = true;
    }

    void condition(StoreCondition now) {
        condition = now;
    }

    /// From now on messages and releases are committed at once too.
    void beInTime() {
        isLate = false;
        commitAll();
    }

    void awaitFirstAppend() throws InterruptedException {
        if (!firstAppend.await(10, TimeUnit.SECONDS)) {
            throw new AssertionError("nothing was given to the store");
        }
    }

    /// Commits what was given so far, in order. Any thread.
    void commitAll() {
        tellAll(Commit::committed);
    }

    /// Fails what was given so far, in order. Any thread.
    void failAll(StoreException cause) {
        tellAll(commit -> commit.failed(cause));
    }

    private synchronized void tellAll(Consumer<Commit> outcome) {
        for (Commit next = due.poll(); next != null; next = due.poll()) {
            Owner owner = next.owner();
            Commit commit = next;
            if (owner == null) {
                outcome.accept(commit);
            } else {
                owner.execute(() -> outcome.accept(commit));
            }
        }
    }

    synchronized int waiting() {
        return due.size();
    }

    private synchronized void later(Commit commit) {
        if (isLate) {
            due.add(commit);
        } else {
            Owner owner = commit.owner();
            if (owner == null) {
                commit.committed();
            } else {
                owner.execute(commit::committed);
            }
        }
    }

    /// Refuses what was given so far, as a full disk does. Any thread.
    void refuseAll() {
        failAll(new StoreFullException("no space"));
    }

    @Override
    public void recover(Recovery into) {
        kept.recover(into);
    }

    @Override
    public long putSession(SessionRecord session, Commit commit) {
        return kept.putSession(session, commit);
    }

    @Override
    public long putGroup(GroupRecord group, Commit commit) {
        return kept.putGroup(group, commit);
    }

    @Override
    public void removeSession(long session, Commit commit) {
        kept.removeSession(session, commit);
    }

    @Override
    public void putSubscription(long session, SubscriptionRecord subscription, Commit commit) {
        kept.putSubscription(session, subscription, commit);
    }

    @Override
    public void removeSubscription(long session, String filter, Commit commit) {
        kept.removeSubscription(session, filter, commit);
    }

    @Override
    public long nextSequence() {
        return kept.nextSequence();
    }

    @Override
    public void append(long sequence, Append append, Commit commit) {
        kept.append(sequence, append, Commit.NONE);
        later(commit);
        firstAppend.countDown();
    }

    @Override
    public void acknowledged(long session, long sequence) {
        kept.acknowledged(session, sequence);
    }

    @Override
    public void moved(long from, QueueTarget to, long sequence, Commit commit) {
        kept.moved(from, to, sequence, commit);
    }

    @Override
    public void retainedExpired(String topic, long sequence) {
        kept.retainedExpired(topic, sequence);
    }

    @Override
    public void fetch(long session, long[] sequences, Fetch fetch) {
        kept.fetch(session, sequences, fetch);
    }

    @Override
    public StoreCondition condition() {
        return condition;
    }

    @Override
    public void outboundSent(long session, long sequence, int packetId, Commit commit) {
        kept.outboundSent(session, sequence, packetId, commit);
    }

    @Override
    public void outboundReceived(long session, long sequence, Commit commit) {
        kept.outboundReceived(session, sequence, commit);
    }

    @Override
    public void inboundReleased(long session, int packetId, Commit commit) {
        kept.inboundReleased(session, packetId, Commit.NONE);
        later(commit);
    }

    @Override
    public synchronized void sync(Commit commit) {
        if (due.isEmpty() || syncsAtOnce) {
            commit.committed();
        } else {
            due.add(commit);
        }
    }

    @Override
    public void close() {
        kept.close();
    }
}
