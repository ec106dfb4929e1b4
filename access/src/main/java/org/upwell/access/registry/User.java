// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.registry;

import java.util.Set;

/// Somebody who logs in with a password. Belongs to the tenant [org.upwell.access.TenantId#INTERNAL].
public record User(String name, PasswordHash password, Set<String> roles) {

    public User {
        roles = Set.copyOf(roles);
    }
}
