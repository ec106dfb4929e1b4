// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.upwell.access.registry.AccessDirectory;
import org.upwell.access.registry.IssuedClient;
import org.upwell.access.registry.Tenant;
import org.upwell.access.registry.Tenants;
import org.upwell.access.role.RoleQueue;
import org.upwell.broker.store.SessionRecord.QueueLimit;

/// Administration of tenants and their clients.
final class AdminTenantRoutes implements Routes {

    private static final String ALL = "/api/admin/tenants";
    private static final String ONE = ALL + "/{tenant}";
    private static final String CLIENTS = ONE + "/clients";

    private record TenantList(List<TenantView> tenants) {}

    /// Limits are left out where there are none.
    private record TenantView(
            String id,
            boolean enabled,
            int devices,
            List<ClientView> clients,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            Integer queueMessages,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            Long queueBytes) {}

    private record ClientView(
            String clientId,
            List<String> roles,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            Integer queueMessages,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            Long queueBytes) {}

    private record NewClient(String clientId, String clientSecret, List<String> roles) {}

    private final AccessDirectory directory;
    private final Tenants tenants;
    private final Callers callers;

    AdminTenantRoutes(AccessDirectory directory, Callers callers) {
        this.directory = directory;
        this.tenants = directory.tenants();
        this.callers = callers;
    }

    @Override
    public void addTo(HttpRules rules) {
        rules.get(ALL, this::list)
                .post(ALL, this::add)
                .get(ONE, this::show)
                .put(ONE, this::enable)
                .delete(ONE, this::remove)
                .put(ONE + "/queues", this::limitQueues)
                .post(CLIENTS, this::addClient)
                .delete(CLIENTS + "/{client}", this::removeClient);
    }

    private static String tenant(ServerRequest request) {
        return request.path().pathParameters().get("tenant");
    }

    private TenantView view(Tenant tenant) {
        List<ClientView> clients = tenant.clients().stream()
                .map(client -> new ClientView(
                        client.clientId(),
                        sorted(client.roles()),
                        messages(client.queueLimit()),
                        bytes(client.queueLimit())))
                .toList();
        int devices = directory.devices().devicesOf(tenant.id()).size();
        return new TenantView(
                tenant.id(),
                tenant.enabled(),
                devices,
                clients,
                messages(tenant.queueLimit()),
                bytes(tenant.queueLimit()));
    }

    private static @Nullable Integer messages(@Nullable QueueLimit limit) {
        return limit == null ? null : limit.messages();
    }

    private static @Nullable Long bytes(@Nullable QueueLimit limit) {
        return limit == null ? null : limit.bytes();
    }

    /// What the body says of queues: both bounds, or neither.
    private static @Nullable QueueLimit queueLimit(JsonBody body) {
        Long messages = body.numberOrNull("queueMessages");
        Long bytes = body.numberOrNull("queueBytes");
        if (messages == null && bytes == null) {
            return null;
        }
        if (messages == null || bytes == null) {
            throw HttpFault.badRequest("'queueMessages' and 'queueBytes' come together or not at all");
        }
        if (messages < 1 || messages > RoleQueue.MAX_MESSAGES || bytes < 1) {
            throw HttpFault.badRequest("'queueMessages' must be 1 to " + RoleQueue.MAX_MESSAGES
                    + " and 'queueBytes' 1 to " + RoleQueue.MAX_BYTES);
        }
        return new QueueLimit(messages.intValue(), bytes);
    }

    private static List<String> sorted(Set<String> roles) {
        return roles.stream().sorted().toList();
    }

    private void list(ServerRequest request, ServerResponse response) {
        callers.administrator(request);
        Json.send(
                response,
                200,
                new TenantList(tenants.list().stream().map(this::view).toList()));
    }

    private void show(ServerRequest request, ServerResponse response) {
        callers.administrator(request);
        Tenant tenant = tenants.find(tenant(request)).orElseThrow(() -> HttpFault.notFound("there is no such tenant"));
        Json.send(response, 200, view(tenant));
    }

    private void add(ServerRequest request, ServerResponse response) throws IOException {
        callers.administrator(request);
        JsonBody body = Json.read(request);
        String id = body.text("id");
        body.finish();
        Json.send(response, 201, view(tenants.add(id)));
    }

    private void enable(ServerRequest request, ServerResponse response) throws IOException {
        callers.administrator(request);
        JsonBody body = Json.read(request);
        boolean enabled = body.flag("enabled");
        body.finish();
        tenants.enable(tenant(request), enabled);
        show(request, response);
    }

    /// Sets the most that its tokens may claim for a queue; an empty object takes that back.
    private void limitQueues(ServerRequest request, ServerResponse response) throws IOException {
        callers.administrator(request);
        JsonBody body = Json.read(request);
        QueueLimit most = queueLimit(body);
        body.finish();
        tenants.limitQueues(tenant(request), most);
        show(request, response);
    }

    private void remove(ServerRequest request, ServerResponse response) throws IOException {
        callers.administrator(request);
        tenants.remove(tenant(request));
        response.status(204).send();
    }

    private void addClient(ServerRequest request, ServerResponse response) throws IOException {
        callers.administrator(request);
        Set<String> roles = Set.of();
        QueueLimit queueLimit = null;
        if (request.content().hasEntity()) {
            JsonBody body = Json.read(request);
            List<String> named = body.textsOrNull("roles");
            queueLimit = queueLimit(body);
            body.finish();
            roles = named == null ? Set.of() : Set.copyOf(named);
        }
        IssuedClient client = tenants.addClient(tenant(request), roles, queueLimit);
        Json.noStore(response);
        Json.send(response, 201, new NewClient(client.clientId(), client.clientSecret(), sorted(client.roles())));
    }

    private void removeClient(ServerRequest request, ServerResponse response) throws IOException {
        callers.administrator(request);
        tenants.removeClient(tenant(request), request.path().pathParameters().get("client"));
        response.status(204).send();
    }
}
