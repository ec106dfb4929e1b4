// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.registry;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.store.SessionRecord.QueueLimit;

/// The owner of a topic space. While it is disabled nobody logs in for it; its devices' messages are still its own.
///
/// @param queueLimit the most that tokens of its clients may claim for a queue; null: no more than their roles give
public record Tenant(
        String id,
        boolean enabled,
        List<TenantClient> clients,
        @Nullable QueueLimit queueLimit) {

    public Tenant {
        clients = List.copyOf(clients);
    }

    /// One whose tokens may claim no more than their roles give.
    public Tenant(String id, boolean enabled, List<TenantClient> clients) {
        this(id, enabled, clients, null);
    }

    Tenant with(List<TenantClient> others) {
        return new Tenant(id, enabled, others, queueLimit);
    }
}
