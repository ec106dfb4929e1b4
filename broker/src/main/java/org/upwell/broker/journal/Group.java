// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.StoreException;

/// The commits that wait for one sync, told together: each owner's by one task, in the order in which they were
/// given. Owned by the writer thread.
final class Group {

    private static final Logger LOG = LoggerFactory.getLogger(Group.class);

    /// A commit that fails whatever becomes of the others.
    private record Refused(Commit commit, StoreException cause) implements Commit {

        @Override
        public @Nullable Owner owner() {
            return commit.owner();
        }

        @Override
        public void committed() {
            commit.failed(cause);
        }

        @Override
        public void failed(StoreException ofAll) {
            commit.failed(ofAll);
        }
    }

    private final IdentityHashMap<Owner, List<Commit>> byOwner = new IdentityHashMap<>();
    private List<Commit> waiting = new ArrayList<>();
    private int accepted;

    /// True if a commit waits for what was written.
    boolean waitsForSync() {
        return accepted > 0;
    }

    void add(Commit commit) {
        if (!commit.equals(Commit.NONE)) {
            waiting.add(commit);
            accepted++;
        }
    }

    void refuse(Commit commit, StoreException cause) {
        if (!commit.equals(Commit.NONE)) {
            waiting.add(new Refused(commit, cause));
        }
    }

    /// Tells all and begins anew.
    ///
    /// @param failure why nothing is safe, or null
    void tell(@Nullable StoreException failure) {
        List<Commit> all = waiting;
        if (all.isEmpty()) {
            return;
        }
        // Whoever is told may give more, which is not of this group.
        waiting = new ArrayList<>(all.size());
        accepted = 0;
        Owner last = null;
        List<Commit> ofLast = new ArrayList<>();
        for (Commit each : all) {
            Owner owner = each.owner();
            if (owner == null) {
                tell(each, failure);
                continue;
            }
            if (!owner.equals(last)) {
                ofLast = byOwner.computeIfAbsent(owner, key -> new ArrayList<>());
                last = owner;
            }
            ofLast.add(each);
        }
        byOwner.forEach((owner, commits) -> {
            try {
                owner.execute(() -> commits.forEach(each -> tell(each, failure)));
            } catch (RuntimeException e) {
                // Its loop was stopped: nobody is left to be told.
                LOG.debug("{} does not take outcomes any more", owner, e);
            }
        });
        byOwner.clear();
    }

    private static void tell(Commit commit, @Nullable StoreException failure) {
        try {
            if (failure == null) {
                commit.committed();
            } else {
                commit.failed(failure);
            }
        } catch (RuntimeException e) {
            LOG.error("{} could not take its outcome", commit, e);
        }
    }
}
