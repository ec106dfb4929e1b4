// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.upwell.access.Mac;
import org.upwell.access.login.Access;
import org.upwell.access.registry.IssuedClient;
import org.upwell.access.token.TokenService;
import org.upwell.field.simulation.SimulatedField;

/// A tenant of the demo with its login and its devices.
///
/// @param macs of its devices, at least one
record DemoTenant(String id, IssuedClient client, List<String> macs) {
    private static final int FIRST_DEVICE = 1;

    DemoTenant {
        macs = List.copyOf(macs);
    }

    /// Registers tenants `demo1`, `demo2` and so on, each with a new client and its share of the devices. In a data
    /// directory that has seen a demo before they may be there already, with other shares.
    static List<DemoTenant> register(DemoSettings settings, Access access) throws IOException {
        List<String> macs = SimulatedField.macs(FIRST_DEVICE, settings.devices());
        List<DemoTenant> tenants = new ArrayList<>();
        for (int i = 0; i < settings.tenants(); i++) {
            String id = "demo" + (i + 1);
            List<String> share = new ArrayList<>();
            for (int device = i; device < macs.size(); device += settings.tenants()) {
                share.add(macs.get(device));
            }
            if (access.directory().tenants().find(id).isEmpty()) {
                access.directory().tenants().add(id);
            }
            give(share, id, access);
            tenants.add(new DemoTenant(id, access.directory().tenants().addClient(id, Set.of()), share));
        }
        return tenants;
    }

    private static void give(List<String> macs, String tenant, Access access) throws IOException {
        List<Mac> unowned = new ArrayList<>();
        for (String text : macs) {
            Mac mac = Mac.parse(text);
            if (access.directory().devices().ownerOf(mac).isPresent()) {
                access.directory().devices().move(mac, tenant);
            } else {
                unowned.add(mac);
            }
        }
        access.directory().devices().addAll(unowned, tenant);
    }

    /// A fresh token, as the token service gives it for this tenant's client.
    String token(Access access) {
        return switch (access.tokens().exchange(client.clientId(), client.clientSecret())) {
            case TokenService.Exchange.Granted granted -> granted.token().token();
            case TokenService.Exchange.Refused refused ->
                throw new IllegalStateException("no token for " + id + ": " + refused.reason());
        };
    }

    /// The client's secret dies with the demo; the tenant and its devices stay where the directory does.
    void forgetClient(Access access) throws IOException {
        access.directory().tenants().removeClient(id, client.clientId());
    }
}
