// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.DeviceOwners;
import org.upwell.access.Mac;
import org.upwell.app.observation.ObservationStore;
import tools.jackson.databind.JsonNode;

/// What consumers write back about their tenant's devices (field protocol §2). Any solution's name is accepted,
/// since the tenant comes from the credential only; another tenant's device is no more found than one that does not
/// exist.
public final class ObservationRoutes implements Routes {

    private static final Logger LOG = LoggerFactory.getLogger(ObservationRoutes.class);
    private static final String PATH = "/api/solutions/{solution}/devices/{id}/observations";
    private static final int MAX_BYTES = 256 * 1024;
    private static final int MAX_OBSERVATIONS = 1_000;
    private static final int MAX_OBSERVATION_BYTES = 16 * 1024;

    private record Kept(int observations) {}

    private record Target(String tenant, Mac device) {}

    private final ObservationStore store;
    private final DeviceOwners owners;
    private final Callers callers;

    public ObservationRoutes(ObservationStore store, DeviceOwners owners, Callers callers) {
        this.store = store;
        this.owners = owners;
        this.callers = callers;
    }

    @Override
    public void addTo(HttpRules rules) {
        rules.post(PATH, this::add).get(PATH, this::list);
    }

    private Target target(ServerRequest request) {
        String tenant = callers.caller(request).tenant();
        String id = request.path().pathParameters().get("id");
        try {
            Mac mac = Mac.parse(id);
            if (owners.ownerOf(mac).filter(tenant::equals).isPresent()) {
                return new Target(tenant, mac);
            }
        } catch (IllegalArgumentException _) {
            // Not an address of ours, so there is no such device.
        }
        throw HttpFault.notFound("the tenant has no such device");
    }

    private void add(ServerRequest request, ServerResponse response) {
        Target target = target(request);
        List<JsonNode> given = Json.read(request, MAX_BYTES).objects("observations");
        if (given.isEmpty() || given.size() > MAX_OBSERVATIONS) {
            throw HttpFault.badRequest("'observations' must have 1 to " + MAX_OBSERVATIONS + " entries");
        }
        List<byte[]> observations = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            observations.add(checked(given.get(i), i + 1));
        }
        try {
            store.add(target.tenant, target.device, observations)
                    .toCompletableFuture()
                    .join();
        } catch (CompletionException e) {
            LOG.error("observations could not be written", e);
            throw HttpFault.unavailable("the observations could not be kept");
        }
        Json.send(response, 201, new Kept(observations.size()));
    }

    /// Everything but the time is the consumer's own.
    private static byte[] checked(JsonNode observation, int place) {
        if (!isUtc(observation.path("timestamp"))) {
            throw HttpFault.badRequest("observation " + place + " has no 'timestamp' like 2026-11-22T10:15:30.000Z");
        }
        byte[] json = observation.toString().getBytes(StandardCharsets.UTF_8);
        if (json.length > MAX_OBSERVATION_BYTES) {
            throw HttpFault.badRequest("observation " + place + " is larger than " + MAX_OBSERVATION_BYTES + " bytes");
        }
        return json;
    }

    private static boolean isUtc(JsonNode timestamp) {
        if (!timestamp.isString() || !timestamp.stringValue().endsWith("Z")) {
            return false;
        }
        try {
            Instant.parse(timestamp.stringValue());
            return true;
        } catch (DateTimeParseException _) {
            return false;
        }
    }

    private void list(ServerRequest request, ServerResponse response) {
        Target target = target(request);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes("{\"observations\":[".getBytes(StandardCharsets.UTF_8));
        boolean first = true;
        for (byte[] each : store.of(target.tenant, target.device)) {
            if (!first) {
                body.write(',');
            }
            body.writeBytes(each);
            first = false;
        }
        body.writeBytes("]}".getBytes(StandardCharsets.UTF_8));
        Json.send(response, 200, "application/json", body.toByteArray());
    }
}
