// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import java.io.IOException;
import java.time.InstantSource;
import org.upwell.access.login.Access;
import org.upwell.access.registry.AccessChange;
import org.upwell.app.config.FieldConfig;
import org.upwell.app.config.GatewayConfig;
import org.upwell.gateway.Gateway;
import org.upwell.gateway.bridge.MqttBrokerLink;

/// Starts a gateway from its configuration, in whichever process.
final class GatewayRuntime {
    private GatewayRuntime() {}

    static Gateway start(GatewayConfig config, Access access, MqttBrokerLink.Settings broker, InstantSource clock)
            throws IOException {
        FieldConfig field = config.field();
        org.upwell.gateway.GatewayConfig settings = org.upwell.gateway.GatewayConfig.of(
                config.coap().socketAddress(), field.address().socketAddress(), field.networks());
        Gateway gateway = Gateway.start(
                settings.withBridge(org.upwell.gateway.GatewayConfig.Bridge.DEFAULT.withQos(config.bridgeQos())),
                access.authenticator(),
                access.directory().devices(),
                clientId -> MqttBrokerLink.open(broker, clientId),
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
