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

    private record Outcome(Commit commit, @Nullable StoreException cause) {

        private void tell() {
            try {
                if (cause == null) {
                    commit.committed();
                } else {
                    commit.failed(cause);
                }
            } catch (RuntimeException e) {
                LOG.error("{} could not take its outcome", commit, e);
            }
        }
    }

    private final IdentityHashMap<Owner, List<Outcome>> byOwner = new IdentityHashMap<>();
    private List<Outcome> waiting = new ArrayList<>();
    private int accepted;

    /// True if a commit waits for what was written.
    boolean waitsForSync() {
        return accepted > 0;
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    void add(Commit commit) {
        if (!commit.equals(Commit.NONE)) {
            waiting.add(new Outcome(commit, null));
            accepted++;
        }
    }

    void refuse(Commit commit, StoreException cause) {
        if (!commit.equals(Commit.NONE)) {
            waiting.add(new Outcome(commit, cause));
        }
    }

    /// Tells all and begins anew.
    ///
    /// @param failure why nothing is safe, or null
    void tell(@Nullable StoreException failure) {
        List<Outcome> all = waiting;
        if (all.isEmpty()) {
            return;
        }
        waiting = new ArrayList<>();
        accepted = 0;
        for (Outcome each : all) {
            Outcome outcome = failure == null ? each : new Outcome(each.commit, failure);
            Owner owner = outcome.commit.owner();
            if (owner == null) {
                outcome.tell();
            } else {
                byOwner.computeIfAbsent(owner, key -> new ArrayList<>()).add(outcome);
            }
        }
        byOwner.forEach((owner, outcomes) -> {
            try {
                owner.execute(() -> outcomes.forEach(Outcome::tell));
            } catch (RuntimeException e) {
                // Its loop was stopped: nobody is left to be told.
                LOG.debug("{} does not take outcomes any more", owner, e);
            }
        });
        byOwner.clear();
    }
}
