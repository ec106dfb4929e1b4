// SPDX-License-Identifier: Apache-2.0
package org.upwell.access.role;

import java.util.ArrayList;
import java.util.List;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.topic.InvalidTopicException;
import org.upwell.broker.topic.TopicFilter;

/// The grants of one tenant with one set of roles. Immutable; checks allocate nothing.
final class CompiledPermissions implements Permissions {

    private static final int RECEIVE = 1 << 6;

    private record Coverage(TopicFilter filter, int maxQos) {}

    private final LevelTree tree;
    private final Coverage[] subscribable;
    private final boolean empty;

    private CompiledPermissions(List<LevelTree.Entry> entries, List<Coverage> subscribable) {
        this.tree = LevelTree.of(entries);
        this.subscribable = subscribable.toArray(Coverage[]::new);
        this.empty = entries.isEmpty();
    }

    /// @param tenant takes the place of [Grant#TENANT] as a literal; checked by the caller to be one
    static CompiledPermissions of(String tenant, List<Grant> grants) {
        List<LevelTree.Entry> entries = new ArrayList<>();
        List<Coverage> subscribable = new ArrayList<>();
        for (Grant grant : grants) {
            TopicFilter filter = resolve(tenant, grant);
            entries.add(new LevelTree.Entry(filter.levels(), marks(grant)));
            if (grant.action().subscribe()) {
                subscribable.add(new Coverage(filter, grant.maxQos()));
            }
        }
        return new CompiledPermissions(entries, subscribable);
    }

    private static TopicFilter resolve(String tenant, Grant grant) {
        String[] levels = grant.filter().split("/", -1);
        for (int i = 0; i < levels.length; i++) {
            if (levels[i].equals(Grant.TENANT)) {
                levels[i] = tenant;
            }
        }
        try {
            return TopicFilter.parse(String.join("/", levels));
        } catch (InvalidTopicException e) {
            throw new IllegalStateException("the role table and tenant IDs are checked when they are read", e);
        }
    }

    private static int marks(Grant grant) {
        int marks = 0;
        if (grant.action().publish()) {
            for (int qos = 0; qos <= grant.maxQos(); qos++) {
                marks |= publishMark(qos, false);
                marks |= grant.retain() ? publishMark(qos, true) : 0;
            }
        }
        return grant.action().subscribe() ? marks | RECEIVE : marks;
    }

    private static int publishMark(int qos, boolean retain) {
        return 1 << (qos * 2 + (retain ? 1 : 0));
    }

    @Override
    public boolean isEmpty() {
        return empty;
    }

    @Override
    public boolean mayPublish(String topicName, int qos, boolean retain) {
        return qos >= 0 && qos <= 2 && tree.matches(topicName, publishMark(qos, retain));
    }

    @Override
    public int grantedQos(TopicFilter filter, int requestedQos) {
        int granted = -1;
        for (Coverage coverage : subscribable) {
            int qos = Math.min(coverage.maxQos(), requestedQos);
            if (qos > granted && coverage.filter().covers(filter)) {
                granted = qos;
            }
        }
        return granted;
    }

    @Override
    public boolean mayReceive(String topicName) {
        return tree.matches(topicName, RECEIVE);
    }
}
