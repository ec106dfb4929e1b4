// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.registry;

import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Printable;
import org.upwell.access.TenantId;
import org.upwell.access.file.SharedDirectory;
import org.upwell.access.file.SharedFile;
import org.upwell.access.role.RoleQueue;
import org.upwell.access.role.RoleTable;
import org.upwell.broker.store.SessionRecord.QueueLimit;

/// The tenants and their clients, kept in `tenants.json`. Reading answers from memory; a change is on disk when the
/// call returns. Safe for all threads; changes block, so not on an event loop.
///
/// [TenantId#INTERNAL] is always there and enabled, has no clients and is not listed.
public final class Tenants {

    private static final int SECRET_BYTES = 32;
    private static final int CLIENT_ID_BYTES = 10;
    private static final SecureRandom RANDOM = new SecureRandom();

    /// A client together with the tenant whose it is.
    public record Ownership(Tenant tenant, TenantClient client) {}

    private final SharedFile<TenantMap> file;
    private final SharedFile<DeviceMap> devices;
    private final Supplier<RoleTable> roles;

    Tenants(
            SharedDirectory directory,
            SharedFile<DeviceMap> devices,
            Supplier<RoleTable> roles,
            Consumer<AccessChange> changes)
            throws IOException {
        this.file = directory.shared("tenants.json", TenantFile::parse, TenantFile::write, TenantMap.EMPTY);
        this.devices = devices;
        this.roles = roles;
        file.onChange((before, after) -> tell(before, after, changes));
    }

    public Optional<Tenant> find(String id) {
        return Optional.ofNullable(file.value().tenants().get(id));
    }

    /// By ID.
    public List<Tenant> list() {
        return List.copyOf(file.value().tenants().values());
    }

    /// True if somebody may log in for this tenant.
    public boolean isEnabled(String id) {
        Tenant tenant = file.value().tenants().get(id);
        return tenant == null ? id.equals(TenantId.INTERNAL) : tenant.enabled();
    }

    public Optional<Ownership> findClient(String clientId) {
        return Optional.ofNullable(file.value().clients().get(clientId));
    }

    /// @throws RegistryException if the ID is taken or not allowed
    public Tenant add(String id) throws IOException {
        checkId(id);
        Tenant tenant = new Tenant(id, true, List.of());
        file.update(all -> {
            if (all.tenants().containsKey(id)) {
                throw RegistryException.conflict("tenant '" + id + "' exists already");
            }
            return all.with(tenant);
        });
        return tenant;
    }

    /// Makes a tenant with a first client ID and secret, both or none.
    ///
    /// @param clientRoles as for [#addClient(String, Set)]
    /// @throws RegistryException if the ID is taken or not allowed, or for a role that a token may not assert
    public IssuedClient add(String id, Set<String> clientRoles) throws IOException {
        checkId(id);
        NewClient made = newClient(id, clientRoles, null);
        file.update(all -> {
            if (all.tenants().containsKey(id)) {
                throw RegistryException.conflict("tenant '" + id + "' exists already");
            }
            return all.with(new Tenant(id, true, List.of(made.client())));
        });
        return made.issued();
    }

    /// @throws RegistryException if there is no such tenant
    public void enable(String id, boolean enabled) throws IOException {
        change(id, tenant -> new Tenant(id, enabled, tenant.clients(), tenant.queueLimit()));
    }

    /// Says how much tokens of the tenant's clients may claim for a queue. What clients were given before stays
    /// written, and counts as far as this allows.
    ///
    /// @param most null: no more than their roles give
    /// @throws RegistryException if there is no such tenant, or for a limit out of bounds
    public void limitQueues(String id, @Nullable QueueLimit most) throws IOException {
        checkQueue(most);
        change(id, tenant -> new Tenant(id, tenant.enabled(), tenant.clients(), most));
    }

    private static void checkQueue(Tenant tenant, @Nullable QueueLimit limit) {
        QueueLimit most = tenant.queueLimit();
        if (limit == null || most == null) {
            return;
        }
        if (limit.messages() > most.messages() || limit.bytes() > most.bytes()) {
            throw RegistryException.invalid("tenant '" + tenant.id() + "' may have queues of " + most.messages()
                    + " messages and " + most.bytes() + " bytes at most");
        }
    }

    private static void checkQueue(@Nullable QueueLimit limit) {
        if (limit == null) {
            return;
        }
        if (limit.messages() < 1 || limit.messages() > RoleQueue.MAX_MESSAGES) {
            throw RegistryException.invalid("a queue holds 1 to " + RoleQueue.MAX_MESSAGES + " messages");
        }
        if (limit.bytes() < 1 || limit.bytes() > RoleQueue.MAX_BYTES) {
            throw RegistryException.invalid("a queue holds 1 to " + RoleQueue.MAX_BYTES + " bytes");
        }
    }

    /// Removes a tenant and its clients.
    ///
    /// @throws RegistryException if there is no such tenant or it has devices
    public void remove(String id) throws IOException {
        file.update(all -> {
            require(all, id);
            devices.read();
            int owned = devices.value().of(id).size();
            if (owned > 0) {
                throw RegistryException.conflict(
                        "tenant '" + id + "' has " + owned + " devices; remove or move them first");
            }
            return all.without(id);
        });
    }

    /// Makes a client ID and secret.
    ///
    /// @param clientRoles what its tokens will assert; [RoleTable#TENANT_DEFAULTS] if empty
    /// @throws RegistryException if there is no such tenant, or a role that a token may not assert
    public IssuedClient addClient(String id, Set<String> clientRoles) throws IOException {
        return addClient(id, clientRoles, null);
    }

    /// Makes a client ID and secret.
    ///
    /// @param queueLimit what its tokens will claim for the queues of their sessions, null for nothing
    /// @throws RegistryException also if the tenant may not have that much
    public IssuedClient addClient(String id, Set<String> clientRoles, @Nullable QueueLimit queueLimit)
            throws IOException {
        checkQueue(queueLimit);
        NewClient made = newClient(id, clientRoles, queueLimit);
        change(id, tenant -> {
            checkQueue(tenant, queueLimit);
            List<TenantClient> clients = new ArrayList<>(tenant.clients());
            clients.add(made.client());
            return tenant.with(clients);
        });
        return made.issued();
    }

    /// A client before it is written: as it is kept, and as its owner is told of it.
    private record NewClient(TenantClient client, IssuedClient issued) {}

    private NewClient newClient(String id, Set<String> clientRoles, @Nullable QueueLimit queueLimit) {
        Set<String> granted = clientRoles.isEmpty() ? Set.copyOf(RoleTable.TENANT_DEFAULTS) : clientRoles;
        if (!clientRoles.isEmpty()) {
            checkRoles(id, clientRoles);
        }
        String clientId = "c-" + HexFormat.of().formatHex(random(CLIENT_ID_BYTES));
        String secret = Base64.getUrlEncoder().withoutPadding().encodeToString(random(SECRET_BYTES));
        return new NewClient(
                new TenantClient(clientId, TenantClient.digest(secret), granted, queueLimit),
                new IssuedClient(clientId, secret, granted));
    }

    /// @throws RegistryException if there is no such tenant or it has no such client
    public void removeClient(String id, String clientId) throws IOException {
        change(id, tenant -> {
            List<TenantClient> clients = new ArrayList<>(tenant.clients());
            if (!clients.removeIf(client -> client.clientId().equals(clientId))) {
                throw RegistryException.notFound(
                        "tenant '" + id + "' has no client '" + Printable.cut(clientId, 80) + "'");
            }
            return tenant.with(clients);
        });
    }

    /// Reads the file and throws unless `id` may own devices. Call while holding the directory's lock.
    void requireNow(String id) throws IOException {
        file.read();
        if (!id.equals(TenantId.INTERNAL)) {
            require(file.value(), id);
        }
    }

    private void change(String id, UnaryOperator<Tenant> edit) throws IOException {
        file.update(all -> all.with(edit.apply(require(all, id))));
    }

    private static Tenant require(TenantMap all, String id) {
        Tenant tenant = all.tenants().get(id);
        if (tenant == null) {
            throw RegistryException.notFound("there is no tenant '" + Printable.cut(id, 80) + "'");
        }
        return tenant;
    }

    private static void checkId(String id) {
        try {
            TenantId.check(id);
        } catch (IllegalArgumentException e) {
            throw RegistryException.invalid(String.valueOf(e.getMessage()));
        }
        if (id.equals(TenantId.INTERNAL)) {
            throw RegistryException.invalid("tenant '" + id + "' is the users' own and always there");
        }
    }

    private void checkRoles(String id, Set<String> clientRoles) {
        RoleTable table = roles.get();
        for (String role : new TreeSet<>(clientRoles)) {
            if (table.find(role).isEmpty()) {
                throw RegistryException.invalid("unknown role '" + Printable.cut(role, 80) + "'");
            }
            if (!table.mayHave(id, role)) {
                throw RegistryException.invalid("role '" + role + "' is internal: only users may have it");
            }
        }
    }

    private static byte[] random(int bytes) {
        byte[] random = new byte[bytes];
        RANDOM.nextBytes(random);
        return random;
    }

    private static void tell(TenantMap before, TenantMap after, Consumer<AccessChange> changes) {
        Set<String> ids = new TreeSet<>(before.tenants().keySet());
        ids.addAll(after.tenants().keySet());
        for (String id : ids) {
            if (!Objects.equals(before.tenants().get(id), after.tenants().get(id))) {
                changes.accept(new AccessChange.TenantChanged(id));
            }
        }
    }
}
