// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.event.DropCounts;

/// What one session lost, by cause, and how much of that its client was told. Written by the session's owner, read
/// from any thread.
public final class Drops {

    private static final DropCause[] CAUSES = DropCause.values();

    private final AtomicLongArray counts = new AtomicLongArray(CAUSES.length);
    private final AtomicLong told = new AtomicLong();
    /// Kept beside the counts, since it is looked at with each PUBLISH.
    private volatile long untold;

    /// Owner's thread.
    void count(DropCause cause) {
        counts.setRelease(cause.ordinal(), counts.get(cause.ordinal()) + 1);
        untold = total() - told.get();
    }

    /// Owner's thread.
    void restore(DropCounts kept) {
        for (DropCause cause : CAUSES) {
            counts.set(cause.ordinal(), kept.by(cause));
        }
        told.set(kept.told());
        untold = total() - told.get();
    }

    /// The client was told of `count` more; of less, if a message that was to tell it did not leave. Owner's
    /// thread.
    void told(long count) {
        untold = total() - told.addAndGet(count);
    }

    /// Any thread.
    public long total() {
        long total = 0;
        for (int i = 0; i < counts.length(); i++) {
            total += counts.get(i);
        }
        return total;
    }

    /// How many the client does not know of: one volatile read. Any thread.
    public long untold() {
        return untold;
    }

    /// Any thread.
    public DropCounts snapshot() {
        Map<DropCause, Long> byCause = new EnumMap<>(DropCause.class);
        for (DropCause cause : CAUSES) {
            long count = counts.get(cause.ordinal());
            if (count > 0) {
                byCause.put(cause, count);
            }
        }
        return new DropCounts(byCause, told.get());
    }
}
