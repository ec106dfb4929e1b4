// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.registry;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.upwell.access.Mac;
import org.upwell.access.TenantId;
import org.upwell.access.file.Documents;
import org.upwell.access.file.Faults;
import org.upwell.access.file.Fields;
import org.upwell.access.file.Node;

/// Which device is whose, and the form of `devices.json`. Immutable. A device has one place in the map, so it can
/// never have two owners.
final class DeviceMap {

    static final DeviceMap EMPTY = new DeviceMap(new HashMap<>());

    private static final int FORMAT = 1;

    private final Map<Mac, String> owners;
    private final Map<String, List<Mac>> devices = new HashMap<>();

    private DeviceMap(Map<Mac, String> owners) {
        this.owners = owners;
        owners.forEach((mac, tenant) ->
                devices.computeIfAbsent(tenant, _ -> new ArrayList<>()).add(mac));
        devices.replaceAll((_, macs) -> macs.stream().sorted().toList());
    }

    /// This map after `edit` worked on a copy of the owners.
    DeviceMap with(Consumer<Map<Mac, String>> edit) {
        Map<Mac, String> changed = new HashMap<>(owners);
        edit.accept(changed);
        return new DeviceMap(changed);
    }

    /// Not to be changed.
    Map<Mac, String> owners() {
        return owners;
    }

    /// In the order of their addresses.
    List<Mac> of(String tenant) {
        return devices.getOrDefault(tenant, List.of());
    }

    static DeviceMap parse(byte[] content, Faults faults) {
        Fields root = Fields.root(Documents.json(content, faults), FORMAT, faults);
        Map<Mac, String> owners = new HashMap<>();
        // The same few tenants stand behind many devices: keep each once.
        Map<String, String> tenants = new HashMap<>();
        for (Map.Entry<String, Node> entry : root.entries("devices").entrySet()) {
            int line = entry.getValue().line();
            Mac mac = root.parse(entry.getKey(), line, Mac::parse);
            String tenant = tenant(root, entry.getValue());
            if (mac != null && tenant != null) {
                String other = owners.put(mac, tenants.computeIfAbsent(tenant, same -> same));
                if (other != null) {
                    // The same address in upper and in lower case.
                    faults.add(line, "device " + mac + " stands here again, first with tenant '" + other + "'");
                }
            }
        }
        root.finish();
        return new DeviceMap(owners);
    }

    private static @Nullable String tenant(Fields root, Node node) {
        if (node instanceof Node.Scalar scalar && scalar.type() == Node.Type.TEXT) {
            return root.parse(scalar.text(), node.line(), TenantId::check);
        }
        root.faults().add(node.line(), "the tenant of a device must be text, found " + node.kind());
        return null;
    }

    static byte[] write(DeviceMap map) {
        return Documents.writeJson(json -> {
            json.writeNumberProperty("format", FORMAT);
            json.writeName("devices");
            json.writeStartObject();
            new TreeMap<>(map.owners).forEach((mac, tenant) -> json.writeStringProperty(mac.toString(), tenant));
            json.writeEndObject();
        });
    }
}
