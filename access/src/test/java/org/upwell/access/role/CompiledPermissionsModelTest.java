// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.role;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.topic.InvalidTopicException;
import org.upwell.broker.topic.TopicFilter;

/// Compares compiled permissions with the plain rule: a list of grants, each asked in turn.
class CompiledPermissionsModelTest {

    private static final long SEED = 20_261_122;
    private static final String TENANT = "t";
    private static final List<Grant.Action> ACTIONS = List.of(Grant.Action.values());

    private final Random random = new Random(SEED);

    @Test
    void checksAgreeWithAskingEachGrantInTurn() throws InvalidTopicException {
        int publishable = 0;
        for (int round = 0; round < 400; round++) {
            List<Grant> grants = grants(1 + random.nextInt(round % 10 == 0 ? 120 : 8));
            Permissions compiled = CompiledPermissions.of(TENANT, grants);
            for (int i = 0; i < 200; i++) {
                String topic = topic();
                int qos = random.nextInt(3);
                boolean retain = random.nextBoolean();
                boolean may = mayPublish(grants, topic, qos, retain);
                publishable += may ? 1 : 0;
                assertThat(compiled.mayPublish(topic, qos, retain))
                        .as("publish seed=%d round=%d grants=%s topic=%s", SEED, round, grants, topic)
                        .isEqualTo(may);
                assertThat(compiled.mayReceive(topic))
                        .as("receive seed=%d round=%d grants=%s topic=%s", SEED, round, grants, topic)
                        .isEqualTo(mayReceive(grants, topic));
            }
        }
        // The samples would prove nothing if they were all of one kind.
        assertThat(publishable).isBetween(10_000, 70_000);
    }

    @Test
    void everyTopicOfAGrantedFilterMayBeReceived() throws InvalidTopicException {
        int granted = 0;
        for (int round = 0; round < 3_000; round++) {
            List<Grant> grants = grants(1 + random.nextInt(6));
            Permissions compiled = CompiledPermissions.of(TENANT, grants);
            TopicFilter requested = TopicFilter.parse(filterText().replace(Grant.TENANT, TENANT));
            int qos = compiled.grantedQos(requested, 2);
            if (qos < 0) {
                continue;
            }
            granted++;
            assertThat(compiled.grantedQos(requested, 0)).isZero();
            for (int i = 0; i < 60; i++) {
                String topic = topicOf(requested);
                assertThat(requested.matches(topic))
                        .as("%s of %s", topic, requested)
                        .isTrue();
                assertThat(compiled.mayReceive(topic))
                        .as("seed=%d round=%d grants=%s filter=%s topic=%s", SEED, round, grants, requested, topic)
                        .isTrue();
            }
        }
        assertThat(granted).isGreaterThan(300);
    }

    private static boolean mayPublish(List<Grant> grants, String topic, int qos, boolean retain)
            throws InvalidTopicException {
        for (Grant grant : grants) {
            boolean kind = grant.action() != Grant.Action.SUBSCRIBE;
            if (kind
                    && qos <= grant.maxQos()
                    && (!retain || grant.retain())
                    && resolved(grant).matches(topic)) {
                return true;
            }
        }
        return false;
    }

    private static boolean mayReceive(List<Grant> grants, String topic) throws InvalidTopicException {
        for (Grant grant : grants) {
            if (grant.action() != Grant.Action.PUBLISH && resolved(grant).matches(topic)) {
                return true;
            }
        }
        return false;
    }

    private static TopicFilter resolved(Grant grant) throws InvalidTopicException {
        return TopicFilter.parse(grant.filter().replace(Grant.TENANT, TENANT));
    }

    private List<Grant> grants(int count) {
        List<Grant> grants = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Grant.Action action = ACTIONS.get(random.nextInt(ACTIONS.size()));
            grants.add(new Grant(action, filterText(), random.nextInt(3), random.nextBoolean()));
        }
        return grants;
    }

    private String filterText() {
        List<String> levels = new ArrayList<>();
        int depth = 1 + random.nextInt(4);
        for (int i = 0; i < depth; i++) {
            int choice = random.nextInt(10);
            if (choice <= 2) {
                levels.add("+");
            } else if (choice <= 5 && i == 0) {
                levels.add(Grant.TENANT);
            } else {
                levels.add(level(i));
            }
        }
        if (random.nextInt(3) == 0) {
            levels.set(depth - 1, "#");
        }
        String text = String.join("/", levels);
        return text.isEmpty() ? "a" : text;
    }

    private String level(int depth) {
        if (depth == 0 && random.nextInt(12) == 0) {
            return "$SYS";
        }
        if (random.nextInt(15) == 0) {
            return "";
        }
        // "Aa" and "BB" have the same hash, so that the tree's tables must compare the text.
        return random.nextInt(6) == 0
                ? (random.nextBoolean() ? "Aa" : "BB")
                : String.valueOf((char) ('a' + random.nextInt(random.nextInt(4) == 0 ? 20 : 3)));
    }

    private String topic() {
        List<String> levels = new ArrayList<>();
        int depth = 1 + random.nextInt(4);
        for (int i = 0; i < depth; i++) {
            levels.add(i == 0 && random.nextInt(3) == 0 ? TENANT : level(i));
        }
        return String.join("/", levels);
    }

    private String topicOf(TopicFilter filter) {
        List<String> levels = new ArrayList<>();
        for (String level : filter.levels()) {
            if (level.equals("#")) {
                int more = random.nextInt(3);
                for (int i = levels.isEmpty() ? -1 : 0; i < more; i++) {
                    levels.add(levels.isEmpty() ? freeFirstLevel() : level(1));
                }
            } else if (level.equals("+")) {
                levels.add(levels.isEmpty() ? freeFirstLevel() : level(1));
            } else {
                levels.add(level);
            }
        }
        return String.join("/", levels);
    }

    /// What a leading wildcard matches: nothing that begins with `$`.
    private String freeFirstLevel() {
        return random.nextBoolean() ? TENANT : level(1);
    }
}
