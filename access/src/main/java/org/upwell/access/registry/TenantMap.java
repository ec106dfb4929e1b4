// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.registry;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/// All tenants by ID and all clients by client ID. Immutable.
record TenantMap(Map<String, Tenant> tenants, Map<String, Tenants.Ownership> clients) {

    static final TenantMap EMPTY = of(Map.of());

    static TenantMap of(Map<String, Tenant> tenants) {
        Map<String, Tenants.Ownership> clients = new HashMap<>();
        for (Tenant tenant : tenants.values()) {
            for (TenantClient client : tenant.clients()) {
                clients.put(client.clientId(), new Tenants.Ownership(tenant, client));
            }
        }
        return new TenantMap(Collections.unmodifiableMap(new TreeMap<>(tenants)), clients);
    }

    TenantMap with(Tenant tenant) {
        Map<String, Tenant> changed = new TreeMap<>(tenants);
        changed.put(tenant.id(), tenant);
        return of(changed);
    }

    TenantMap without(String id) {
        Map<String, Tenant> changed = new TreeMap<>(tenants);
        changed.remove(id);
        return of(changed);
    }
}
