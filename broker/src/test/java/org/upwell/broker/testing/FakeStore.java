// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.testing;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
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

/// A store that commits on the test's command, as one does that waits for a disk. One thread.
public final class FakeStore implements Store {

    private final InMemoryStore kept = new InMemoryStore();
    private final Deque<Commit> waiting = new ArrayDeque<>();
    private final List<Append> appends = new ArrayList<>();
    private final Deque<Runnable> reads = new ArrayDeque<>();
    private boolean holding = true;
    private boolean holdingReads;
    private boolean refusing;
    private StoreCondition condition = StoreCondition.READY;

    /// From now on facts are committed at once, or not.
    public void hold(boolean hold) {
        holding = hold;
    }

    /// From now on there is no space for appends, or there is again: found out only as they are about to commit.
    public void refuse(boolean refuse) {
        refusing = refuse;
    }

    public void condition(StoreCondition said) {
        condition = said;
    }

    /// From now on reads are answered by [#answerReads].
    public void holdReads() {
        holdingReads = true;
    }

    public void answerReads() {
        while (!reads.isEmpty()) {
            reads.removeFirst().run();
        }
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

    @SuppressWarnings("ReferenceEquality") // There is one NONE, for which nobody waits.
    private void tell(Commit commit) {
        if (holding && commit != Commit.NONE) {
            waiting.addLast(commit);
        } else {
            commit.committed();
        }
    }

    /// Fails when it is its turn to be committed.
    private record Refused(Commit commit) implements Commit {
        @Override
        public @Nullable Owner owner() {
            return commit.owner();
        }

        @Override
        public void committed() {
            commit.failed(new StoreFullException("the disk is full"));
        }

        @Override
        public void failed(StoreException cause) {
            commit.failed(cause);
        }
    }

    @Override
    public void recover(Recovery into) {
        kept.recover(into);
    }

    @Override
    public long putSession(SessionRecord session, Commit commit) {
        long number = kept.putSession(session, Commit.NONE);
        tell(commit);
        return number;
    }

    @Override
    public long putGroup(GroupRecord group, Commit commit) {
        long number = kept.putGroup(group, Commit.NONE);
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
        if (refusing) {
            waiting.addLast(new Refused(commit));
            return;
        }
        kept.append(sequence, append, Commit.NONE);
        tell(commit);
    }

    @Override
    public void acknowledged(long session, long sequence) {
        kept.acknowledged(session, sequence);
    }

    @Override
    public void moved(long from, QueueTarget to, long sequence, Commit commit) {
        kept.moved(from, to, sequence, Commit.NONE);
        tell(commit);
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
    public void retainedExpired(String topic, long sequence) {
        kept.retainedExpired(topic, sequence);
    }

    @Override
    public void fetch(long session, long[] sequences, Fetch fetch) {
        if (holdingReads) {
            reads.addLast(() -> kept.fetch(session, sequences, fetch));
        } else {
            kept.fetch(session, sequences, fetch);
        }
    }

    @Override
    public StoreCondition condition() {
        return condition;
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
