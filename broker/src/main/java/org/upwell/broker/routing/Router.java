// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.routing;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
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
import org.upwell.broker.store.StoreCondition;
import org.upwell.broker.store.StoreException;
import org.upwell.broker.store.StoreFullException;
import org.upwell.broker.topic.Matches;
import org.upwell.broker.topic.RetainedMessages;
import org.upwell.broker.topic.SubscriptionTree;

/// Finds who wants a message and hands it over, by way of the store where it must survive. Decides nothing else:
/// whether a message is allowed was decided before, what a full queue drops is the session's affair.
///
/// Shared by all event loops; holds no state of its own but the number of messages that wait for commit.
public final class Router {

    private final SubscriptionTree<Subscriber> subscriptions;
    private final RetainedMessages retained;
    private final Store store;
    private final BrokerCounters counters;
    private final ConcurrentHashMap<Owner, Uncommitted> uncommitted = new ConcurrentHashMap<>();
    /// Messages of QoS 1, of all loops, that wait for commit since the store may refuse them.
    private final AtomicInteger waitingQos1 = new AtomicInteger();

    /// The messages of one event loop that wait for commit. Touched on that loop only.
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
    /// @param accepted told when the message is safe in every queue it entered, at once if none is persistent;
    ///     fails with [StoreFullException] if it was to be kept and there is no space. It went to nobody then,
    ///     except at QoS 0, where it only did not take its retained place, and at QoS 1 if the store found out only
    ///     when it was about to commit: then it may have been delivered, and has lost its retained place again
    /// @return true if at least one subscription matched
    public boolean route(Message message, @Nullable Session publisher, int packetId, Owner here, Commit accepted) {
        Matches<Subscriber> matches = subscriptions.match(message.topic());
        Append append = toAppend(message, publisher, packetId, matches);
        StoreCondition condition = store.condition();
        if (append != null && condition == StoreCondition.FULL) {
            routeWithoutSpace(new Committed(message, 0, publisher, matches, here), append, accepted);
        } else if (message.qos() == 2 || mayBeRefused(message, append != null, condition)) {
            long sequence = sequenceOfWaiting(message, append != null);
            whenCommitted(new Committed(message, sequence, publisher, matches, here), append, accepted);
        } else if (append == null) {
            deliver(message, 0, publisher, matches.targets(), here);
            accepted.committed();
        } else if (message.retain()) {
            matches = routeRetained(message, publisher, here, accepted);
        } else {
            long sequence = store.nextSequence();
            store.append(sequence, append, accepted);
            deliver(message, sequence, publisher, matches.targets(), here);
        }
        if (matches.isEmpty()) {
            counters.messagesUnmatched.increment();
        }
        return !matches.isEmpty();
    }

    /// Takes the place first, then gives it to the store and to those who were subscribed at that moment.
    private Matches<Subscriber> routeRetained(
            Message message, @Nullable Session publisher, Owner here, Commit accepted) {
        RetainedMessages.Taken<Matches<Subscriber>> taken =
                retained.take(message, store::nextSequence, () -> subscriptions.match(message.topic()));
        List<QueueTarget> stored = message.qos() == 0
                ? List.of()
                : persistentTargets(message, publisher, taken.seen().targets());
        Append append = new Append(message, stored, true, 0, 0);
        store.append(taken.sequence(), append, new PlaceOnCommit(message, taken.sequence(), accepted, here));
        deliver(message, taken.sequence(), publisher, taken.seen().targets(), here);
        return taken.seen();
    }

    /// There is no space for what must be kept. A retained message can be cleared all the same if nothing but its
    /// place is to change, since that makes space.
    private void routeWithoutSpace(Committed due, Append append, Commit accepted) {
        Message message = due.message;
        boolean clears = message.retain()
                && message.payload().length == 0
                && append.targets().isEmpty()
                && append.publisher() == 0;
        RetainedMessages.Taken<Matches<Subscriber>> cleared =
                clears ? retained.clear(message.topic(), () -> subscriptions.match(message.topic())) : null;
        if (cleared != null) {
            if (cleared.sequence() != 0) {
                store.retainedExpired(message.topic(), cleared.sequence());
            }
            deliver(message, 0, due.publisher, cleared.seen().targets(), due.here);
            store.sync(accepted);
            return;
        }
        if (message.qos() == 0) {
            deliver(message, 0, due.publisher, due.matches.targets(), due.here);
        }
        accepted.failed(new StoreFullException("no space for a message that must be kept"));
    }

    /// What the store must know of a message, null if nothing: it has no persistent target, is not retained, and
    /// its packet id need not be kept.
    private static @Nullable Append toAppend(
            Message message, @Nullable Session publisher, int packetId, Matches<Subscriber> matches) {
        long publisherNumber = publisher == null || packetId == 0 ? 0 : publisher.storeNumber();
        List<QueueTarget> stored =
                message.qos() == 0 ? List.of() : persistentTargets(message, publisher, matches.targets());
        boolean needsStore = !stored.isEmpty() || message.retain() || publisherNumber != 0;
        return needsStore ? new Append(message, stored, message.retain(), publisherNumber, packetId) : null;
    }

    /// A message of QoS 1 is delivered before commit, unless the store runs short of space and may yet refuse it;
    /// then those after it wait too, lest they overtake it ([MQTT-4.6.0-6]).
    private boolean mayBeRefused(Message message, boolean needsStore, StoreCondition condition) {
        return message.qos() == 1 && (waitingQos1.get() > 0 || (needsStore && condition != StoreCondition.READY));
    }

    /// A retained message's sequence is drawn where it is announced, so that store and memory agree which of two is
    /// the later one.
    private long sequenceOfWaiting(Message message, boolean needsStore) {
        if (message.retain()) {
            return retained.announce(message, store::nextSequence);
        }
        return needsStore ? store.nextSequence() : 0;
    }

    /// A message that waits for commit with what is to happen then.
    private record Committed(
            Message message, long sequence, @Nullable Session publisher, Matches<Subscriber> matches, Owner here) {}

    private void deliver(Committed due, Commit accepted) {
        Matches<Subscriber> now = due.message.retain()
                ? retained.settle(due.message, due.sequence, () -> subscriptions.match(due.message.topic()))
                : null;
        deliver(due.message, due.sequence, due.publisher, due.matches.targets(), due.here);
        List<Matches.Target<Subscriber>> late = now == null ? List.of() : now.targetsBeyond(due.matches);
        if (late.isEmpty()) {
            accepted.committed();
        } else {
            deliverToLatecomers(due, late, accepted);
        }
    }

    /// Who subscribed to a retained message's topic while it was being committed found the one before in its place,
    /// and gets this one as it is published. The store has it for others only, so it is told once more; only then
    /// it is in every queue.
    private void deliverToLatecomers(Committed due, List<Matches.Target<Subscriber>> late, Commit accepted) {
        List<QueueTarget> stored = persistentTargets(due.message, due.publisher, late);
        if (stored.isEmpty() || store.condition() == StoreCondition.FULL) {
            deliver(due.message, 0, due.publisher, late, due.here);
            accepted.committed();
            return;
        }
        long sequence = store.nextSequence();
        store.append(sequence, new Append(due.message, stored, false, 0, 0), new Commit() {
            @Override
            public Owner owner() {
                return due.here;
            }

            @Override
            public void committed() {
                accepted.committed();
            }

            @Override
            public void failed(StoreException cause) {
                if (cause instanceof StoreFullException) {
                    // It is kept as it was accepted; the latecomers have it from memory.
                    accepted.committed();
                } else {
                    accepted.failed(cause);
                }
            }
        });
        deliver(due.message, sequence, due.publisher, late, due.here);
    }

    /// Publishes what the broker itself has to say, at QoS 0: retained in memory only, since it is true of this
    /// process alone.
    ///
    /// @param here the owner on whose thread this is called
    public void announce(Message message, Owner here) {
        Matches<Subscriber> matches = retained.put(message, () -> 0, () -> subscriptions.match(message.topic()))
                .seen();
        deliver(message, 0, null, matches.targets(), here);
    }

    /// QoS 2 is never delivered before commit: a repeat after a crash could not be told from a new message. One
    /// that needs no store waits for those before it all the same, else it would overtake them ([MQTT-4.6.0-6]).
    private void whenCommitted(Committed due, @Nullable Append append, Commit accepted) {
        Uncommitted ahead = uncommitted.computeIfAbsent(due.here, owner -> new Uncommitted());
        if (append == null && ahead.messages == 0) {
            deliver(due, accepted);
            return;
        }
        ahead.messages++;
        if (due.message.qos() == 1) {
            waitingQos1.incrementAndGet();
        }
        Commit commit = new DeliverOnCommit(due, ahead, accepted);
        if (append == null) {
            store.sync(commit);
        } else {
            store.append(due.sequence, append, commit);
        }
    }

    private static List<QueueTarget> persistentTargets(
            Message message, @Nullable Session publisher, List<Matches.Target<Subscriber>> targets) {
        List<QueueTarget> stored = List.of();
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
    private final class DeliverOnCommit implements Commit {
        private final Committed due;
        private final Uncommitted ahead;
        private final Commit accepted;

        private DeliverOnCommit(Committed due, Uncommitted ahead, Commit accepted) {
            this.due = due;
            this.ahead = ahead;
            this.accepted = accepted;
        }

        @Override
        public Owner owner() {
            return due.here;
        }

        private void done() {
            ahead.messages--;
            if (due.message.qos() == 1) {
                waitingQos1.decrementAndGet();
            }
        }

        @Override
        public void committed() {
            done();
            deliver(due, accepted);
        }

        @Override
        public void failed(StoreException cause) {
            done();
            if (due.message.retain()) {
                retained.abandon(due.message);
            }
            accepted.failed(cause);
        }
    }

    /// Lets the store's word on a message that took its retained place at once be known there.
    private final class PlaceOnCommit implements Commit {
        private final Message message;
        private final long sequence;
        private final Commit accepted;
        private final Owner here;

        private PlaceOnCommit(Message message, long sequence, Commit accepted, Owner here) {
            this.message = message;
            this.sequence = sequence;
            this.accepted = accepted;
            this.here = here;
        }

        /// Never none, which is the store's own thread: who takes a retained place may wait for that thread to
        /// reserve sequences, and would be waited for here.
        @Override
        public Owner owner() {
            Owner asked = accepted.owner();
            return asked == null ? here : asked;
        }

        @Override
        public void committed() {
            retained.committed(message, sequence);
            accepted.committed();
        }

        @Override
        public void failed(StoreException cause) {
            retained.refused(message, sequence);
            accepted.failed(cause);
        }
    }

    private void deliver(
            Message message,
            long sequence,
            @Nullable Session publisher,
            List<Matches.Target<Subscriber>> targets,
            Owner here) {
        Delivery[] shared = new Delivery[3];
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
