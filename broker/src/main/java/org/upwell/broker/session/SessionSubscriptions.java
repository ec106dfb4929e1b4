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
import org.upwell.broker.topic.TopicFilter;

/// The subscriptions of one session: here by the text that the client wrote, in the broker's tree, and in the
/// store. Owned by the session's owner.
final class SessionSubscriptions {

    private final Session session;
    private final SessionContext context;
    /// By topic filter; kept small, since a session may make a million of them.
    private final Map<String, Subscription<Subscriber>> plain = HashMap.newHashMap(1);
    /// By the filter as the client wrote it; few sessions have any.
    private final Map<String, Shared> shared = new HashMap<>(0);
    /// Those of [#shared], who take turns.
    private final List<SharedGroup.Member> members = new ArrayList<>(0);
    /// Those of [#plain] that may bring something of the session's own view.
    private List<Subscription<Subscriber>> watching = List.of();
    private int nextShared;
    /// What SUBACK granted to those that are at less, since the rights cover no more now.
    private final Map<String, Integer> loweredFrom = new HashMap<>(0);

    private record Shared(SharedFilter filter, Subscription<Subscriber> subscription, SharedGroup.Member member) {}

    SessionSubscriptions(Session session, SessionContext context) {
        this.session = session;
        this.context = context;
    }

    /// The filters as the client wrote them, share prefix included.
    List<String> filters() {
        List<String> filters = new ArrayList<>(plain.keySet());
        filters.addAll(shared.keySet());
        return filters;
    }

    boolean put(SharedFilter filter, Subscription<Subscriber> subscription, Commit commit) {
        boolean isNew = hold(filter, subscription);
        loweredFrom.remove(filter.text());
        long number = session.storeNumber();
        if (number == 0) {
            commit.committed();
        } else {
            context.store().putSubscription(number, toRecord(filter, subscription), commit);
        }
        return isNew;
    }

    /// True if there was none with exactly this text.
    private boolean hold(SharedFilter filter, Subscription<Subscriber> subscription) {
        return filter.isShared() ? holdShared(filter, subscription) : holdPlain(subscription);
    }

    private boolean holdShared(SharedFilter filter, Subscription<Subscriber> subscription) {
        SharedGroup.Member member = context.groups().join(filter, session, subscription, context);
        SessionConnection connection = session.deliversTo();
        if (connection != null) {
            member.group().online(member, connection.sendQuota());
        }
        boolean isNew = shared.put(filter.text(), new Shared(filter, subscription, member)) == null;
        if (isNew) {
            members.add(member);
        }
        return isNew;
    }

    private boolean holdPlain(Subscription<Subscriber> subscription) {
        TopicFilter filter = subscription.filter();
        if (!OwnView.covers(filter)) {
            context.subscriptions().put(subscription);
        }
        boolean isNew = plain.put(filter.text(), subscription) == null;
        if (OwnView.mayMatch(filter)) {
            listWatching();
        }
        return isNew;
    }

    private void listWatching() {
        watching = plain.values().stream()
                .filter(each -> OwnView.mayMatch(each.filter()))
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
        if (!removeShared(text) && !removePlain(text)) {
            commit.committed();
            return false;
        }
        loweredFrom.remove(text);
        long number = session.storeNumber();
        if (number == 0) {
            commit.committed();
        } else {
            context.store().removeSubscription(number, text, commit);
        }
        return true;
    }

    private boolean removeShared(String text) {
        Shared removed = shared.remove(text);
        if (removed == null) {
            return false;
        }
        members.remove(removed.member);
        context.groups().leave(removed.member, removed.filter);
        return true;
    }

    private boolean removePlain(String text) {
        Subscription<Subscriber> removed = plain.remove(text);
        if (removed == null) {
            return false;
        }
        context.subscriptions().remove(session, removed.filter());
        if (OwnView.mayMatch(removed.filter())) {
            listWatching();
        }
        return true;
    }

    // ---- Shared subscriptions ------------------------------------------------------------------------------------

    /// The connection takes messages from now on: of those groups that the present rights cover, which may have
    /// become fewer while the session was being opened.
    void online(int sendQuota) {
        for (Shared each : shared.values()) {
            if (session.grantedQos(each.filter, 0) >= 0) {
                each.member.group().online(each.member, sendQuota);
            }
        }
    }

    void offline() {
        members.forEach(member -> member.group().offline(member));
    }

    /// The next message that waits in one of the groups, which take turns.
    @Nullable
    Delivery pollShared() {
        for (int tried = 0; tried < members.size(); tried++) {
            nextShared = nextShared + 1 < members.size() ? nextShared + 1 : 0;
            SharedGroup.Member member = members.get(nextShared);
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
        List<String> uncovered = adjust();
        for (String text : uncovered) {
            context.events().on(new BrokerEvent.SubscribeRefused(session.key(), text, "no longer covered by any role"));
            remove(text, Commit.NONE);
        }
        return uncovered.isEmpty();
    }

    /// Brings each subscription to the QoS that the session's present rights cover, up to what it was granted: less
    /// than before, or again more. Returns the filters that they do not cover at all.
    List<String> adjust() {
        List<String> uncovered = new ArrayList<>();
        members.forEach(member -> member.group().limits(member, session.limits()));
        for (Shared each : new ArrayList<>(shared.values())) {
            if (!adjust(each.filter, each.subscription)) {
                uncovered.add(each.filter.text());
                // Others of the group get the messages.
                each.member.group().offline(each.member);
            }
        }
        for (Subscription<Subscriber> each : new ArrayList<>(plain.values())) {
            if (!adjust(new SharedFilter(null, each.filter()), each)) {
                uncovered.add(each.filter().text());
            }
        }
        return uncovered;
    }

    /// False if the present rights do not cover it at all.
    private boolean adjust(SharedFilter filter, Subscription<Subscriber> old) {
        int granted = loweredFrom.getOrDefault(filter.text(), old.qos());
        int covered = session.grantedQos(filter, granted);
        if (covered < 0) {
            return false;
        }
        if (covered < granted) {
            loweredFrom.put(filter.text(), granted);
        } else {
            loweredFrom.remove(filter.text());
        }
        if (covered != old.qos()) {
            hold(
                    filter,
                    new Subscription<>(
                            session, old.filter(), covered, old.noLocal(), old.retainAsPublished(), old.identifier()));
        } else if (filter.isShared()) {
            // The right may have been away until now.
            hold(filter, old);
        }
        return true;
    }

    /// The session ended.
    void clear() {
        for (Shared each : shared.values()) {
            context.groups().leave(each.member, each.filter);
        }
        for (Subscription<Subscriber> each : plain.values()) {
            context.subscriptions().remove(session, each.filter());
        }
        shared.clear();
        members.clear();
        plain.clear();
        watching = List.of();
        loweredFrom.clear();
    }
}
