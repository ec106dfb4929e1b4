// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.broker.message.Message;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.SubscriptionRecord;
import org.upwell.broker.topic.SharedFilter;
import org.upwell.broker.topic.Subscription;

/// The subscriptions of one session: here by the text that the client wrote, in the broker's tree, and in the
/// store. Owned by the session's owner.
final class SessionSubscriptions {

    private final Session session;
    private final SessionContext context;
    private final Map<String, Held> held = HashMap.newHashMap(1);

    /// @param member null for a subscription that is not shared
    private record Held(
            SharedFilter filter, Subscription<Subscriber> subscription, SharedGroup.@Nullable Member member) {
        private boolean watches() {
            return member == null && OwnView.mayMatch(filter.filter());
        }
    }

    /// Those of [#held] that are shared; few sessions have any. Not looked for anew with each subscription: a session
    /// may make a million of them.
    private final List<SharedGroup.Member> shared = new ArrayList<>(0);
    /// Those that may bring something of the session's own view.
    private List<Subscription<Subscriber>> watching = List.of();
    private int nextShared;

    SessionSubscriptions(Session session, SessionContext context) {
        this.session = session;
        this.context = context;
    }

    int count() {
        return held.size();
    }

    /// The filters as the client wrote them, share prefix included.
    List<String> filters() {
        return List.copyOf(held.keySet());
    }

    boolean put(SharedFilter filter, Subscription<Subscriber> subscription, Commit commit) {
        boolean isNew = !held.containsKey(filter.text());
        hold(filter, subscription);
        long number = session.storeNumber();
        if (number == 0) {
            commit.committed();
        } else {
            context.store().putSubscription(number, toRecord(filter, subscription), commit);
        }
        return isNew;
    }

    private void hold(SharedFilter filter, Subscription<Subscriber> subscription) {
        SharedGroup.Member member = null;
        if (filter.isShared()) {
            member = context.groups().join(filter, session, subscription, context);
            SessionConnection connection = session.deliversTo();
            if (connection != null) {
                member.group().online(member, connection.sendQuota());
            }
        } else if (!OwnView.covers(filter.filter())) {
            context.subscriptions().put(subscription);
        }
        Held now = new Held(filter, subscription, member);
        Held before = held.put(filter.text(), now);
        if (member != null && before == null) {
            shared.add(member);
        }
        if (now.watches()) {
            listWatching();
        }
    }

    private void listWatching() {
        watching = held.values().stream()
                .filter(Held::watches)
                .map(Held::subscription)
                .toList();
    }

    /// True if some subscription may bring something of the session's own view.
    boolean watchItself() {
        return !watching.isEmpty();
    }

    /// A message of the own view as the subscriptions want it; null if none matches.
    @Nullable
    Delivery toOwnDelivery(Message message) {
        List<Subscription<Subscriber>> matching = watching.stream()
                .filter(each -> each.filter().matches(message.topic()))
                .toList();
        if (matching.isEmpty()) {
            return null;
        }
        boolean retain = matching.stream().anyMatch(Subscription::retainAsPublished);
        int[] ids = matching.stream()
                .mapToInt(Subscription::identifier)
                .filter(id -> id > 0)
                .toArray();
        return new Delivery(message, 0, 0, retain, ids);
    }

    private static SubscriptionRecord toRecord(SharedFilter filter, Subscription<Subscriber> subscription) {
        return new SubscriptionRecord(
                filter.text(),
                subscription.qos(),
                subscription.noLocal(),
                subscription.retainAsPublished(),
                subscription.identifier());
    }

    boolean remove(String text, Commit commit) {
        Held removed = held.remove(text);
        if (removed == null) {
            commit.committed();
            return false;
        }
        leave(removed);
        if (removed.member != null) {
            shared.remove(removed.member);
        } else if (removed.watches()) {
            listWatching();
        }
        long number = session.storeNumber();
        if (number == 0) {
            commit.committed();
        } else {
            context.store().removeSubscription(number, text, commit);
        }
        return true;
    }

    private void leave(Held subscription) {
        SharedGroup.Member member = subscription.member;
        if (member == null) {
            context.subscriptions().remove(session, subscription.filter.filter());
        } else {
            context.groups().leave(member, subscription.filter);
        }
    }

    // ---- Shared subscriptions ------------------------------------------------------------------------------------

    /// The connection takes messages from now on.
    void online(int sendQuota) {
        shared.forEach(member -> member.group().online(member, sendQuota));
    }

    void offline() {
        shared.forEach(member -> member.group().offline(member));
    }

    /// The next message that waits in one of the groups, which take turns.
    @Nullable
    Delivery pollShared() {
        for (int tried = 0; tried < shared.size(); tried++) {
            nextShared = nextShared + 1 < shared.size() ? nextShared + 1 : 0;
            SharedGroup.Member member = shared.get(nextShared);
            Delivery next = member.group().poll(member);
            if (next != null) {
                return next;
            }
        }
        return null;
    }

    // ---- Rights --------------------------------------------------------------------------------------------------

    /// Puts back what the store kept.
    void restore(SharedFilter filter, Subscription<Subscriber> subscription) {
        hold(filter, subscription);
    }

    /// Takes back what the session's present rights do not cover, and lowers what they cover at less.
    ///
    /// @return false if something was taken back
    boolean checkRights() {
        List<String> uncovered = lower();
        for (String text : uncovered) {
            context.events().on(new BrokerEvent.SubscribeRefused(session.key(), text, "no longer covered by any role"));
            remove(text, Commit.NONE);
        }
        return uncovered.isEmpty();
    }

    /// Lowers what the session's present rights cover at less than it was granted. Returns the filters that they do
    /// not cover at all.
    List<String> lower() {
        List<String> uncovered = new ArrayList<>();
        SessionConnection connection = session.deliversTo();
        shared.forEach(member -> member.group().limits(member, session.limits()));
        for (Held each : new ArrayList<>(held.values())) {
            Subscription<Subscriber> old = each.subscription;
            int granted = session.grantedQos(each.filter, old.qos());
            if (granted < 0) {
                uncovered.add(each.filter.text());
                if (each.member != null) {
                    // Others of the group get the messages.
                    each.member.group().offline(each.member);
                }
            } else if (granted != old.qos()) {
                Subscription<Subscriber> lowered = new Subscription<>(
                        session, old.filter(), granted, old.noLocal(), old.retainAsPublished(), old.identifier());
                hold(each.filter, lowered);
            } else if (each.member != null && connection != null) {
                // The right may have been away until now.
                each.member.group().online(each.member, connection.sendQuota());
            }
        }
        return uncovered;
    }

    /// The session ended.
    void clear() {
        held.values().forEach(this::leave);
        held.clear();
        shared.clear();
        watching = List.of();
    }
}
