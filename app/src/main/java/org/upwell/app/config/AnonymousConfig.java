// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.util.List;
import java.util.Set;
import org.upwell.access.TenantId;

/// Who a client is that sends no credentials. Meant for closed networks and for measuring; the server warns of it.
public record AnonymousConfig(String tenant, Set<String> roles) {

    public AnonymousConfig {
        roles = Set.copyOf(roles);
    }

    static AnonymousConfig read(Section section) {
        String tenant = section.requiredText("tenant");
        if (!tenant.isEmpty()) {
            try {
                TenantId.check(tenant);
            } catch (IllegalArgumentException e) {
                section.fault("tenant", "is not allowed: " + e.getMessage());
            }
        }
        List<String> roles = section.parsedList("roles", role -> role);
        if (roles.isEmpty()) {
            section.fault("roles", "must name at least one role, or every client is refused");
        }
        section.refuseUnknownKeys();
        return new AnonymousConfig(tenant, Set.copyOf(roles));
    }
}
