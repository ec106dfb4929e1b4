// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.role;

import java.util.List;

/// A named list of grants.
///
/// @param queue what it says of its holders' queues
public record Role(String name, List<Grant> grants, RoleQueue queue) {

    public Role {
        grants = List.copyOf(grants);
    }

    /// One that leaves queues as configured.
    public Role(String name, List<Grant> grants) {
        this(name, grants, RoleQueue.UNSAID);
    }

    static Role of(String name, Grant... grants) {
        return new Role(name, List.of(grants));
    }

    /// True if only users may have it, never the bearer of a token: it reaches beyond one tenant's topics, or
    /// grants no topics but something else, as `ADMIN` does. One that only sets queues is for everybody.
    public boolean isInternal() {
        // Asked several times at each login, so without a stream.
        for (Grant grant : grants) {
            if (!grant.isWithinTenant()) {
                return true;
            }
        }
        return grants.isEmpty() && queue.equals(RoleQueue.UNSAID);
    }
}
