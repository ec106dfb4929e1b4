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
import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.store.StoreCondition;
import org.upwell.broker.store.StoreException;
import org.upwell.broker.store.StoreFullException;
import org.upwell.broker.testing.ForwardingStore;

/// A store that commits messages and releases only when told, as one that waits for its disk, or fails them; all
/// else at once. It is in the condition that it is told to be in.
final class FakeLateStore extends ForwardingStore {

    private final Queue<Commit> due = new ArrayDeque<>();
    private final CountDownLatch firstAppend = new CountDownLatch(1);
    private volatile StoreCondition condition = StoreCondition.READY;
    private volatile boolean isLate = true;
    private volatile boolean syncsAtOnce;

    FakeLateStore() {
        super(new InMemoryStore());
    }

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
    public void append(long sequence, Append append, Commit commit) {
        super.append(sequence, append, Commit.NONE);
        later(commit);
        firstAppend.countDown();
    }

    @Override
    public StoreCondition condition() {
        return condition;
    }

    @Override
    public void inboundReleased(long session, int packetId, Commit commit) {
        super.inboundReleased(session, packetId, Commit.NONE);
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
}
