// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.role;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.upwell.access.file.BrokenFileException;
import org.upwell.access.file.Faults;
import org.upwell.broker.session.OverflowRule;

class RoleFileTest {

    private static RoleTable parse(String text) throws IOException {
        Faults faults = new Faults(Path.of("roles.yaml"));
        RoleTable table = RoleFile.parse(text.getBytes(StandardCharsets.UTF_8), faults);
        faults.throwIfAny();
        return table;
    }

    @Test
    void anEmptyFileLeavesTheDefaults() throws IOException {
        assertThat(parse("").names())
                .containsExactlyInAnyOrder(
                        "BUBBLE_UP_READ_CONSUMER",
                        "BUBBLE_UP_ALERT_CONSUMER",
                        "PRESENCE_CONSUMER",
                        "APPLICATION",
                        "BUBBLE_UP_PRODUCER",
                        "PRESENCE_PRODUCER",
                        "OPERATOR",
                        "ADMIN");
    }

    @Test
    void rolesThatReachBeyondATenantAreInternal() throws IOException {
        RoleTable table = parse("""
                roles:
                  MIXED: [{allow: both, topic: "{tenantId}/app/#"}, {allow: publish, topic: "other/x"}]
                  OWN: [{allow: both, topic: "{tenantId}/app/#"}]
                  ROOT: [{allow: both, topic: "{tenantId}"}]
                  NOTHING: []
                """);
        assertThat(table.roles().stream().filter(role -> !role.isInternal()).map(Role::name))
                .containsExactlyInAnyOrder(
                        "BUBBLE_UP_READ_CONSUMER",
                        "BUBBLE_UP_ALERT_CONSUMER",
                        "PRESENCE_CONSUMER",
                        "APPLICATION",
                        "OWN");
        assertThat(table.mayHave("ssni", "MIXED")).isTrue();
        assertThat(table.mayHave("testTenant", "MIXED")).isFalse();
        assertThat(table.mayHave("testTenant", "OWN")).isTrue();
        assertThat(table.mayHave("testTenant", "UNHEARD_OF")).isFalse();
    }

    @Test
    void aRoleMaySayHowMuchAQueueHolds() throws IOException {
        RoleTable table = parse("""
                roles:
                  DEEP: {queue-messages: 2000000, queue-bytes: 1073741824, queue-overflow: drop-oldest}
                  READER:
                    grants: [{allow: subscribe, topic: "{tenantId}/read/#"}]
                    queue-messages: 100
                  EMPTY: {grants: []}
                """);
        assertThat(table.queueOf("DEEP")).isEqualTo(new RoleQueue(2_000_000, 1L << 30, OverflowRule.DROP_OLDEST));
        assertThat(table.queueOf("READER")).isEqualTo(new RoleQueue(100, 0, null));
        assertThat(table.find("READER").orElseThrow().grants())
                .containsExactly(new Grant(Grant.Action.SUBSCRIBE, "{tenantId}/read/#", 2, true));
        assertThat(table.queueOf("APPLICATION")).isEqualTo(RoleQueue.UNSAID);
        assertThat(table.queueOf("UNHEARD_OF")).isEqualTo(RoleQueue.UNSAID);
        assertThat(table.mayHave("testTenant", "DEEP")).isTrue();
        assertThat(table.mayHave("testTenant", "EMPTY")).isFalse();
    }

    @Test
    void impossibleQueuesAreReportedWithTheirLines() {
        assertThatThrownBy(() -> parse("""
                        roles:
                          A: {queue-messages: 2000001}
                          B: {queue-bytes: 0}
                          C: {queue-overflow: drop-some}
                          D: {queue-size: 1}
                        """))
                .isInstanceOf(BrokenFileException.class)
                .hasMessageContaining("roles.yaml:2: 'queue-messages' of role 'A' must be a number from 1 to 2000000")
                .hasMessageContaining("roles.yaml:3: 'queue-bytes' of role 'B' must be a number from 1")
                .hasMessageContaining("roles.yaml:4: 'queue-overflow' must be drop-newest or drop-oldest")
                .hasMessageContaining("roles.yaml:5: unknown key 'queue-size' in role 'D'");
    }

    @Test
    void aFileAddsAndReplaces() throws IOException {
        RoleTable table = parse("""
                format: 1
                roles:
                  METER_READER:
                    - allow: subscribe
                      topic: "{tenantId}/read/#"
                      max-qos: 1
                    - {allow: publish, topic: "{tenantId}/meter/+/set", retain: false}
                  APPLICATION:
                    - {allow: both, topic: "{tenantId}/shared/#"}
                """);
        assertThat(table.find("METER_READER").orElseThrow().grants())
                .isEqualTo(List.of(
                        new Grant(Grant.Action.SUBSCRIBE, "{tenantId}/read/#", 1, true),
                        new Grant(Grant.Action.PUBLISH, "{tenantId}/meter/+/set", 2, false)));
        assertThat(table.find("APPLICATION").orElseThrow().grants())
                .isEqualTo(List.of(Grant.both("{tenantId}/shared/#")));
        assertThat(table.find("OPERATOR")).isPresent();
    }

    @Test
    void allFaultsAreToldAtOnceWithTheirLines() {
        assertThatThrownBy(() -> parse("""
                roles:
                  A:
                    - allow: read
                      topic: "{tenantId}/a#"
                  B:
                    - allow: both
                      topc: x
                  C:
                    - allow: both
                      topic: "x{tenantId}/c"
                      max-qos: 3
                  ADMIN:
                    - {allow: both, topic: "{tenantId}/#"}
                  D: nothing
                  E E: []
                  F: [{allow: both, topic: $share/g/x}]
                role: {}
                """))
                .isInstanceOfSatisfying(
                        BrokenFileException.class,
                        e -> assertThat(e.faults())
                                .containsExactly(
                                        "roles.yaml:3: 'allow' must be publish, subscribe or both, found 'read'",
                                        "roles.yaml:4: '#' must stand alone in the last level of topic filter"
                                                + " {tenantId}/a#",
                                        "roles.yaml:6: a grant of role 'B' lacks 'topic'",
                                        "roles.yaml:7: unknown key 'topc' in a grant of role 'B'"
                                                + " (known: allow, topic, max-qos, retain)",
                                        "roles.yaml:10: {tenantId} must be a whole level, found 'x{tenantId}'",
                                        "roles.yaml:11: 'max-qos' of a grant of role 'C' must be a number from 0 to 2,"
                                                + " found '3'",
                                        "roles.yaml:13: role 'ADMIN' grants administration by HTTP and cannot be given topics",
                                        "roles.yaml:14: role 'D' must be a list of grants, or a mapping with 'grants',"
                                                + " found text",
                                        "roles.yaml:15: role 'E E' must be named with 1 to 128 of the characters"
                                                + " A-Z a-z 0-9 _ . : -",
                                        "roles.yaml:16: grants are looked up without $share/<group>/; leave it out of"
                                                + " '$share/g/x'",
                                        "roles.yaml:17: unknown key 'role' in the file (known: format, roles)"));
    }
}
