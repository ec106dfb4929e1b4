// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.event;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/// What the sessions of each tenant lost since start, by cause. The number of tenants is bounded: what those beyond
/// [#MAX_TENANTS] lose is counted together under [#OTHERS]. Any thread.
public final class TenantDrops {

    /// Tenants that are told apart.
    public static final int MAX_TENANTS = 1_000;

    /// Stands for all further tenants. No tenant is called so, as a tenant's ID has no slash.
    public static final String OTHERS = "/others";

    private static final DropCause[] CAUSES = DropCause.values();

    private final ConcurrentHashMap<String, LongAdder[]> byTenant = new ConcurrentHashMap<>();
    private volatile Consumer<String> onTenant = tenant -> {};

    /// Has `listener` called, once or more, with each tenant that loses a message for the first time from now on,
    /// and with those that did before. On any thread; must be quick.
    public void onTenant(Consumer<String> listener) {
        onTenant = listener;
        byTenant.keySet().forEach(listener);
    }

    void count(String tenant, DropCause cause) {
        LongAdder[] adders = byTenant.get(tenant);
        if (adders == null) {
            // Threads that meet here may pass the bound by as many as they are.
            adders = added(byTenant.size() < MAX_TENANTS ? tenant : OTHERS);
        }
        adders[cause.ordinal()].increment();
    }

    private LongAdder[] added(String tenant) {
        LongAdder[] known = byTenant.get(tenant);
        if (known != null) {
            return known;
        }
        LongAdder[] fresh = new LongAdder[CAUSES.length];
        for (int i = 0; i < fresh.length; i++) {
            fresh[i] = new LongAdder();
        }
        LongAdder[] before = byTenant.putIfAbsent(tenant, fresh);
        if (before != null) {
            return before;
        }
        onTenant.accept(tenant);
        return fresh;
    }

    /// Those that lost something.
    public Set<String> tenants() {
        return Set.copyOf(byTenant.keySet());
    }

    public long of(String tenant, DropCause cause) {
        LongAdder[] adders = byTenant.get(tenant);
        return adders == null ? 0 : adders[cause.ordinal()].sum();
    }
}
