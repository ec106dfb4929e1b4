// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.upwell.broker.event.BrokerEvent;
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

    private record Held(SharedFilter filter, Subscription<Session> subscription) {}

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

    boolean put(SharedFilter filter, Subscription<Session> subscription, Commit commit) {
        boolean isNew = held.put(filter.text(), new Held(filter, subscription)) == null;
        enter(subscription);
        long number = session.storeNumber();
        if (number == 0) {
            commit.committed();
        } else {
            context.store().putSubscription(number, toRecord(filter, subscription), commit);
        }
        return isNew;
    }

    private void enter(Subscription<Session> subscription) {
        context.subscriptions().put(subscription);
    }

    private static SubscriptionRecord toRecord(SharedFilter filter, Subscription<Session> subscription) {
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
        long number = session.storeNumber();
        if (number == 0) {
            commit.committed();
        } else {
            context.store().removeSubscription(number, text, commit);
        }
        return true;
    }

    private void leave(Held subscription) {
        context.subscriptions().remove(session, subscription.filter.filter());
    }

    /// Puts back what the store kept.
    void restore(SharedFilter filter, Subscription<Session> subscription) {
        held.put(filter.text(), new Held(filter, subscription));
        enter(subscription);
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

    /// Lowers what the session's present rights cover at less.
    ///
    /// @return what they do not cover at all
    List<String> lower() {
        List<String> uncovered = new ArrayList<>();
        for (Held each : new ArrayList<>(held.values())) {
            Subscription<Session> old = each.subscription;
            int granted = session.permissions().grantedQos(old.filter(), old.qos());
            if (granted < 0) {
                uncovered.add(each.filter.text());
            } else if (granted != old.qos()) {
                Subscription<Session> lowered = new Subscription<>(
                        session, old.filter(), granted, old.noLocal(), old.retainAsPublished(), old.identifier());
                held.put(each.filter.text(), new Held(each.filter, lowered));
                enter(lowered);
            }
        }
        return uncovered;
    }

    /// The session ended.
    void clear() {
        held.values().forEach(this::leave);
        held.clear();
    }
}
