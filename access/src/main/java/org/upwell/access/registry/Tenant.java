// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.registry;

import java.util.List;

/// The owner of a topic space. While it is disabled nobody logs in for it; its devices' messages are still its own.
public record Tenant(String id, boolean enabled, List<TenantClient> clients) {

    public Tenant {
        clients = List.copyOf(clients);
    }
}
