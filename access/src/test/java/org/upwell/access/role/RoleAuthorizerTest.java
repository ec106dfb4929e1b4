// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.role;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.upwell.access.SuppressForbidden;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.access.Principal;
import org.upwell.broker.topic.InvalidTopicException;
import org.upwell.broker.topic.TopicFilter;

class RoleAuthorizerTest {

    private static final Set<String> TENANT_ROLES = Set.copyOf(RoleTable.TENANT_DEFAULTS);

    private final AtomicReference<RoleTable> table = new AtomicReference<>(RoleTable.defaults());
    private final RoleAuthorizer authorizer = new RoleAuthorizer(table::get);

    private Permissions permissions(String tenant, Set<String> roles) {
        return authorizer.permissionsOf(Principal.of(tenant, "someone", roles));
    }

    private static TopicFilter filter(String text) throws InvalidTopicException {
        return TopicFilter.parse(text);
    }

    @ParameterizedTest
    @CsvSource({
        "testTenant/read/#, 2",
        "testTenant/read, 2",
        "testTenant/read/+/temp, 2",
        "testTenant/read/001350050047dd92/temp, 2",
        "testTenant/alert/+/+, 2",
        "testTenant/presence/+/nic, 2",
        "testTenant/app/#, 2",
        "'#', -1",
        "+, -1",
        "+/#, -1",
        "+/read/#, -1",
        "testTenant/#, -1",
        "testTenant/+, -1",
        "testTenant/+/001350050047dd92/temp, -1",
        "testTenant, -1",
        "testTenant/readings/#, -1",
        "other/read/#, -1",
        "ssni/read/#, -1",
        "TESTTENANT/read/#, -1",
        "testTenant/READ/#, -1",
        "/testTenant/read/#, -1",
        "testTenant//read/#, -1",
        "{tenantId}/read/#, -1",
        "$SYS/#, -1",
        "$SYS/broker/uptime, -1",
    })
    void aTenantsConsumersSubscribeToTheirOwnTopicsOnly(String requested, int granted) throws InvalidTopicException {
        assertThat(permissions("testTenant", TENANT_ROLES).grantedQos(filter(requested), 2))
                .isEqualTo(granted);
    }

    @ParameterizedTest
    @CsvSource({
        "testTenant/app/x, true",
        "testTenant/app, true",
        "testTenant/read/001350050047dd92/temp, false",
        "testTenant/alert/001350050047dd92/temp, false",
        "other/app/x, false",
        "testTenant/apple, false",
        "$SYS/app, false",
        "app/x, false",
    })
    void aTenantsClientsPublishUnderTheirOwnAppOnly(String topic, boolean allowed) {
        Permissions permissions = permissions("testTenant", TENANT_ROLES);
        for (int qos = 0; qos <= 2; qos++) {
            assertThat(permissions.mayPublish(topic, qos, false)).isEqualTo(allowed);
            assertThat(permissions.mayPublish(topic, qos, true)).isEqualTo(allowed);
        }
    }

    @Test
    void theSameRoleMeansEachTenantsOwnTopics() throws InvalidTopicException {
        Permissions internal = permissions("ssni", Set.of("BUBBLE_UP_READ_CONSUMER"));
        assertThat(internal.grantedQos(filter("ssni/read/#"), 1)).isEqualTo(1);
        assertThat(internal.grantedQos(filter("testTenant/read/#"), 1)).isEqualTo(-1);
        assertThat(internal.mayReceive("ssni/read/a/b")).isTrue();
        assertThat(internal.mayReceive("testTenant/read/a/b")).isFalse();
    }

    @Test
    void aTenantThatIsNamedLikeThePlaceholderStaysWithItself() throws InvalidTopicException {
        Permissions odd = permissions("{tenantId}", TENANT_ROLES);
        assertThat(odd.grantedQos(filter("{tenantId}/read/#"), 2)).isEqualTo(2);
        assertThat(odd.grantedQos(filter("testTenant/read/#"), 2)).isEqualTo(-1);
    }

    @ParameterizedTest
    @CsvSource({"+", "'#'", "a/b", "$SYS", "''", "a/+"})
    void aTenantThatCouldActAsAFilterIsGrantedNothing(String tenant) throws InvalidTopicException {
        Permissions permissions = permissions(tenant, TENANT_ROLES);
        assertThat(permissions.isEmpty()).isTrue();
        assertThat(permissions.grantedQos(filter("x/read/#"), 0)).isEqualTo(-1);
        assertThat(permissions.mayReceive("x/read/y")).isFalse();
    }

    @Test
    void internalRolesTakeEffectForUsersOnly() throws InvalidTopicException {
        Set<String> roles = Set.of("OPERATOR", "BUBBLE_UP_PRODUCER", "PRESENCE_PRODUCER", "ADMIN");
        assertThat(permissions("testTenant", roles).isEmpty()).isTrue();
        Permissions users = permissions("ssni", roles);
        assertThat(users.grantedQos(filter("#"), 2)).isEqualTo(2);
        assertThat(users.grantedQos(filter("$SYS/#"), 2)).isEqualTo(2);
        assertThat(users.grantedQos(filter("+/read/#"), 2)).isEqualTo(2);
    }

    @Test
    void aLeadingWildcardDoesNotReachDollarTopics() throws InvalidTopicException {
        Permissions operator = permissions("ssni", Set.of("OPERATOR"));
        assertThat(operator.mayPublish("anything/at/all", 2, true)).isTrue();
        assertThat(operator.mayPublish("$SYS/broker/uptime", 0, false)).isFalse();
        assertThat(operator.mayReceive("$SYS/broker/uptime")).isTrue();
        assertThat(operator.grantedQos(filter("$OTHER/x"), 0)).isEqualTo(-1);
    }

    @Test
    void producersPublishReadingsAndAlarmsOfAllTenantsUnretained() throws InvalidTopicException {
        Permissions bridge = permissions("ssni", Set.of("BUBBLE_UP_PRODUCER"));
        assertThat(bridge.mayPublish("testTenant/read/001350050047dd92/temp", 2, false))
                .isTrue();
        assertThat(bridge.mayPublish("testTenant/alert/001350050047dd92/temp", 1, false))
                .isTrue();
        assertThat(bridge.mayPublish("testTenant/read/001350050047dd92/temp", 1, true))
                .isFalse();
        assertThat(bridge.mayPublish("testTenant/app/x", 0, false)).isFalse();
        assertThat(bridge.grantedQos(filter("testTenant/read/#"), 0)).isEqualTo(-1);
        Permissions presence = permissions("ssni", Set.of("PRESENCE_PRODUCER"));
        assertThat(presence.mayPublish("testTenant/presence/001350050047dd92/nic", 1, true))
                .isTrue();
    }

    @Test
    void withoutAKnownRoleThereIsNothing() {
        assertThat(permissions("testTenant", Set.of()).isEmpty()).isTrue();
        assertThat(permissions("testTenant", Set.of("UNHEARD_OF")).isEmpty()).isTrue();
        assertThat(permissions("ssni", Set.of("ADMIN")).isEmpty()).isTrue();
        assertThat(permissions("testTenant", Set.of("APPLICATION")).isEmpty()).isFalse();
    }

    @Test
    void theGreatestQosOfAnyCoveringGrantCounts() throws InvalidTopicException {
        table.set(RoleTable.defaults()
                .with(List.of(
                        new Role("LOW", List.of(new Grant(Grant.Action.BOTH, "{tenantId}/#", 0, false))),
                        new Role("HIGH", List.of(new Grant(Grant.Action.BOTH, "{tenantId}/x/+", 1, true))))));
        Permissions both = permissions("t", Set.of("LOW", "HIGH"));
        assertThat(both.grantedQos(filter("t/x/y"), 2)).isEqualTo(1);
        assertThat(both.grantedQos(filter("t/x/#"), 2)).isZero();
        assertThat(both.mayPublish("t/x/y", 1, true)).isTrue();
        assertThat(both.mayPublish("t/x/y", 2, false)).isFalse();
        assertThat(both.mayPublish("t/x/y/z", 0, false)).isTrue();
        assertThat(both.mayPublish("t/x/y/z", 1, false)).isFalse();
        assertThat(both.mayPublish("t/x/y/z", 0, true)).isFalse();
    }

    @Test
    void aNewTableCountsFromTheNextCall() {
        Permissions before = permissions("t", TENANT_ROLES);
        assertThat(permissions("t", TENANT_ROLES)).isSameAs(before);
        table.set(RoleTable.defaults().with(List.of(Role.of("APPLICATION", Grant.both("{tenantId}/new/#")))));
        Permissions after = permissions("t", TENANT_ROLES);
        assertThat(after.mayPublish("t/app/x", 0, false)).isFalse();
        assertThat(after.mayPublish("t/new/x", 0, false)).isTrue();
        assertThat(before.mayPublish("t/app/x", 0, false)).isTrue();
    }

    @Test
    @SuppressForbidden("only this bean of the JDK counts what a thread allocates")
    void checksAllocateNothingEvenWithAHundredRoles() throws InvalidTopicException {
        List<Role> roles = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Grant in = Grant.both("{tenantId}/area" + i + "/+/in");
            roles.add(Role.of("R" + i, in, Grant.subscribe("{tenantId}/+/x" + i)));
        }
        table.set(RoleTable.defaults().with(roles));
        Permissions permissions = permissions("testTenant", table.get().names());
        TopicFilter filter = filter("testTenant/area50/7/in");
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int hits = 0;
        for (int i = 0; i < 20_000; i++) {
            hits += check(permissions, filter);
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 20_000; i++) {
            hits += check(permissions, filter);
        }
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(hits).isEqualTo(40_000 * 3);
        // One byte per ten calls would already be too much; the measuring itself takes a few hundred.
        assertThat(allocated).isLessThan(2_000);
    }

    private static int check(Permissions permissions, TopicFilter filter) {
        return (permissions.mayPublish("testTenant/area50/7/in", 1, false) ? 1 : 0)
                + (permissions.mayPublish("testTenant/area500/7/in", 1, false) ? 100 : 0)
                + (permissions.mayReceive("testTenant/any/x99") ? 1 : 0)
                + (permissions.grantedQos(filter, 1) == 1 ? 1 : 0);
    }
}
