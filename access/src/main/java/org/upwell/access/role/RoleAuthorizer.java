// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.role;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.Printable;
import org.upwell.access.TenantId;
import org.upwell.broker.access.Authorizer;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.access.Principal;

/// Compiles what the role table grants to a principal. Principals of one tenant with the same roles share one
/// compiled set, so that 100,000 sessions do not hold as many. Safe for all threads.
public final class RoleAuthorizer implements Authorizer {

    private static final Logger LOG = LoggerFactory.getLogger(RoleAuthorizer.class);

    /// Compiled sets to keep; beyond, all are dropped and made again as they are asked for.
    private static final int MAX_KEPT = 10_000;

    private record Key(String tenant, Set<String> roles) {}

    /// What was compiled from one table.
    private record Compiled(RoleTable table, ConcurrentHashMap<Key, Permissions> sets) {}

    private final Supplier<RoleTable> table;
    private volatile Compiled compiled;

    /// @param table gives the newest table
    public RoleAuthorizer(Supplier<RoleTable> table) {
        this.table = table;
        this.compiled = new Compiled(table.get(), new ConcurrentHashMap<>());
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // Each change of the file makes a new table object.
    public Permissions permissionsOf(Principal principal) {
        RoleTable newest = table.get();
        Compiled current = compiled;
        if (current.table() != newest) {
            current = new Compiled(newest, new ConcurrentHashMap<>());
            compiled = current;
        }
        Key key = new Key(principal.tenant(), principal.roles());
        Permissions known = current.sets().get(key);
        if (known != null) {
            return known;
        }
        Permissions made = compile(newest, key);
        if (current.sets().size() >= MAX_KEPT) {
            current.sets().clear();
        }
        current.sets().put(key, made);
        return made;
    }

    private static Permissions compile(RoleTable table, Key key) {
        if (!TenantId.isValid(key.tenant())) {
            // Put in place of {tenantId} it could act as a wildcard, so it grants nothing.
            LOG.warn("Tenant '{}' is no literal topic level; it is granted nothing", Printable.cut(key.tenant(), 40));
            return Permissions.NONE;
        }
        List<Grant> grants = new ArrayList<>();
        for (String name : key.roles()) {
            if (table.mayHave(key.tenant(), name)) {
                table.find(name).ifPresent(role -> grants.addAll(role.grants()));
            }
        }
        return grants.isEmpty() ? Permissions.NONE : CompiledPermissions.of(key.tenant(), grants);
    }
}
