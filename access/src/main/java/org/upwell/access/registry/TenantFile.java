// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.registry;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Printable;
import org.upwell.access.TenantId;
import org.upwell.access.file.Documents;
import org.upwell.access.file.Faults;
import org.upwell.access.file.Fields;
import org.upwell.access.file.Node;
import org.upwell.access.role.RoleQueue;
import org.upwell.broker.store.SessionRecord.QueueLimit;
import tools.jackson.core.JsonGenerator;

/// The form of `tenants.json`.
final class TenantFile {

    private static final int FORMAT = 1;
    private static final String DIGEST_PREFIX = "sha256:";
    private static final String QUEUE_MESSAGES = "queue-messages";
    private static final String QUEUE_BYTES = "queue-bytes";

    private TenantFile() {}

    static TenantMap parse(byte[] content, Faults faults) {
        Fields root = Fields.root(Documents.json(content, faults), FORMAT, faults);
        Map<String, Tenant> tenants = new HashMap<>();
        Set<String> clientIds = new HashSet<>();
        for (Map.Entry<String, Node> entry : root.entries("tenants").entrySet()) {
            Tenant tenant = tenant(entry.getKey(), entry.getValue(), clientIds, faults);
            tenants.put(tenant.id(), tenant);
        }
        root.finish();
        return TenantMap.of(tenants);
    }

    private static Tenant tenant(String id, Node node, Set<String> clientIds, Faults faults) {
        String what = "tenant '" + Printable.cut(id, 80) + "'";
        Fields fields = Fields.of(node, what, faults);
        fields.parse(id, node.line(), TenantId::check);
        if (id.equals(TenantId.INTERNAL)) {
            faults.add(node.line(), what + " is the users' own and cannot be listed here");
        }
        boolean enabled = fields.flag("enabled", true);
        List<TenantClient> clients = new ArrayList<>();
        for (Map.Entry<String, Node> entry : fields.entries("clients").entrySet()) {
            String clientId = entry.getKey();
            if (!clientIds.add(clientId)) {
                faults.add(
                        entry.getValue().line(), "client '" + Printable.cut(clientId, 80) + "' has another tenant too");
            }
            clients.add(client(clientId, Fields.of(entry.getValue(), "client '" + clientId + "'", faults)));
        }
        QueueLimit queueLimit = queueLimit(fields);
        fields.finish();
        return new Tenant(id, enabled, clients, queueLimit);
    }

    private static TenantClient client(String clientId, Fields fields) {
        String digest = fields.parsed("secret", TenantFile::digest);
        Set<String> roles = Set.copyOf(fields.texts("roles"));
        QueueLimit queueLimit = queueLimit(fields);
        fields.finish();
        return new TenantClient(clientId, digest == null ? "" : digest, roles, queueLimit);
    }

    private static @Nullable QueueLimit queueLimit(Fields fields) {
        if (!fields.has(QUEUE_MESSAGES) && !fields.has(QUEUE_BYTES)) {
            return null;
        }
        return new QueueLimit(
                (int) fields.number(QUEUE_MESSAGES, RoleQueue.MAX_MESSAGES, 1, RoleQueue.MAX_MESSAGES),
                fields.number(QUEUE_BYTES, RoleQueue.MAX_BYTES, 1, RoleQueue.MAX_BYTES));
    }

    private static String digest(String text) {
        if (!text.matches(DIGEST_PREFIX + "[0-9a-f]{64}")) {
            throw new IllegalArgumentException("'secret' must be " + DIGEST_PREFIX + " and 64 lower-case hex digits");
        }
        return text.substring(DIGEST_PREFIX.length());
    }

    static byte[] write(TenantMap all) {
        return Documents.writeJson(json -> {
            json.writeNumberProperty("format", FORMAT);
            json.writeName("tenants");
            json.writeStartObject();
            all.tenants().values().forEach(tenant -> write(json, tenant));
            json.writeEndObject();
        });
    }

    private static void write(JsonGenerator json, Tenant tenant) {
        json.writeName(tenant.id());
        json.writeStartObject();
        json.writeBooleanProperty("enabled", tenant.enabled());
        write(json, tenant.queueLimit());
        json.writeName("clients");
        json.writeStartObject();
        for (TenantClient client : tenant.clients()) {
            json.writeName(client.clientId());
            json.writeStartObject();
            json.writeStringProperty("secret", DIGEST_PREFIX + client.secretDigest());
            Documents.writeTexts(json, "roles", client.roles());
            write(json, client.queueLimit());
            json.writeEndObject();
        }
        json.writeEndObject();
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, @Nullable QueueLimit limit) {
        if (limit != null) {
            json.writeNumberProperty(QUEUE_MESSAGES, limit.messages());
            json.writeNumberProperty(QUEUE_BYTES, limit.bytes());
        }
    }
}
