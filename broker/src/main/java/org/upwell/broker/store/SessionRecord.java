// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

import java.util.Set;
import org.upwell.broker.message.SessionKey;

/// What the store keeps of a session itself. Name and roles are kept so that permissions can be checked while it is
/// offline.
///
/// @param expirySeconds session expiry interval, 1 to 4,294,967,295 (never)
/// @param offlineSinceMillis wall-clock milliseconds since the epoch when its connection ended, or 0 while it is
///     online
public record SessionRecord(
        SessionKey key, String name, Set<String> roles, long expirySeconds, long offlineSinceMillis) {

    public SessionRecord {
        roles = Set.copyOf(roles);
    }
}
