// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.login;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.access.registry.AccessDirectory;
import org.upwell.broker.access.Principal;
import org.upwell.broker.session.OverflowRule;
import org.upwell.broker.session.SessionLimits;
import org.upwell.broker.store.SessionRecord.QueueLimit;

@Timeout(60)
class PrincipalLimitsTest {

    private static final SessionLimits CONFIGURED = new SessionLimits(1_000, 10_000, OverflowRule.DROP_NEWEST, 77);

    @TempDir
    Path data;

    private AccessDirectory directory;
    private PrincipalLimits limits;

    @BeforeEach
    void open() throws IOException {
        Path roles = data.resolve("access").resolve("roles.yaml");
        Files.createDirectories(roles.getParent());
        Files.writeString(roles, """
                roles:
                  DEEP: {queue-messages: 2000000}
                  WIDE: {queue-bytes: 5000000, queue-overflow: drop-oldest}
                  SMALL: {queue-messages: 10, queue-overflow: drop-oldest}
                  NEWEST: {queue-overflow: drop-newest}
                  INTERNAL: {grants: [{allow: both, topic: "#"}], queue-messages: 500}
                """);
        directory = AccessDirectory.open(data);
        directory.tenants().add("acme");
        limits = new PrincipalLimits(directory, CONFIGURED);
    }

    @AfterEach
    void close() {
        directory.close();
    }

    private SessionLimits of(@Nullable QueueLimit claim, String... roles) {
        return limits.of(new Principal("acme", "acme", Set.of(roles), null, null, null, claim));
    }

    private static SessionLimits limit(int messages, long bytes, OverflowRule overflow) {
        return new SessionLimits(messages, bytes, overflow, 77);
    }

    @Test
    void rolesThatSayNothingLeaveWhatIsConfigured() {
        assertThat(of(null, "APPLICATION", "UNHEARD_OF")).isEqualTo(CONFIGURED);
    }

    @Test
    void theLargestOfTheRolesCounts() {
        assertThat(of(null, "SMALL", "APPLICATION")).isEqualTo(limit(10, 10_000, OverflowRule.DROP_OLDEST));
        assertThat(of(null, "SMALL", "DEEP")).isEqualTo(limit(2_000_000, 10_000, OverflowRule.DROP_OLDEST));
        assertThat(of(null, "SMALL", "DEEP", "WIDE")).isEqualTo(limit(2_000_000, 5_000_000, OverflowRule.DROP_OLDEST));
    }

    @Test
    void rolesThatContradictEachOtherLeaveTheConfiguredOverflow() {
        assertThat(of(null, "WIDE", "NEWEST").overflow()).isEqualTo(OverflowRule.DROP_NEWEST);
    }

    @Test
    void aRoleThatTheTenantMayNotHaveSaysNothing() {
        assertThat(of(null, "INTERNAL", "APPLICATION")).isEqualTo(CONFIGURED);
        assertThat(limits.of(Principal.of("ssni", "olga", Set.of("INTERNAL"))).queueMessages())
                .isEqualTo(500);
    }

    @Test
    void aTokenMayLowerWhatItsRolesGive() {
        assertThat(of(new QueueLimit(5, 50), "DEEP")).isEqualTo(limit(5, 50, OverflowRule.DROP_NEWEST));
        assertThat(of(new QueueLimit(5_000_000, 50_000_000), "APPLICATION")).isEqualTo(CONFIGURED);
    }

    @Test
    void aTokenMayRaiseItAsFarAsItsTenantMayHaveIt() throws IOException {
        directory.tenants().limitQueues("acme", new QueueLimit(300_000, 1L << 30));

        assertThat(of(new QueueLimit(200_000, 1L << 29), "APPLICATION"))
                .isEqualTo(limit(200_000, 1L << 29, OverflowRule.DROP_NEWEST));
        assertThat(of(new QueueLimit(2_000_000, 1L << 31), "SMALL"))
                .isEqualTo(limit(300_000, 1L << 30, OverflowRule.DROP_OLDEST));
    }
}
