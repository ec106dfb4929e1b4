// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

import java.util.List;
import org.upwell.gateway.coap.Networks;

/// The gateway's listener for devices, apart from the one for applications.
///
/// @param networks as `address/prefix length`; datagrams from anywhere else are dropped
public record FieldConfig(BindAddress address, List<String> networks) {
    public static final int DEFAULT_PORT = 5685;

    public FieldConfig {
        networks = List.copyOf(networks);
    }

    /// This machine only: a field network has to be named before its devices are believed.
    public static List<String> loopbackNetworks() {
        return List.of("127.0.0.0/8", "::1/128");
    }

    static FieldConfig read(Section section) {
        BindAddress address = BindAddress.read(section, BindAddress.LOOPBACK, DEFAULT_PORT);
        List<String> networks = section.parsedList("networks", FieldConfig::network);
        boolean given = section.has("networks");
        if (given && networks.isEmpty()) {
            section.fault("networks", "must name at least one network, or no device reaches the gateway");
        }
        section.refuseUnknownKeys();
        return new FieldConfig(address, given ? networks : loopbackNetworks());
    }

    /// As written, once the gateway has understood it.
    private static String network(String text) {
        try {
            Networks.parse(List.of(text));
            return text;
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("a network such as 10.0.0.0/8 or fd00::/16", e);
        }
    }
}
