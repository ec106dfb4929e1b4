// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.GroupRecord;
import org.upwell.broker.store.Store;
import org.upwell.broker.topic.SharedFilter;
import org.upwell.broker.topic.Subscription;
import org.upwell.broker.topic.SubscriptionTree;

/// All shared subscriptions of this process by tenant, share name and filter. Any thread: a group comes and goes
/// with its first and last member, which the map's own lock orders.
public final class SharedGroups {

    private final ConcurrentHashMap<GroupRecord, SharedGroup> groups = new ConcurrentHashMap<>();
    private final SubscriptionTree<Subscriber> subscriptions;

    public SharedGroups(SubscriptionTree<Subscriber> subscriptions) {
        this.subscriptions = subscriptions;
    }

    /// Adds `session` to the group that `filter` names, or changes its options.
    SharedGroup.Member join(
            SharedFilter filter, Session session, Subscription<Subscriber> subscription, SessionContext context) {
        List<SharedGroup.Member> joined = new ArrayList<>(1);
        groups.compute(toKey(filter, session), (key, existing) -> {
            SharedGroup group = existing == null ? new SharedGroup(key, context, session.owner()) : existing;
            boolean wasEmpty = group.memberCount() == 0;
            joined.add(group.join(session, subscription));
            if (wasEmpty) {
                enter(group, filter);
            }
            return group;
        });
        return joined.getFirst();
    }

    private void enter(SharedGroup group, SharedFilter filter) {
        // Everything that a member could ask for; each gets what its own subscription says.
        subscriptions.put(new Subscription<>(group, filter.filter(), 2, false, true, 0));
    }

    private static GroupRecord toKey(SharedFilter filter, Session session) {
        String name = filter.shareName();
        if (name == null) {
            throw new IllegalArgumentException("not a shared subscription: " + filter);
        }
        return new GroupRecord(session.key().tenant(), name, filter.filter().text());
    }

    void leave(SharedGroup.Member member, SharedFilter filter) {
        groups.computeIfPresent(member.group().key(), (key, group) -> {
            if (group != member.group() || !group.leave(member)) {
                return group;
            }
            subscriptions.remove(group, filter.filter());
            return null;
        });
    }

    /// Null if there is none. Any thread.
    @Nullable
    SharedGroup find(GroupRecord key) {
        return groups.get(key);
    }

    /// As the store kept it; members may have come back before.
    SharedGroup restore(GroupRecord key, long number, SessionContext context, Owner home) {
        SharedGroup group = groups.computeIfAbsent(key, absent -> new SharedGroup(absent, context, home));
        group.restore(number);
        return group;
    }

    /// Lets go of groups whose members did not come back.
    void removeEmpty(Store store) {
        groups.values().removeIf(group -> {
            boolean empty = group.memberCount() == 0;
            if (empty) {
                store.removeSession(group.storeNumber(), Commit.NONE);
            }
            return empty;
        });
    }

    /// A live view. Any thread.
    public Collection<SharedGroup> all() {
        return groups.values();
    }
}
