// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Locale;
import org.upwell.access.login.Access;
import org.upwell.access.registry.AccessChange;
import org.upwell.app.config.CoapsConfig;
import org.upwell.app.config.FieldConfig;
import org.upwell.app.config.GatewayConfig;
import org.upwell.gateway.Gateway;
import org.upwell.gateway.bridge.MqttBrokerLink;

/// Starts a gateway from its configuration, in whichever process.
final class GatewayRuntime {
    private GatewayRuntime() {}

    /// @param data the data directory, in which each gateway has a directory of its own by the number of its first
    ///     bridge instance
    static Gateway start(
            GatewayConfig config, Path data, Access access, MqttBrokerLink.Settings broker, InstantSource clock)
            throws IOException {
        FieldConfig field = config.field();
        org.upwell.gateway.GatewayConfig settings = org.upwell.gateway.GatewayConfig.of(
                config.coap().socketAddress(),
                field.address().socketAddress(),
                field.networks(),
                data.resolve(String.format(Locale.ROOT, "gateway-%03d", config.firstInstance())));
        if (config.coaps().isPresent()) {
            CoapsConfig coaps = config.coaps().get();
            settings = settings.withSecured(
                    new org.upwell.gateway.GatewayConfig.Secured(coaps.address().socketAddress(), coaps.settings()));
        }
        Gateway gateway = Gateway.start(
                settings.withLimits(config.limits())
                        .withBridge(org.upwell.gateway.GatewayConfig.Bridge.DEFAULT
                                .withQos(config.bridgeQos())
                                .withInstances(config.bridgeInstances(), config.firstInstance())
                                .withQuarantine(config.quarantine().limits())),
                access.authenticator(),
                access.directory().devices(),
                (clientId, store) -> MqttBrokerLink.open(broker, clientId, store),
                clock);
        access.directory().addListener(change -> {
            switch (change) {
                case AccessChange.DeviceChanged device -> gateway.ownerChanged(device.mac());
                case AccessChange.TenantChanged _, AccessChange.UserChanged _, AccessChange.RolesChanged _ ->
                    gateway.accessChanged();
            }
        });
        return gateway;
    }
}
