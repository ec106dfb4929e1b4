// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.access.AccessEvent;
import org.upwell.access.registry.AccessDirectory;
import org.upwell.access.registry.IssuedClient;
import org.upwell.access.registry.RegistryException;
import org.upwell.access.role.RoleTable;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.store.SessionRecord.QueueLimit;

@Timeout(60)
class TokenServiceTest {

    @TempDir
    Path data;

    private final ManualClock clock = new ManualClock();
    private final List<AccessEvent> events = new CopyOnWriteArrayList<>();
    private AccessDirectory directory;
    private TokenService service;
    private TokenVerifier verifier;
    private IssuedClient client;

    @BeforeEach
    void open() throws IOException {
        directory = AccessDirectory.open(data);
        directory.tenants().add("testTenant");
        client = directory.tenants().addClient("testTenant", Set.of());
        SigningKeys keys = SigningKeys.open(directory.files(), SigningAlgorithm.ES256);
        service = new TokenService(directory, new TokenIssuer("upwell", keys, clock), events::add);
        verifier = new TokenVerifier(directory, clock, Duration.ZERO, events::add);
        verifier.trustOwn("upwell", keys);
    }

    @AfterEach
    void close() {
        directory.close();
    }

    private void assertRefused(TokenService.Exchange exchange, TokenService.Fault fault) {
        assertThat(exchange)
                .isInstanceOfSatisfying(
                        TokenService.Exchange.Refused.class,
                        refused -> assertThat(refused.fault()).isEqualTo(fault));
    }

    private static IssuedToken granted(TokenService.Exchange exchange) {
        assertThat(exchange).isInstanceOf(TokenService.Exchange.Granted.class);
        return ((TokenService.Exchange.Granted) exchange).token();
    }

    @Test
    void aSecretBecomesATokenWithTheClientsRoles() {
        IssuedToken token = granted(service.exchange(client.clientId(), client.clientSecret()));
        assertThat(token.roles()).containsExactlyInAnyOrderElementsOf(RoleTable.TENANT_DEFAULTS);
        assertThat(verifier.verify(token.token())).isInstanceOf(Authentication.Admitted.class);
        assertThat(events).containsExactly(new AccessEvent.TokenIssued("testTenant", client.clientId(), token.id()));
    }

    @Test
    void fewerRolesMayBeAskedForButNotOthers() throws IOException {
        IssuedClient reader = directory.tenants().addClient("testTenant", Set.of("BUBBLE_UP_READ_CONSUMER"));
        assertThat(granted(service.exchange(client.clientId(), client.clientSecret(), Set.of("APPLICATION")))
                        .roles())
                .containsExactly("APPLICATION");
        assertThat(granted(service.exchange(reader.clientId(), reader.clientSecret()))
                        .roles())
                .containsExactly("BUBBLE_UP_READ_CONSUMER");
        assertRefused(
                service.exchange(reader.clientId(), reader.clientSecret(), Set.of("APPLICATION")),
                TokenService.Fault.INVALID_SCOPE);
        assertRefused(
                service.exchange(client.clientId(), client.clientSecret(), Set.of("OPERATOR")),
                TokenService.Fault.INVALID_SCOPE);
    }

    private @Nullable QueueLimit claimed(IssuedClient asking) {
        String token = granted(service.exchange(asking.clientId(), asking.clientSecret()))
                .token();
        return ((Authentication.Admitted) verifier.verify(token)).principal().queueLimit();
    }

    @Test
    void aClientsQueueIsClaimedAsFarAsItsTenantMayHaveIt() throws IOException {
        assertThat(claimed(client)).isNull();
        QueueLimit deep = new QueueLimit(500_000, 1L << 30);
        IssuedClient collector = directory.tenants().addClient("testTenant", Set.of(), deep);
        assertThat(claimed(collector)).isEqualTo(deep);

        directory.tenants().limitQueues("testTenant", new QueueLimit(200_000, 4L << 30));
        assertThat(claimed(collector)).isEqualTo(new QueueLimit(200_000, 1L << 30));
        assertThatThrownBy(() -> directory.tenants().addClient("testTenant", Set.of(), deep))
                .isInstanceOf(RegistryException.class)
                .hasMessageContaining("200000 messages");
        directory.tenants().enable("testTenant", true);
        assertThat(directory.tenants().find("testTenant").orElseThrow().queueLimit())
                .isEqualTo(new QueueLimit(200_000, 4L << 30));
    }

    @Test
    void limitsAreReadBackFromTheFile() throws IOException {
        QueueLimit most = new QueueLimit(200_000, 4L << 30);
        QueueLimit deep = new QueueLimit(100_000, 1L << 30);
        directory.tenants().limitQueues("testTenant", most);
        IssuedClient collector = directory.tenants().addClient("testTenant", Set.of(), deep);
        try (AccessDirectory again = AccessDirectory.open(data)) {
            assertThat(again.tenants().find("testTenant").orElseThrow().queueLimit())
                    .isEqualTo(most);
            assertThat(again.tenants()
                            .findClient(collector.clientId())
                            .orElseThrow()
                            .client()
                            .queueLimit())
                    .isEqualTo(deep);
        }
    }

    @Test
    void wrongPairsAreNotToldApart() throws IOException {
        TokenService.Exchange unknown = service.exchange("nobody", client.clientSecret());
        TokenService.Exchange wrong = service.exchange(client.clientId(), "wrong");
        assertRefused(unknown, TokenService.Fault.INVALID_CLIENT);
        assertThat(wrong).isEqualTo(unknown);
        directory.tenants().enable("testTenant", false);
        assertThat(service.exchange(client.clientId(), client.clientSecret())).isEqualTo(unknown);
        directory.tenants().enable("testTenant", true);
        directory.tenants().removeClient("testTenant", client.clientId());
        assertThat(service.exchange(client.clientId(), client.clientSecret())).isEqualTo(unknown);
        assertThat(events)
                .containsExactly(
                        new AccessEvent.TokenRefused("nobody", "unknown client ID or wrong secret"),
                        new AccessEvent.TokenRefused(client.clientId(), "unknown client ID or wrong secret"),
                        new AccessEvent.TokenRefused(client.clientId(), "tenant is disabled"),
                        new AccessEvent.TokenRefused(client.clientId(), "unknown client ID or wrong secret"));
    }

    @Test
    void anInternalRoleThatWasWrittenIntoTheFileIsNeverIssued() throws IOException {
        Path file = data.resolve("access").resolve("tenants.json");
        String text = Files.readString(file);
        Files.writeString(file, text.replace("\"APPLICATION\"", "\"APPLICATION\", \"OPERATOR\", \"ADMIN\""));
        directory.watch(Duration.ofMillis(20));
        await().until(() -> directory
                .tenants()
                .findClient(client.clientId())
                .orElseThrow()
                .client()
                .roles()
                .contains("OPERATOR"));
        assertThat(granted(service.exchange(client.clientId(), client.clientSecret()))
                        .roles())
                .containsExactlyInAnyOrderElementsOf(RoleTable.TENANT_DEFAULTS);
    }
}
