// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.message.Message;
import org.upwell.broker.store.Append;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.Store;
import org.upwell.broker.store.StoreCondition;
import org.upwell.broker.topic.RetainedMessages;
import org.upwell.broker.topic.Subscription;

/// The retained messages that new subscriptions of one session are still to get ([MQTT-3.8.4-4]). They stay in
/// their places until the client takes them, so that no queue is needed for a million of them. Part of a [Session];
/// owner's thread.
///
/// ```text
/// 1.  What is published meanwhile waits behind the feed, so that of one topic the older comes first. A retained
///     message that lost its place meanwhile is not sent: the later one came, or comes, as it was published.
/// 2.  A persistent session's queue takes half of what it holds at once, so that this much survives a crash; the
///     rest lives in memory, and outlives the connection.
/// 3.  While a message that is being committed may take the place of the next one, the feed waits for that: the
///     older one would get the higher sequence, and come last in the queue that a restart brings back.
/// ```
final class RetainedFeed implements RetainedMessages.Waiter {

    private final Session session;
    private final SessionContext context;
    private final Deque<Part> parts = new ArrayDeque<>(0);
    /// True if what [#take] was asked for last cannot be told yet.
    private boolean waits;

    /// What one subscription is to get.
    private static final class Part {
        private final Subscription<Subscriber> subscription;
        private final List<Message> messages;
        private int next;

        private Part(Subscription<Subscriber> subscription, List<Message> messages, int next) {
            this.subscription = subscription;
            this.messages = messages;
            this.next = next;
        }
    }

    RetainedFeed(Session session, SessionContext context) {
        this.session = session;
        this.context = context;
    }

    boolean isEmpty() {
        return parts.isEmpty();
    }

    /// Adds what a subscription that was just made is to get, in place of what is left for an older one with the
    /// same filter.
    ///
    /// @param messages given up to the feed
    void add(Subscription<Subscriber> subscription, List<Message> messages) {
        forget(subscription.filter().text());
        int queued = 0;
        while (queued < messages.size() && queue(subscription, messages.get(queued))) {
            queued++;
        }
        if (queued < messages.size()) {
            parts.addLast(new Part(subscription, messages, queued));
        }
    }

    /// Gives the message to the session's queue. False if that is to keep it no better than the feed does, or has
    /// no room to spare.
    private boolean queue(Subscription<Subscriber> subscription, Message message) {
        SessionLimits limits = session.limits();
        boolean lasts = session.storeNumber() != 0 && qos(subscription, message) > 0;
        if (!lasts
                || session.queuedMessages() >= limits.queueMessages() / 2
                || session.queuedBytes() >= limits.queueBytes() / 2) {
            return false;
        }
        Delivery next = take(subscription, message);
        if (waits) {
            return false;
        }
        if (next != null) {
            // Not by the mailbox, if there is mail: what waits there is not counted, and may be newer.
            session.deliveries().accept(next);
        }
        return true;
    }

    /// A subscription ended: the rest is not sent ([MQTT-3.10.4-2]).
    void forget(String filter) {
        parts.removeIf(part -> part.subscription.filter().text().equals(filter));
    }

    void clear() {
        parts.clear();
    }

    /// The next message, null if all were taken or the next one cannot be told yet; the session is told then.
    @Nullable
    Delivery poll() {
        return poll(false);
    }

    /// The next message if it goes at QoS 0, for a client whose quota is used up; null if not, or as for [#poll].
    @Nullable
    Delivery pollQos0() {
        return poll(true);
    }

    private @Nullable Delivery poll(boolean onlyQos0) {
        for (Part part = parts.peekFirst(); part != null; part = parts.peekFirst()) {
            while (part.next < part.messages.size()) {
                Message message = part.messages.get(part.next);
                if (onlyQos0 && qos(part.subscription, message) > 0) {
                    return null;
                }
                boolean isExpired = message.isExpiredAt(context.clock().millis());
                Delivery next = isExpired ? null : take(part.subscription, message);
                if (!isExpired && waits) {
                    return null;
                }
                part.next++;
                if (next != null) {
                    return next;
                }
            }
            parts.removeFirst();
        }
        return null;
    }

    private static int qos(Subscription<Subscriber> subscription, Message message) {
        return Math.min(message.qos(), subscription.qos());
    }

    /// A message that the feed waited for is committed or refused.
    @Override
    public void settled() {
        // In its turn: who calls has yet to hand that message over.
        session.owner().execute(() -> session.runAsOwner(session::readable));
    }

    /// The message for the subscriber; null if it has lost its place, or if the feed [#waits]. It enters the queue
    /// of a persistent session as any other, so the store must have it, under a number lower than that of whatever
    /// takes the place afterwards. A full store keeps what is retained once; the copy is delivered from memory.
    private @Nullable Delivery take(Subscription<Subscriber> subscription, Message message) {
        waits = false;
        int qos = qos(subscription, message);
        int[] ids = Delivery.idsOf(subscription);
        long number = session.storeNumber();
        Store store = context.store();
        if (qos == 0 || number == 0 || store.condition() == StoreCondition.FULL) {
            return context.retained().holds(message) ? new Delivery(message, 0, qos, true, ids) : null;
        }
        long sequence = context.retained().ifHeld(message, store::nextSequence, this);
        waits = sequence == RetainedMessages.NOT_YET;
        if (waits || sequence == 0) {
            return null;
        }
        QueueTarget target = new QueueTarget(number, qos, true, ids);
        store.append(sequence, new Append(message, List.of(target), false, 0, 0), Commit.NONE);
        return new Delivery(message, sequence, qos, true, ids);
    }
}
