// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import org.upwell.broker.owner.Owner;

/// Who a subscription brings messages to: a session, or a group of sessions that share it. Compared by identity.
public interface Subscriber {

    /// Hands a message over. Called on the thread of `sender`, any owner.
    void deliver(Delivery delivery, Owner sender);

    /// The number of its queue in the store, 0 if the store does not know it. Any thread.
    long storeNumber();
}
