// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.role;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.upwell.access.TenantId;

/// All roles. Immutable; a change of the file makes a new table.
public final class RoleTable {

    /// May administer by HTTP; grants no topics.
    public static final String ADMIN = "ADMIN";

    /// What a tenant's client gets unless it was given less.
    public static final List<String> TENANT_DEFAULTS =
            List.of("BUBBLE_UP_READ_CONSUMER", "BUBBLE_UP_ALERT_CONSUMER", "PRESENCE_CONSUMER", "APPLICATION");

    private static final RoleTable DEFAULTS = new RoleTable(List.of(
            Role.of("BUBBLE_UP_READ_CONSUMER", Grant.subscribe("{tenantId}/read/#")),
            Role.of("BUBBLE_UP_ALERT_CONSUMER", Grant.subscribe("{tenantId}/alert/#")),
            Role.of("PRESENCE_CONSUMER", Grant.subscribe("{tenantId}/presence/#")),
            Role.of("APPLICATION", Grant.both("{tenantId}/app/#")),
            // Readings are never retained (field protocol §1), so a producer that tries is at fault.
            Role.of("BUBBLE_UP_PRODUCER", Grant.publish("+/read/#", false), Grant.publish("+/alert/#", false)),
            Role.of("PRESENCE_PRODUCER", Grant.publish("+/presence/#", true)),
            Role.of("OPERATOR", Grant.both("#"), Grant.subscribe("$SYS/#")),
            Role.of(ADMIN)));

    private final SequencedMap<String, Role> roles;

    private RoleTable(Collection<Role> roles) {
        this.roles = new LinkedHashMap<>();
        roles.forEach(role -> this.roles.put(role.name(), role));
    }

    /// The roles that are there without a file.
    public static RoleTable defaults() {
        return DEFAULTS;
    }

    /// This table with `others` added, or put in place of those with the same names.
    RoleTable with(Collection<Role> others) {
        Map<String, Role> all = new LinkedHashMap<>(roles);
        others.forEach(role -> all.put(role.name(), role));
        return new RoleTable(all.values());
    }

    public Optional<Role> find(String name) {
        return Optional.ofNullable(roles.get(name));
    }

    /// What a role says of queues; nothing if there is no such role.
    public RoleQueue queueOf(String name) {
        Role role = roles.get(name);
        return role == null ? RoleQueue.UNSAID : role.queue();
    }

    public Set<String> names() {
        return Set.copyOf(roles.sequencedKeySet());
    }

    public List<Role> roles() {
        return List.copyOf(roles.sequencedValues());
    }

    /// True if there is such a role and `tenant` may have it: internal ones are for [TenantId#INTERNAL] alone.
    public boolean mayHave(String tenant, String name) {
        Role role = roles.get(name);
        return role != null && (tenant.equals(TenantId.INTERNAL) || !role.isInternal());
    }
}
