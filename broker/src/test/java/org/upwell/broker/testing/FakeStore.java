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
import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.store.StoreCondition;
import org.upwell.broker.store.StoreException;
import org.upwell.broker.store.StoreFullException;

/// A store that commits on the test's command, as one does that waits for a disk. One thread.
public final class FakeStore extends ForwardingStore {

    private final Deque<Commit> waiting = new ArrayDeque<>();
    private final List<Append> appends = new ArrayList<>();
    private final Deque<Runnable> reads = new ArrayDeque<>();
    private boolean holding = true;
    private boolean holdingReads;
    private boolean refusing;
    private StoreCondition condition = StoreCondition.READY;

    public FakeStore() {
        super(new InMemoryStore());
    }

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

    /// Tells the fact's teller in its turn, once the fact is kept.
    private final class Held implements Commit {
        private final Commit commit;

        private Held(Commit commit) {
            this.commit = commit;
        }

        @Override
        public @Nullable Owner owner() {
            return null;
        }

        @Override
        public void committed() {
            tell(commit);
        }

        @Override
        public void failed(StoreException cause) {
            throw new IllegalStateException("memory does not fail", cause);
        }
    }

    @Override
    protected Commit onward(Commit commit) {
        return new Held(commit);
    }

    @Override
    public void append(long sequence, Append append, Commit commit) {
        appends.add(append);
        if (refusing) {
            waiting.addLast(new Refused(commit));
        } else {
            super.append(sequence, append, commit);
        }
    }

    @Override
    public void fetch(long session, long[] sequences, Fetch fetch) {
        if (holdingReads) {
            reads.addLast(() -> super.fetch(session, sequences, fetch));
        } else {
            super.fetch(session, sequences, fetch);
        }
    }

    @Override
    public StoreCondition condition() {
        return condition;
    }
}
