// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import static org.upwell.gateway.GatewayFixture.MAC;
import static org.upwell.gateway.GatewayFixture.TOKEN;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/// A gateway with a registered device and an application that has a session, for the tests that are between these.
abstract class NicAndApplication {

    GatewayConfig config;
    GatewayFixture fixture;
    Peer nic;
    Peer application;

    NicAndApplication() {
        this(GatewayFixture.config());
    }

    NicAndApplication(GatewayConfig config) {
        this.config = config;
        this.fixture = new GatewayFixture(config);
    }

    @BeforeEach
    void connect() {
        nic = fixture.nic(MAC);
        application = fixture.application(TOKEN);
    }

    @AfterEach
    void stop() {
        fixture.close();
    }

    /// Another gateway, with both anew.
    final void restart(GatewayConfig next) {
        fixture.close();
        config = next;
        fixture = new GatewayFixture(next);
        connect();
    }
}
