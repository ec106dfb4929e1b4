// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.login;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.access.AccessEvents;
import org.upwell.access.registry.IssuedClient;
import org.upwell.access.token.ManualClock;
import org.upwell.access.token.TokenService;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Credentials;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.topic.TopicFilter;

@Timeout(60)
class AccessTest {

    @TempDir
    Path data;

    /// A server and a gateway of its own on one data directory, as shipped: the gateway sees within 5 s what the
    /// server was told.
    @Test
    void aSecretBecomesPermissionsInAnotherProcess() throws Exception {
        ManualClock clock = new ManualClock();
        try (Access server = Access.open(data, AccessSettings.DEFAULTS, clock, AccessEvents.NONE);
                Access gateway = Access.open(data, AccessSettings.DEFAULTS, clock, AccessEvents.NONE)) {
            server.directory().tenants().add("testTenant");
            IssuedClient client = server.directory().tenants().addClient("testTenant", Set.of());
            var exchange = server.tokens().exchange(client.clientId(), client.clientSecret());
            String token = ((TokenService.Exchange.Granted) exchange).token().token();
            Credentials credentials = new Credentials("coap", null, token.getBytes(StandardCharsets.UTF_8));
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> gateway.authenticator()
                                    .authenticate(credentials)
                                    .toCompletableFuture()
                                    .get()
                            instanceof Authentication.Admitted);
            var admitted = (Authentication.Admitted) gateway.authenticator()
                    .authenticate(credentials)
                    .toCompletableFuture()
                    .get();
            Permissions permissions = gateway.authorizer().permissionsOf(admitted.principal());
            assertThat(permissions.grantedQos(TopicFilter.parse("testTenant/read/#"), 2))
                    .isEqualTo(2);
            assertThat(permissions.grantedQos(TopicFilter.parse("other/read/#"), 2))
                    .isEqualTo(-1);
            assertThat(gateway.keys().publicJson()).isEqualTo(server.keys().publicJson());
        }
    }
}
