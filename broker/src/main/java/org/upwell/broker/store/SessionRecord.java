// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.event.DropCounts;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.message.Will;

/// What the store keeps of a session itself. Name and roles are kept so that permissions can be checked while it is
/// offline.
///
/// @param expirySeconds session expiry interval, 0 (ends with its connection) to 4,294,967,295 (never)
/// @param offlineSinceMillis wall-clock milliseconds since the epoch when its connection ended, or 0 while it is
///     online
/// @param will what is still to be published for it, null if nothing is
/// @param queueLimit null if the roles say what its queue may hold
/// @param drops what it has lost so far
public record SessionRecord(
        SessionKey key,
        String name,
        Set<String> roles,
        long expirySeconds,
        long offlineSinceMillis,
        @Nullable Will will,
        @Nullable QueueLimit queueLimit,
        DropCounts drops) {

    public SessionRecord {
        roles = Set.copyOf(roles);
    }

    /// A session without will, limit of its own and losses.
    public static SessionRecord of(
            SessionKey key, String name, Set<String> roles, long expirySeconds, long offlineSinceMillis) {
        return new SessionRecord(key, name, roles, expirySeconds, offlineSinceMillis, null, null, DropCounts.NONE);
    }

    /// A bound of a queue that a credential asked for.
    ///
    /// @param messages at least 1
    /// @param bytes at least 1
    public record QueueLimit(int messages, long bytes) {}
}
