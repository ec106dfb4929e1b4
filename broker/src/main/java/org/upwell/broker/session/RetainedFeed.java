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
import org.upwell.broker.store.StoreCondition;
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
/// ```
final class RetainedFeed {

    private final Session session;
    private final SessionContext context;
    private final Deque<Part> parts = new ArrayDeque<>(0);

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
        boolean lasts = session.storeNumber() != 0 && Math.min(message.qos(), subscription.qos()) > 0;
        if (!lasts
                || session.queuedMessages() >= limits.queueMessages() / 2
                || session.queuedBytes() >= limits.queueBytes() / 2) {
            return false;
        }
        session.deliver(toDelivery(subscription, message), session.owner());
        return true;
    }

    /// A subscription ended: the rest is not sent ([MQTT-3.10.4-2]).
    void forget(String filter) {
        parts.removeIf(part -> part.subscription.filter().text().equals(filter));
    }

    void clear() {
        parts.clear();
    }

    /// The next message, null if all were taken.
    @Nullable
    Delivery poll() {
        for (Part part = parts.peekFirst(); part != null; part = parts.peekFirst()) {
            while (part.next < part.messages.size()) {
                Message message = part.messages.get(part.next++);
                if (context.retained().holds(message)
                        && !message.isExpiredAt(context.clock().millis())) {
                    return toDelivery(part.subscription, message);
                }
            }
            parts.removeFirst();
        }
        return null;
    }

    private Delivery toDelivery(Subscription<Subscriber> subscription, Message message) {
        int qos = Math.min(message.qos(), subscription.qos());
        int[] ids = subscription.identifier() == 0 ? Delivery.NO_IDS : new int[] {subscription.identifier()};
        return new Delivery(message, store(message, qos, ids), qos, true, ids);
    }

    /// A retained message enters the queue of a persistent session as any other, so the store must have it. A full
    /// store keeps what is retained once; the copy is delivered from memory.
    private long store(Message message, int qos, int[] ids) {
        long number = session.storeNumber();
        if (qos == 0 || number == 0 || context.store().condition() == StoreCondition.FULL) {
            return 0;
        }
        long sequence = context.store().nextSequence();
        QueueTarget target = new QueueTarget(number, qos, true, ids);
        context.store().append(sequence, new Append(message, List.of(target), false, 0, 0), Commit.NONE);
        return sequence;
    }
}
