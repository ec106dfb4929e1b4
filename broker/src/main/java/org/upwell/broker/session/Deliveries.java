// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import org.jspecify.annotations.Nullable;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.owner.Owner;

/// What comes in for one session: goes on to its connection, waits in its queue, or is lost by rule. Part of a
/// [Session]; owner's thread.
final class Deliveries implements Backlog.Recipient {

    private final Session session;
    private final SessionContext context;
    private final SessionRights rights;
    private final Losses losses;
    private final SessionSubscriptions subscriptions;
    private final RetainedFeed feed;
    private final Backlog backlog;
    private final Flow flow;

    Deliveries(Session session, SessionContext context, SessionRights rights, SessionSubscriptions subscriptions) {
        this.session = session;
        this.context = context;
        this.rights = rights;
        this.losses = new Losses(session, context);
        this.subscriptions = subscriptions;
        this.feed = new RetainedFeed(session, context);
        this.backlog = new Backlog(this, context);
        this.flow = new Flow(context.ticks());
    }

    Backlog backlog() {
        return backlog;
    }

    RetainedFeed feed() {
        return feed;
    }

    Losses losses() {
        return losses;
    }

    QueueView view() {
        return backlog.view(flow, losses.drops());
    }

    void accept(Delivery delivery) {
        boolean ended = session.hasEnded();
        SessionConnection current = ended ? null : session.deliversTo();
        SharedGroup.Member member = delivery.member();
        if (member != null) {
            acceptShared(delivery, member, current);
            return;
        }
        // A persistent session keeps nothing of QoS 0 for later; that is its rule, not a loss to be counted.
        if (!ended && (delivery.qos() > 0 || current != null)) {
            acceptOwn(delivery, current);
        }
    }

    private void acceptOwn(Delivery delivery, @Nullable SessionConnection current) {
        flow.in();
        if (!rights.permits(delivery)) {
            drop(delivery, DropCause.NOT_PERMITTED);
        } else if (current != null && delivery.qos() == 0) {
            flow.out();
            current.deliverQos0(delivery);
        } else if (current != null && backlog.isEmpty() && feed.isEmpty() && current.tryDeliver(delivery)) {
            flow.out();
        } else {
            backlog.add(delivery);
        }
    }

    /// What a group gave is sent now or given back, so that it never waits behind this client.
    private void acceptShared(Delivery delivery, SharedGroup.Member member, @Nullable SessionConnection current) {
        if (delivery.qos() == 0) {
            if (current != null) {
                flow.inAndOut();
                current.deliverQos0(delivery);
            }
        } else if (current != null && current.tryDeliver(delivery)) {
            flow.inAndOut();
        } else {
            member.group().giveBack(delivery, 0, session.owner());
        }
    }

    /// As [Session#pollQueued].
    @Nullable
    Delivery poll() {
        Delivery next = pollFeed(false);
        if (next != null || !feed.isEmpty()) {
            // What waits behind a feed that cannot go on yet may be newer.
            return next;
        }
        next = backlog.poll();
        if (next != null) {
            flow.out();
            return next;
        }
        for (next = subscriptions.pollShared(); next != null; next = subscriptions.pollShared()) {
            flow.inAndOut();
            SessionConnection current = session.connection();
            if (next.qos() > 0 || current == null) {
                return next;
            }
            current.deliverQos0(next);
        }
        return null;
    }

    /// As [Session#pollRetainedQos0].
    @Nullable
    Delivery pollRetainedQos0() {
        return pollFeed(true);
    }

    private @Nullable Delivery pollFeed(boolean onlyQos0) {
        Delivery next = onlyQos0 ? feed.pollQos0() : feed.poll();
        while (next != null && !rights.permits(next)) {
            drop(next, DropCause.NOT_PERMITTED);
            next = onlyQos0 ? feed.pollQos0() : feed.poll();
        }
        if (next != null) {
            flow.inAndOut();
        }
        return next;
    }

    void drop(Delivery delivery, DropCause cause) {
        if (OwnView.isOwn(delivery.message())) {
            // Nothing that anybody published; it is shown again as soon as there is room.
            losses.viewMissed();
            return;
        }
        dropped(delivery.sequence(), delivery.qos(), delivery.message().topic(), cause);
    }

    /// Lets the store forget a message.
    void done(long sequence) {
        long number = session.storeNumber();
        if (sequence != 0 && number != 0) {
            context.store().acknowledged(number, sequence);
        }
    }

    // ---- What the backlog asks -----------------------------------------------------------------------------------

    @Override
    public Owner owner() {
        return session.owner();
    }

    @Override
    public void runAsOwner(Runnable task) {
        session.runAsOwner(task);
    }

    @Override
    public String tenant() {
        return session.key().tenant();
    }

    @Override
    public long storeNumber() {
        return session.storeNumber();
    }

    @Override
    public SessionLimits limits() {
        return rights.limits();
    }

    @Override
    public boolean mayReceive(String topicName) {
        return rights.permissions().mayReceive(topicName);
    }

    @Override
    public void dropped(long sequence, int qos, @Nullable String topic, DropCause cause) {
        done(sequence);
        losses.lost(qos, topic, cause);
    }

    @Override
    public void readable() {
        session.readable();
    }

    @Override
    public String toString() {
        return session.toString();
    }
}
