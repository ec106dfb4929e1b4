// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

import org.jspecify.annotations.Nullable;
import org.upwell.broker.owner.Owner;

/// Told when a fact is as safe as the durability mode promises. Exactly one of [#committed] and [#failed] is
/// called, once. A store that commits at once calls it before the method that took the fact returns, on the
/// caller's thread; others call it later on the thread of [#owner].
public interface Commit {

    /// Where to call back; null if it does not matter.
    @Nullable
    Owner owner();

    void committed();

    /// The fact may or may not be kept; whoever waits for it must not be told that it is.
    void failed(StoreException cause);

    /// For facts whose commit nobody waits for.
    Commit NONE = new Commit() {
        @Override
        public @Nullable Owner owner() {
            return null;
        }

        @Override
        public void committed() {}

        @Override
        public void failed(StoreException cause) {
            // The store itself reports its failure to operators and stops acknowledging; nobody waits here.
        }
    };
}
