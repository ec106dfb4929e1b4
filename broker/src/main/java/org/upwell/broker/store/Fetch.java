// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.owner.Owner;

/// Takes messages that were read back. Exactly one of [#fetched] and [#failed] is called, once, on the thread of
/// [#owner]; a store that has them in memory may call it before [Store#fetch] returns.
public interface Fetch {

    /// Where to call back; null if it does not matter.
    @Nullable
    Owner owner();

    /// @param messages in the order in which they were asked for, without those that the queue does not hold any
    ///     more
    void fetched(List<QueuedMessage> messages);

    /// They are kept but cannot be read now.
    void failed(StoreException cause);
}
