// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.StoreException;

/// A commit that writes down when, how often and on which thread it was told.
public final class RecordedCommit implements Commit {

    private final @Nullable Owner owner;
    private final List<String> calls = new CopyOnWriteArrayList<>();
    private final CountDownLatch told = new CountDownLatch(1);
    private final Runnable whenTold;
    private volatile boolean onOwner;

    public RecordedCommit() {
        this(null, () -> {});
    }

    public RecordedCommit(@Nullable Owner owner, Runnable whenTold) {
        this.owner = owner;
        this.whenTold = whenTold;
    }

    @Override
    public @Nullable Owner owner() {
        return owner;
    }

    @Override
    public void committed() {
        onOwner = owner == null || owner.isCurrent();
        calls.add("committed");
        whenTold.run();
        told.countDown();
    }

    @Override
    public void failed(StoreException cause) {
        onOwner = owner == null || owner.isCurrent();
        calls.add("failed: " + cause.getMessage());
        told.countDown();
    }

    public void await() {
        try {
            assertThat(told.await(20, TimeUnit.SECONDS))
                    .as("the commit is told")
                    .isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /// What was told so far.
    public List<String> calls() {
        return List.copyOf(calls);
    }

    public void assertCommittedOnce() {
        await();
        assertThat(calls).containsExactly("committed");
        assertThat(onOwner).as("told on its owner's thread").isTrue();
    }
}
