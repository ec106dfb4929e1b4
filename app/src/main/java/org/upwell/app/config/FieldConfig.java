// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.util.List;

/// The gateway's listener for devices, apart from the one for applications.
///
/// @param networks datagrams from anywhere else are dropped
public record FieldConfig(BindAddress address, List<Network> networks) {
    public static final int DEFAULT_PORT = 5685;

    public FieldConfig {
        networks = List.copyOf(networks);
    }

    /// This machine only: a field network has to be named before its devices are believed.
    public static List<Network> loopbackNetworks() {
        return List.of(Network.parse("127.0.0.0/8"), Network.parse("::1/128"));
    }

    static FieldConfig read(Section section) {
        BindAddress address = BindAddress.read(section, BindAddress.LOOPBACK, DEFAULT_PORT);
        List<Network> networks = section.parsedList("networks", Network::parse);
        boolean given = section.has("networks");
        if (given && networks.isEmpty()) {
            section.fault("networks", "must name at least one network, or no device reaches the gateway");
        }
        section.refuseUnknownKeys();
        return new FieldConfig(address, given ? networks : loopbackNetworks());
    }
}
