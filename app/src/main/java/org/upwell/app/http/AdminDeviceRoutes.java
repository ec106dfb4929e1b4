// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;
import org.upwell.access.registry.DeviceRegistry;

/// Administration of devices: whose each one is. A device that belongs to another tenant is never taken by POST,
/// only moved by PUT.
final class AdminDeviceRoutes implements Routes {

    private static final String ALL = "/api/admin/devices";
    private static final String ONE = ALL + "/{mac}";

    /// Room for some 50,000 addresses.
    private static final int MAX_BYTES = 1024 * 1024;

    private static final int LIST_LIMIT = 1_000;
    private static final int MAX_LIST_LIMIT = 10_000;

    /// @param next the `after` of the next portion; null at the end
    private record DeviceList(
            List<DeviceView> devices, @Nullable String next) {}

    private record DeviceView(String mac, String tenant) {}

    private record Added(int devices, String tenant) {}

    private final DeviceRegistry devices;
    private final Callers callers;

    AdminDeviceRoutes(DeviceRegistry devices, Callers callers) {
        this.devices = devices;
        this.callers = callers;
    }

    @Override
    public void addTo(HttpRules rules) {
        rules.get(ALL, this::list)
                .post(ALL, this::add)
                .get(ONE, this::show)
                .put(ONE, this::move)
                .delete(ONE, this::remove);
    }

    private static Mac mac(ServerRequest request) {
        return mac(request.path().pathParameters().get("mac"));
    }

    private static Mac mac(String text) {
        try {
            return Mac.parse(text);
        } catch (IllegalArgumentException e) {
            throw HttpFault.badRequest(String.valueOf(e.getMessage()));
        }
    }

    private static int limit(ServerRequest request) {
        String text = request.query().first("limit").orElse(Integer.toString(LIST_LIMIT));
        try {
            int limit = Integer.parseInt(text);
            if (limit >= 1 && limit <= MAX_LIST_LIMIT) {
                return limit;
            }
        } catch (NumberFormatException _) {
            // Told below like a number out of bounds.
        }
        throw HttpFault.badRequest("'limit' must be a number from 1 to " + MAX_LIST_LIMIT);
    }

    private void list(ServerRequest request, ServerResponse response) {
        callers.administrator(request);
        String after = request.query().first("after").orElse(null);
        String tenant = request.query().first("tenant").orElse(null);
        int limit = limit(request);
        List<DeviceView> found = devices.list(after == null ? null : mac(after), tenant, limit).stream()
                .map(device -> new DeviceView(device.mac().toString(), device.tenant()))
                .toList();
        String next = found.size() < limit ? null : found.getLast().mac();
        Json.send(response, 200, new DeviceList(found, next));
    }

    private void show(ServerRequest request, ServerResponse response) {
        callers.administrator(request);
        show(mac(request), response, 200);
    }

    private void show(Mac mac, ServerResponse response, int status) {
        String tenant = devices.ownerOf(mac).orElseThrow(() -> HttpFault.notFound("there is no device " + mac));
        Json.send(response, status, new DeviceView(mac.toString(), tenant));
    }

    /// One device as `mac`, or many at once as `macs`.
    private void add(ServerRequest request, ServerResponse response) throws IOException {
        callers.administrator(request);
        JsonBody body = Json.read(request, MAX_BYTES);
        String tenant = body.text("tenant");
        String one = body.textOrNull("mac");
        List<String> many = body.textsOrNull("macs");
        body.finish();
        if ((one == null) == (many == null)) {
            throw HttpFault.badRequest("either 'mac' or 'macs' must be there");
        }
        if (one != null) {
            Mac mac = mac(one);
            devices.add(mac, tenant);
            show(mac, response, 201);
            return;
        }
        List<Mac> macs = new ArrayList<>();
        for (String text : many) {
            macs.add(mac(text));
        }
        devices.addAll(macs, tenant);
        Json.send(response, 201, new Added(macs.size(), tenant));
    }

    private void move(ServerRequest request, ServerResponse response) throws IOException {
        callers.administrator(request);
        JsonBody body = Json.read(request);
        String tenant = body.text("tenant");
        body.finish();
        Mac mac = mac(request);
        devices.move(mac, tenant);
        show(mac, response, 200);
    }

    private void remove(ServerRequest request, ServerResponse response) throws IOException {
        callers.administrator(request);
        devices.remove(mac(request));
        response.status(204).send();
    }
}
