// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// Counts the messages that the client has accepted and not finished, so that a caller who is faster than the network
/// is refused instead of filling the memory. For any thread.
final class Outstanding {

    private final int maxMessages;
    private final long maxBytes;
    private final AtomicInteger messages = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();

    Outstanding(int maxMessages, long maxBytes) {
        this.maxMessages = maxMessages;
        this.maxBytes = maxBytes;
    }

    /// Takes room for one message. One that is larger than all the room is let in when there is nothing else.
    boolean tryAdd(int messageBytes) {
        if (messages.incrementAndGet() > maxMessages) {
            messages.decrementAndGet();
            return false;
        }
        long total = bytes.addAndGet(messageBytes);
        if (total > maxBytes && total != messageBytes) {
            remove(messageBytes);
            return false;
        }
        return true;
    }

    void remove(int messageBytes) {
        bytes.addAndGet(-messageBytes);
        messages.decrementAndGet();
    }

    int messages() {
        return messages.get();
    }
}
