// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import org.upwell.broker.event.DropCounts;

/// A queue at one moment, for people and programs that look after it. Immutable.
///
/// @param messages messages that wait; those in flight are not among them
/// @param bytes bytes of their topics, payloads and properties
/// @param oldestSeconds how long the first of them has waited, 0 if none waits
/// @param oldestIsOlder true if it is from before the broker's last start, so that it has waited longer than that
/// @param inPerSecond messages that came in, mean over the last minute
/// @param outPerSecond messages that went out to the client, mean over the last minute
/// @param limits what the queue may hold
/// @param drops what was lost so far
public record QueueView(
        int messages,
        long bytes,
        long oldestSeconds,
        boolean oldestIsOlder,
        double inPerSecond,
        double outPerSecond,
        SessionLimits limits,
        DropCounts drops) {

    /// The same with messages ahead of the first one.
    ///
    /// @param age seconds that the first of them has waited
    QueueView withAhead(int count, long size, long age) {
        return new QueueView(
                messages + count,
                bytes + size,
                count == 0 ? oldestSeconds : Math.max(age, oldestSeconds),
                oldestIsOlder,
                inPerSecond,
                outPerSecond,
                limits,
                drops);
    }

    /// Seconds until the queue is full if messages go on to come and go as in the last minute; -1 if it does not
    /// fill up.
    public long secondsToFull() {
        double growth = inPerSecond - outPerSecond;
        if (messages >= limits.queueMessages() || bytes >= limits.queueBytes()) {
            return 0;
        }
        if (growth <= 0) {
            return -1;
        }
        double room = limits.queueMessages() - messages;
        if (messages > 0) {
            // Messages to come are taken to be as large as those that are there.
            double size = (double) bytes / messages;
            room = Math.min(room, size == 0 ? room : (limits.queueBytes() - bytes) / size);
        }
        return (long) (room / growth);
    }
}
