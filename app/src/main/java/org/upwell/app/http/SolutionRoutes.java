// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;
import org.upwell.access.Mac;
import org.upwell.access.registry.DeviceRegistry;
import org.upwell.broker.access.Principal;

/// A tenant's view of its devices (field protocol §2). Existing clients name their own solution in the path; any
/// name is accepted, since the tenant comes from the credential only.
final class SolutionRoutes implements Routes {

    private record Devices(List<Device> devices) {}

    /// @param id the device's ID in further paths: its address, which never changes
    private record Device(String id, DomainInfo domainInfo) {}

    /// The name is the one on the wire.
    private record DomainInfo(String nic_macID) {}

    private final DeviceRegistry devices;
    private final Callers callers;

    SolutionRoutes(DeviceRegistry devices, Callers callers) {
        this.devices = devices;
        this.callers = callers;
    }

    @Override
    public void addTo(HttpRules rules) {
        rules.get("/api/solutions/{solution}/devices", this::list);
    }

    private void list(ServerRequest request, ServerResponse response) {
        Principal caller = callers.caller(request);
        List<Mac> owned = devices.devicesOf(caller.tenant());
        if (owned.isEmpty()) {
            throw HttpFault.notFound("the tenant has no devices");
        }
        List<Device> listed = owned.stream()
                .map(Mac::toString)
                .map(mac -> new Device(mac, new DomainInfo(mac)))
                .toList();
        Json.send(response, 200, new Devices(listed));
    }
}
