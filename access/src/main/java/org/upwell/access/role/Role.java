// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.role;

import java.util.List;

/// A named list of grants.
public record Role(String name, List<Grant> grants) {

    public Role {
        grants = List.copyOf(grants);
    }

    static Role of(String name, Grant... grants) {
        return new Role(name, List.of(grants));
    }

    /// True if only users may have it, never the bearer of a token: it reaches beyond one tenant's topics, or
    /// grants no topics but something else, as `ADMIN` does.
    public boolean isInternal() {
        return grants.isEmpty() || !grants.stream().allMatch(Grant::isWithinTenant);
    }
}
