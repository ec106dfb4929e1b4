// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.testing;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Append;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.store.SessionRecord;
import org.upwell.broker.store.Store;
import org.upwell.broker.store.StoreException;
import org.upwell.broker.store.StoredState;
import org.upwell.broker.store.SubscriptionRecord;

/// A store that commits on the test's command, as one does that waits for a disk. One thread.
public final class FakeStore implements Store {

    private final InMemoryStore kept = new InMemoryStore();
    private final Deque<Commit> waiting = new ArrayDeque<>();
    private final List<Append> appends = new ArrayList<>();
    private boolean holding = true;

    /// From now on facts are committed at once, or not.
    public void hold(boolean hold) {
        holding = hold;
    }

    /// Commits waiting to be told.
    public int waiting() {
        return waiting.size();
    }

    /// Everything that was appended.
    public List<Append> appends() {
        return List.copyOf(appends);
    }

    public void commitAll() {
        while (!waiting.isEmpty()) {
            commitNext();
        }
    }

    public void commitNext() {
        Commit commit = waiting.removeFirst();
        onOwner(commit, commit::committed);
    }

    public void failAll() {
        while (!waiting.isEmpty()) {
            Commit commit = waiting.removeFirst();
            onOwner(commit, () -> commit.failed(new StoreException("disk is gone", new IllegalStateException("test"))));
        }
    }

    private static void onOwner(Commit commit, Runnable call) {
        Owner owner = commit.owner();
        if (owner == null) {
            call.run();
        } else {
            owner.execute(call);
        }
    }

    private void tell(Commit commit) {
        if (holding) {
            waiting.addLast(commit);
        } else {
            commit.committed();
        }
    }

    @Override
    public StoredState recover() {
        return kept.recover();
    }

    @Override
    public long putSession(SessionRecord session, Commit commit) {
        long number = kept.putSession(session, Commit.NONE);
        tell(commit);
        return number;
    }

    @Override
    public void removeSession(long session, Commit commit) {
        kept.removeSession(session, Commit.NONE);
        tell(commit);
    }

    @Override
    public void putSubscription(long session, SubscriptionRecord subscription, Commit commit) {
        kept.putSubscription(session, subscription, Commit.NONE);
        tell(commit);
    }

    @Override
    public void removeSubscription(long session, String filter, Commit commit) {
        kept.removeSubscription(session, filter, Commit.NONE);
        tell(commit);
    }

    @Override
    public long nextSequence() {
        return kept.nextSequence();
    }

    @Override
    public void append(long sequence, Append append, Commit commit) {
        appends.add(append);
        kept.append(sequence, append, Commit.NONE);
        tell(commit);
    }

    @Override
    public void acknowledged(long session, long sequence) {
        kept.acknowledged(session, sequence);
    }

    @Override
    public void outboundSent(long session, long sequence, int packetId, Commit commit) {
        kept.outboundSent(session, sequence, packetId, Commit.NONE);
        tell(commit);
    }

    @Override
    public void outboundReceived(long session, long sequence, Commit commit) {
        kept.outboundReceived(session, sequence, Commit.NONE);
        tell(commit);
    }

    @Override
    public void inboundReleased(long session, int packetId, Commit commit) {
        kept.inboundReleased(session, packetId, Commit.NONE);
        tell(commit);
    }

    @Override
    public void sync(Commit commit) {
        tell(commit);
    }

    @Override
    public void close() {
        kept.close();
    }
}
