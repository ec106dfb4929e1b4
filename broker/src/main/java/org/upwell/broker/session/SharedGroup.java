// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.Fetch;
import org.upwell.broker.store.GroupRecord;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.QueuedMessage;
import org.upwell.broker.store.Recovery.QueueEntry;
import org.upwell.broker.store.StoreException;
import org.upwell.broker.topic.Subscription;

/// The sessions of one tenant that share a topic filter under one name: each message goes to one of them (MQTT 5
/// §4.8.2; here also for 3.1.1).
///
/// ```text
/// Idea   A message goes straight to a member that has room, in turn; only when none has does it wait here, and then
///        members take it as they get room. So nothing waits behind a slow member while another is idle.
/// 1.     Shared: publishers' and members' loops meet here under one lock. Nothing of a session's runs under it:
///        a message reaches a member by its mailbox, and a member that cannot take it gives it back.
/// 2.     What was given back is older than what waits, and goes first.
/// 3.     Once sent at QoS 2 a message stays with its member, also if that one never returns ([MQTT-4.8.2-4],
///        [MQTT-4.8.2-5]); at QoS 1 it goes to another when the member's session ends, or its connection by option.
/// 4.     While a member's session is persistent the store keeps the group's queue under a number of its own. A
///        message sent to a persistent member moves to that member's number, and back if it is given back. It is
///        not the session's number: the session may have the same message in its own queue.
/// 5.     The limits are the largest of all members' limits, and the oldest message is dropped only if all want that.
/// ```
public final class SharedGroup implements Subscriber, Backlog.Recipient {

    private static final Logger LOG = LoggerFactory.getLogger(SharedGroup.class);

    /// One session's part in a group.
    public static final class Member {
        private final SharedGroup group;
        private final Session session;
        /// Null for one that has left.
        private volatile @Nullable Subscription<Subscriber> subscription;
        private final AtomicInteger outstanding = new AtomicInteger();
        private volatile boolean ready;
        /// Of what was sent to it, in the store; 0 for none. Member's owner.
        private long number;

        // Guarded by the group.
        private boolean online;
        private int window;
        private SessionLimits limits;

        private Member(SharedGroup group, Session session, @Nullable Subscription<Subscriber> subscription) {
            this.group = group;
            this.session = session;
            this.subscription = subscription;
            this.limits = session.limits();
        }

        SharedGroup group() {
            return group;
        }

        /// The number under which the store keeps what was sent to this member. Member's owner.
        long number() {
            if (number == 0) {
                GroupRecord mine = group.key.ofMember(session.key().clientId());
                number = group.context.store().putGroup(mine, Commit.NONE);
            }
            return number;
        }

        private boolean hasRoom() {
            return ready && outstanding.get() < window;
        }

        private Delivery toDelivery(Delivery shared) {
            Subscription<Subscriber> own = Objects.requireNonNull(subscription, "a member that has left");
            int qos = Math.min(shared.qos(), own.qos());
            return new Delivery(
                    shared.message(),
                    // At QoS 0 the store is done with it; the session's own queue may have the same number.
                    qos == 0 ? 0 : shared.sequence(),
                    qos,
                    shared.retain() && own.retainAsPublished(),
                    Delivery.idsOf(own),
                    this);
        }
    }

    /// @param order tells those apart that the store does not know
    /// @param since the second when it came back
    private record GivenBack(Delivery delivery, long order, int since) {}

    private final GroupRecord key;
    private final SessionContext context;
    private final Owner home;
    private volatile long storeNumber;
    private volatile boolean somethingWaits;

    // Guarded by this object.
    private final List<Member> members = new ArrayList<>();
    private final PriorityQueue<GivenBack> givenBack =
            new PriorityQueue<>(Comparator.comparingLong((GivenBack each) -> each.delivery.sequence())
                    .thenComparingLong(GivenBack::order));
    private long givenBackCount;
    /// When the first of those that were given back expires; may be too early.
    private long givenBackExpiryMillis = Message.NEVER;
    private final Backlog backlog;
    private final Drops drops = new Drops();
    private final Flow flow;
    private SessionLimits limits = SessionLimits.DEFAULT;
    private int next;

    /// @param home where messages come back from the store
    SharedGroup(GroupRecord key, SessionContext context, Owner home) {
        this.key = key;
        this.context = context;
        this.home = home;
        this.backlog = new Backlog(this, context);
        this.flow = new Flow(context.ticks());
    }

    /// What waits for any member, for people to look at.
    synchronized QueueView view() {
        long bytes = 0;
        for (GivenBack each : givenBack) {
            bytes += each.delivery.message().weightBytes();
        }
        GivenBack first = givenBack.peek();
        return backlog.view(flow, drops).withAhead(givenBack.size(), bytes, first == null ? 0 : age(first));
    }

    private long age(GivenBack waiting) {
        return Math.max(0, context.ticks().seconds() - waiting.since);
    }

    /// Shows the first messages that wait; they go on waiting.
    @SuppressWarnings("FutureReturnValueIgnored") // The last step takes value and failure.
    void peek(int most, long bytes, CompletableFuture<List<QueueOperations.Peeked>> answer) {
        List<QueueOperations.Peeked> first = new ArrayList<>();
        CompletableFuture<List<QueueOperations.Peeked>> rest = new CompletableFuture<>();
        synchronized (this) {
            givenBack.stream().sorted(givenBack.comparator()).limit(most).forEach(each -> {
                Message message = each.delivery.message();
                first.add(new QueueOperations.Peeked(message, each.delivery.qos(), age(each)));
            });
            if (first.size() < most) {
                backlog.peek(most - first.size(), bytes, rest);
            } else {
                rest.complete(List.of());
            }
        }
        rest.whenComplete((waiting, failure) -> {
            if (failure == null) {
                first.addAll(waiting);
                answer.complete(first);
            } else {
                answer.completeExceptionally(failure);
            }
        });
    }

    /// Drops what waits first, at most `most` messages, and tells how many those were.
    synchronized int drop(int most, DropCause cause) {
        int dropped = 0;
        for (GivenBack back = givenBack.peek(); back != null && dropped < most; back = givenBack.peek()) {
            givenBack.remove();
            Delivery gone = back.delivery;
            dropped(gone.sequence(), gone.qos(), gone.message().topic(), cause);
            dropped++;
        }
        dropped += backlog.drop(most - dropped, cause);
        somethingWaits = !backlog.isEmpty() || !givenBack.isEmpty();
        return dropped;
    }

    /// Where messages come back from the store.
    Owner home() {
        return home;
    }

    public GroupRecord key() {
        return key;
    }

    @Override
    public long storeNumber() {
        return storeNumber;
    }

    // ---- Members -------------------------------------------------------------------------------------------------

    /// Adds a session, or changes its options. Part of [SharedGroups].
    synchronized Member join(Session session, Subscription<Subscriber> subscription) {
        if (storeNumber == 0 && session.storeNumber() != 0) {
            storeNumber = context.store().putGroup(key, Commit.NONE);
        }
        for (Member member : members) {
            if (member.session == session) {
                member.subscription = subscription;
                limits(member, session.limits());
                return member;
            }
        }
        Member member = new Member(this, session, subscription);
        members.add(member);
        limits = largest();
        return member;
    }

    /// A member's limits are these from now on. Member's owner.
    synchronized void limits(Member member, SessionLimits now) {
        member.limits = now;
        limits = largest();
    }

    private SessionLimits largest() {
        SessionLimits largest = members.isEmpty() ? SessionLimits.DEFAULT : members.getFirst().limits;
        for (Member member : members) {
            SessionLimits each = member.limits;
            boolean dropOldest =
                    largest.overflow() == OverflowRule.DROP_OLDEST && each.overflow() == OverflowRule.DROP_OLDEST;
            largest = new SessionLimits(
                    Math.max(largest.queueMessages(), each.queueMessages()),
                    Math.max(largest.queueBytes(), each.queueBytes()),
                    dropOldest ? OverflowRule.DROP_OLDEST : OverflowRule.DROP_NEWEST,
                    Math.max(largest.qos0Bytes(), each.qos0Bytes()));
        }
        return largest;
    }

    /// Takes a session out. True if it was the last one, so that the group ends. Part of [SharedGroups].
    synchronized boolean leave(Member member) {
        members.remove(member);
        member.ready = false;
        if (!members.isEmpty()) {
            limits = largest();
            return false;
        }
        backlog.clear();
        givenBack.clear();
        somethingWaits = false;
        if (storeNumber != 0) {
            context.store().removeSession(storeNumber, Commit.NONE);
            storeNumber = 0;
        }
        return true;
    }

    /// A member's connection may be given messages. Member's owner.
    synchronized void online(Member member, int sendQuota) {
        member.online = true;
        member.window = sendQuota;
    }

    /// A member's connection ended. Member's owner.
    synchronized void offline(Member member) {
        member.online = false;
        member.ready = false;
    }

    public synchronized int memberCount() {
        return members.size();
    }

    public synchronized int queuedMessages() {
        return backlog.messages() + givenBack.size();
    }

    // ---- Messages ------------------------------------------------------------------------------------------------

    @Override
    public synchronized void deliver(Delivery delivery, Owner sender) {
        if (members.isEmpty()) {
            // The last one left while the message was being committed; nobody would ever take it from here.
            return;
        }
        flow.in();
        if (delivery.qos() == 0) {
            Member member = nextMember(true);
            // Nobody there: QoS 0 is not kept, by rule.
            if (member != null) {
                flow.out();
                member.session.post(member.toDelivery(delivery), sender);
            }
            return;
        }
        Member member = somethingWaits ? null : nextMember(false);
        if (member != null) {
            hand(member, delivery, sender);
            return;
        }
        backlog.add(delivery);
        somethingWaits = !backlog.isEmpty() || !givenBack.isEmpty();
        // Room may have come between the look and the wait; whoever had it saw nothing waiting.
        serve(sender);
    }

    /// The next in turn that is there, and has room if the message counts against its quota.
    private @Nullable Member nextMember(boolean atQos0) {
        for (int tried = 0; tried < members.size(); tried++) {
            if (next >= members.size()) {
                next = 0;
            }
            Member member = members.get(next++);
            if (atQos0 ? member.online : member.hasRoom()) {
                return member;
            }
        }
        return null;
    }

    private void hand(Member member, Delivery delivery, Owner sender) {
        Delivery own = member.toDelivery(delivery);
        flow.out();
        if (own.qos() == 0) {
            forget(delivery.sequence());
        } else {
            member.outstanding.incrementAndGet();
        }
        member.session.post(own, sender);
    }

    private void forget(long sequence) {
        if (sequence != 0 && storeNumber != 0) {
            context.store().acknowledged(storeNumber, sequence);
        }
    }

    /// Hands out what waits while there are members with room.
    private void serve(Owner sender) {
        while (somethingWaits) {
            Member member = nextMember(false);
            if (member == null) {
                return;
            }
            Delivery delivery = pollWaiting();
            if (delivery == null) {
                // It is being read; then members are asked again.
                return;
            }
            hand(member, delivery, sender);
        }
    }

    private @Nullable Delivery pollWaiting() {
        long now = context.clock().millis();
        GivenBack back = givenBack.poll();
        while (back != null && back.delivery.message().isExpiredAt(now)) {
            // [MQTT-3.3.2-5]
            Delivery late = back.delivery;
            dropped(late.sequence(), late.qos(), late.message().topic(), DropCause.EXPIRED);
            back = givenBack.poll();
        }
        Delivery first = back == null ? backlog.poll() : back.delivery;
        somethingWaits = !backlog.isEmpty() || !givenBack.isEmpty();
        return first;
    }

    /// A member has room: takes the next message that waits, for the member to send at once. Null if none does;
    /// from then on messages come by themselves. Member's owner.
    @Nullable
    Delivery poll(Member member) {
        if (member.ready && !somethingWaits) {
            return null;
        }
        synchronized (this) {
            if (!member.online) {
                return null;
            }
            member.ready = true;
            Delivery delivery = somethingWaits ? pollWaiting() : null;
            if (delivery == null) {
                // None, or it is being read; then all members are asked again.
                return null;
            }
            flow.out();
            Delivery own = member.toDelivery(delivery);
            if (own.qos() == 0) {
                forget(delivery.sequence());
            } else {
                member.outstanding.incrementAndGet();
            }
            return own;
        }
    }

    /// A member could not take a message, or lost it unacknowledged: another gets it. Member's owner.
    ///
    /// @param from the member's number if the store has it there, 0 if the group still has it
    synchronized void giveBack(Delivery delivery, long from, Owner sender) {
        Member member = memberOf(delivery);
        putBack(delivery.message(), delivery.sequence(), from, sender);
        member.outstanding.decrementAndGet();
        member.ready = false;
    }

    private void putBack(Message message, long sequence, long from, Owner sender) {
        if (members.isEmpty()) {
            if (from != 0) {
                // The group has ended, but the member's number is not the group's.
                context.store().acknowledged(from, sequence);
            }
            return;
        }
        Delivery shared = new Delivery(message, sequence, message.qos(), message.retain(), Delivery.NO_IDS);
        if (from != 0 && storeNumber != 0) {
            QueueTarget back = new QueueTarget(storeNumber, shared.qos(), shared.retain(), Delivery.NO_IDS);
            context.store().moved(from, back, sequence, Commit.NONE);
        }
        givenBack.add(new GivenBack(shared, givenBackCount++, context.ticks().seconds()));
        somethingWaits = true;
        serve(sender);
        if (!givenBack.isEmpty()) {
            givenBackExpiryMillis = Math.min(givenBackExpiryMillis, message.expiresAtMillis());
            backlog.watchExpiry();
        }
    }

    /// Takes back what the store has under the number of a member whose session is gone. Any thread.
    void takeBack(long from, long[] sequences) {
        context.store().fetch(from, sequences, new Fetch() {
            @Override
            public Owner owner() {
                return home;
            }

            @Override
            public void fetched(List<QueuedMessage> messages) {
                synchronized (SharedGroup.this) {
                    messages.forEach(each -> putBack(each.message(), each.sequence(), from, home));
                }
            }

            @Override
            public void failed(StoreException cause) {
                LOG.error("messages of {} that a member left behind cannot be read; a restart tries again", key, cause);
            }
        });
    }

    private static Member memberOf(Delivery delivery) {
        Member member = delivery.member();
        if (member == null) {
            throw new IllegalStateException("not a shared message");
        }
        return member;
    }

    /// A member is done with a message. Member's owner; takes no lock, since it comes with every acknowledgement.
    ///
    /// @param moved true if the store has the message under the member's number
    void settled(Member member, long sequence, boolean moved) {
        member.outstanding.decrementAndGet();
        if (!moved) {
            forget(sequence);
        }
    }

    // ---- What the backlog asks -----------------------------------------------------------------------------------

    @Override
    public Owner owner() {
        return home;
    }

    @Override
    public String tenant() {
        return key.tenant();
    }

    @Override
    public void runAsOwner(Runnable task) {
        home.run(() -> {
            synchronized (this) {
                task.run();
            }
        });
    }

    @Override
    public SessionLimits limits() {
        return limits;
    }

    @Override
    public boolean mayReceive(String topicName) {
        return true;
    }

    @Override
    public void dropped(long sequence, int qos, @Nullable String topic, DropCause cause) {
        SessionKey shown = new SessionKey(key.tenant(), "$share/" + key.group() + "/" + key.filter());
        drops.count(cause);
        context.counters().dropped(key.tenant(), cause);
        context.events().on(new BrokerEvent.MessageDropped(shown, topic, qos, cause));
        forget(sequence);
    }

    @Override
    public void readable() {
        for (Member member : members) {
            if (member.online) {
                // Its own loop takes them, since only that one knows how much room there is.
                // Never at once, though this may be its loop: nothing of a session runs under the group's lock, and
                // two groups whose members are the same would wait for each other.
                Session session = member.session;
                session.owner().execute(() -> session.runAsOwner(session::readable));
            }
        }
    }

    @Override
    public long earliestExpiryMillis() {
        return givenBackExpiryMillis;
    }

    @Override
    public void dropExpired(long nowMillis) {
        if (givenBackExpiryMillis <= nowMillis) {
            givenBackExpiryMillis = Message.NEVER;
            givenBack.removeIf(each -> dropIfExpired(each.delivery, nowMillis));
        }
        somethingWaits = !backlog.isEmpty() || !givenBack.isEmpty();
    }

    private boolean dropIfExpired(Delivery waiting, long nowMillis) {
        Message message = waiting.message();
        if (message.isExpiredAt(nowMillis)) {
            dropped(waiting.sequence(), waiting.qos(), message.topic(), DropCause.EXPIRED);
            return true;
        }
        givenBackExpiryMillis = Math.min(givenBackExpiryMillis, message.expiresAtMillis());
        return false;
    }

    /// As the store kept it.
    synchronized void restore(long number) {
        storeNumber = number;
    }

    synchronized void restore(QueueEntry entry) {
        backlog.restore(entry.sequence(), entry.qos(), entry.weightBytes(), entry.expiresAtMillis());
        somethingWaits = true;
    }

    /// What was sent to a member before the restart is known under `number`, and so many messages of it are not
    /// acknowledged.
    ///
    /// @return the member; one that has left if the session has unsubscribed
    synchronized Member restore(Session session, long number, int unacknowledged) {
        Member member = members.stream()
                .filter(each -> each.session == session)
                .findFirst()
                .orElseGet(() -> new Member(this, session, null));
        member.number = number;
        member.outstanding.set(unacknowledged);
        return member;
    }

    /// All members and messages are back.
    synchronized void restored() {
        backlog.restored();
        somethingWaits = !backlog.isEmpty() || !givenBack.isEmpty();
    }

    @Override
    public String toString() {
        return "SharedGroup[" + key + "]";
    }
}
