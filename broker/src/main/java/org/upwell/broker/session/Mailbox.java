// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.owner.Owner;

/// Deliveries from other threads, many producers and one consumer (the session's owner). A stack that the consumer
/// takes whole and reverses: one atomic step per message in, one per batch out, and nothing but two words while it
/// is empty, which counts with a million idle sessions.
final class Mailbox {

    private static final class Letter {
        private final Delivery delivery;
        private final Owner countedFor;
        private @Nullable Letter next;

        private Letter(Delivery delivery, Owner countedFor) {
            this.delivery = delivery;
            this.countedFor = countedFor;
        }
    }

    private final AtomicReference<@Nullable Letter> top = new AtomicReference<>();

    /// Any thread. True if the mailbox was empty, so that its owner must be told.
    ///
    /// @param countedFor the owner whose backlog the delivery is counted in, who need not be the one that drains it
    boolean put(Delivery delivery, Owner countedFor) {
        Letter letter = new Letter(delivery, countedFor);
        Letter below;
        do {
            below = top.get();
            letter.next = below;
        } while (!top.compareAndSet(below, letter));
        return below == null;
    }

    boolean isEmpty() {
        return top.get() == null;
    }

    /// What takes deliveries out.
    interface Reader {
        void read(Delivery delivery, Owner countedFor);
    }

    /// Owner's thread. Gives all waiting deliveries to `reader`, oldest first, and returns their number.
    int drain(Reader reader) {
        Letter newest = top.getAndSet(null);
        Letter oldest = null;
        while (newest != null) {
            Letter older = newest.next;
            newest.next = oldest;
            oldest = newest;
            newest = older;
        }
        int count = 0;
        for (Letter letter = oldest; letter != null; letter = letter.next) {
            reader.read(letter.delivery, letter.countedFor);
            count++;
        }
        return count;
    }
}
