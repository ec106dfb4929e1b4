// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.routing;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.event.BrokerCounters;
import org.upwell.broker.message.Message;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.session.Delivery;
import org.upwell.broker.session.Session;
import org.upwell.broker.session.Subscriber;
import org.upwell.broker.store.Append;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.Store;
import org.upwell.broker.store.StoreException;
import org.upwell.broker.topic.Matches;
import org.upwell.broker.topic.RetainedMessages;
import org.upwell.broker.topic.SubscriptionTree;

/// Finds who wants a message and hands it over, by way of the store where it must survive. Decides nothing else:
/// whether a message is allowed was decided before, what a full queue drops is the session's affair.
///
/// Shared by all event loops; holds no state of its own but the number of QoS 2 messages that wait for commit.
public final class Router {

    private final SubscriptionTree<Subscriber> subscriptions;
    private final RetainedMessages retained;
    private final Store store;
    private final BrokerCounters counters;
    private final ConcurrentHashMap<Owner, Uncommitted> uncommitted = new ConcurrentHashMap<>();

    /// The QoS 2 messages of one event loop that wait for commit. Touched on that loop only.
    private static final class Uncommitted {
        private int messages;
    }

    public Router(
            SubscriptionTree<Subscriber> subscriptions,
            RetainedMessages retained,
            Store store,
            BrokerCounters counters) {
        this.subscriptions = subscriptions;
        this.retained = retained;
        this.store = store;
        this.counters = counters;
    }

    /// Routes an accepted message.
    ///
    /// @param publisher the session that published it or whose will it is, null for the broker itself
    /// @param packetId the publisher's packet id at QoS 2, else 0, as for wills
    /// @param here the owner on whose thread this is called
    /// @param accepted told when the message is safe in every queue it entered, at once if none is persistent
    /// @return true if at least one subscription matched
    public boolean route(Message message, @Nullable Session publisher, int packetId, Owner here, Commit accepted) {
        Matches<Subscriber> matches = subscriptions.match(message.topic());
        if (message.retain()) {
            retained.put(message);
        }
        long publisherNumber = publisher == null || packetId == 0 ? 0 : publisher.storeNumber();
        List<QueueTarget> stored = message.qos() == 0 ? List.of() : persistentTargets(message, publisher, matches);
        // Acknowledgement contract: without one of these there is nothing to make safe.
        boolean needsStore = !stored.isEmpty() || message.retain() || publisherNumber != 0;
        Append append = needsStore ? new Append(message, stored, message.retain(), publisherNumber, packetId) : null;
        long sequence = needsStore ? store.nextSequence() : 0;
        if (message.qos() == 2) {
            Runnable delivery = () -> deliver(message, sequence, publisher, matches, here);
            whenCommitted(append, sequence, here, delivery, accepted);
        } else if (append == null) {
            deliver(message, 0, publisher, matches, here);
            accepted.committed();
        } else {
            store.append(sequence, append, accepted);
            deliver(message, sequence, publisher, matches, here);
        }
        if (matches.isEmpty()) {
            counters.messagesUnmatched.increment();
        }
        return !matches.isEmpty();
    }

    /// QoS 2 is never delivered before commit: a repeat after a crash could not be told from a new message. One
    /// that needs no store waits for those before it all the same, else it would overtake them ([MQTT-4.6.0-6]).
    private void whenCommitted(@Nullable Append append, long sequence, Owner here, Runnable delivery, Commit accepted) {
        Uncommitted ahead = uncommitted.computeIfAbsent(here, owner -> new Uncommitted());
        if (append == null && ahead.messages == 0) {
            delivery.run();
            accepted.committed();
            return;
        }
        ahead.messages++;
        Commit commit = new DeliverOnCommit(here, ahead, delivery, accepted);
        if (append == null) {
            store.sync(commit);
        } else {
            store.append(sequence, append, commit);
        }
    }

    private static List<QueueTarget> persistentTargets(
            Message message, @Nullable Session publisher, Matches<Subscriber> matches) {
        List<QueueTarget> stored = List.of();
        List<Matches.Target<Subscriber>> targets = matches.targets();
        for (int i = 0; i < targets.size(); i++) {
            Matches.Target<Subscriber> target = targets.get(i);
            if (target.qos() > 0 && target.subscriber().storeNumber() != 0) {
                if (stored.isEmpty()) {
                    stored = new ArrayList<>();
                }
                addStored(message, publisher, target, stored);
            }
        }
        return stored;
    }

    private static void addStored(
            Message message, @Nullable Session publisher, Matches.Target<Subscriber> target, List<QueueTarget> stored) {
        List<Matches.Target<Subscriber>> effective =
                target.noLocal() && target.subscriber() == publisher ? target.forOwnMessage() : List.of(target);
        for (Matches.Target<Subscriber> each : effective) {
            int qos = Math.min(message.qos(), each.qos());
            long number = each.subscriber().storeNumber();
            // A session that ends on its own thread just now has no number any more.
            if (qos > 0 && number != 0) {
                stored.add(new QueueTarget(
                        number, qos, each.retainAsPublished() && message.retain(), each.subscriptionIds()));
            }
        }
    }

    /// Delivers when the store has the message, then tells the publisher.
    private record DeliverOnCommit(Owner owner, Uncommitted ahead, Runnable delivery, Commit accepted)
            implements Commit {

        @Override
        public void committed() {
            ahead.messages--;
            delivery.run();
            accepted.committed();
        }

        @Override
        public void failed(StoreException cause) {
            ahead.messages--;
            accepted.failed(cause);
        }
    }

    private void deliver(
            Message message, long sequence, @Nullable Session publisher, Matches<Subscriber> matches, Owner here) {
        Delivery[] shared = new Delivery[3];
        List<Matches.Target<Subscriber>> targets = matches.targets();
        for (int i = 0; i < targets.size(); i++) {
            Matches.Target<Subscriber> target = targets.get(i);
            if (target.noLocal() && target.subscriber() == publisher) {
                for (Matches.Target<Subscriber> own : target.forOwnMessage()) {
                    own.subscriber().deliver(toDelivery(message, sequence, own), here);
                }
                continue;
            }
            int qos = Math.min(message.qos(), target.qos());
            boolean plain = target.subscriptionIds().length == 0 && !(target.retainAsPublished() && message.retain());
            Delivery delivery = plain ? shared[qos] : toDelivery(message, sequence, target);
            if (delivery == null) {
                delivery = new Delivery(message, sequence, qos, false, Delivery.NO_IDS);
                shared[qos] = delivery;
            }
            target.subscriber().deliver(delivery, here);
        }
    }

    private static Delivery toDelivery(Message message, long sequence, Matches.Target<Subscriber> target) {
        return new Delivery(
                message,
                sequence,
                Math.min(message.qos(), target.qos()),
                target.retainAsPublished() && message.retain(),
                target.subscriptionIds());
    }
}
