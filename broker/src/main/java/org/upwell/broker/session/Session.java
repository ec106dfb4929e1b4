// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.access.Principal;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.owner.Loop;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.SessionRecord;
import org.upwell.broker.store.Store;
import org.upwell.broker.store.StoredState.StoredDelivery;
import org.upwell.broker.store.StoredState.StoredSession;
import org.upwell.broker.store.SubscriptionRecord;
import org.upwell.broker.topic.SharedFilter;
import org.upwell.broker.topic.Subscription;

/// The state kept for a tenant and client id across connections: subscriptions, queue, messages in flight.
///
/// ```text
/// Owner  The event loop of its connection; while offline the loop that owned it last. Only [#deliver] and the
///        accessors marked *any thread* may be called from elsewhere.
/// 1.     Deliveries from other loops go through the mailbox; from the own loop too while the mailbox is not
///        empty, so that one publisher's messages keep their order wherever the session is owned.
/// 2.     Ownership moves on the old owner's thread only ([#moveTo]); a wake-up that reaches the old owner
///        afterwards is passed on, and the mail it stood for is credited to the owner that it was counted for.
/// 3.     A session with an expiry interval is known to the store under a number; all else lives in the heap alone.
/// 4.     An ended session takes nothing any more: late deliveries fall into the void, as if published after the
///        end.
/// ```
public final class Session implements Owner.Ready {

    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    /// Session expiry interval of a session that does not expire ([MQTT-3.1.2.11.2]).
    public static final long NEVER_EXPIRES = 0xFFFF_FFFFL;

    private final SessionKey key;
    private final SessionContext context;
    private final Mailbox mailbox = new Mailbox();
    private volatile Owner owner;
    private volatile boolean persistent;
    private volatile boolean ended;
    private volatile long storeNumber;

    // Owner's thread from here on.
    private Principal principal;
    private Permissions permissions;
    private SessionLimits limits;
    private long expirySeconds;
    private boolean draining;
    private int drained;
    private boolean moving;
    private boolean delivering;
    /// Messages at the head of the queue that came in before the present connection's rights were known.
    private int uncheckedInQueue;
    private @Nullable SessionConnection connection;
    private @Nullable Will will;
    private Loop.@Nullable Cancellation expiryTimer;
    private Loop.@Nullable Cancellation willTimer;
    private final Map<String, Subscription<Session>> subscriptions = HashMap.newHashMap(1);
    private final OutboundQueue queue = new OutboundQueue();
    private final InFlight inFlight = new InFlight();
    private final InboundPacketIds inboundPacketIds = new InboundPacketIds();

    Session(SessionKey key, SessionContext context, Owner owner, Principal principal, Access access) {
        this.key = key;
        this.context = context;
        this.owner = owner;
        this.principal = principal;
        this.permissions = access.permissions;
        this.limits = access.limits;
    }

    /// What a principal may do and have.
    record Access(Permissions permissions, SessionLimits limits) {}

    // ---- Identity and rights -------------------------------------------------------------------------------------

    /// Any thread.
    public SessionKey key() {
        return key;
    }

    /// The event loop that owns the session at this moment. Any thread.
    public Owner owner() {
        return owner;
    }

    /// True if it outlives its connection. Any thread.
    public boolean isPersistent() {
        return persistent;
    }

    /// Any thread.
    public boolean hasEnded() {
        return ended;
    }

    public Principal principal() {
        return principal;
    }

    public Permissions permissions() {
        return permissions;
    }

    public SessionLimits limits() {
        return limits;
    }

    public boolean isOnline() {
        return connection != null;
    }

    /// The session's number in the store, 0 if the store does not know it. Any thread.
    public long storeNumber() {
        return storeNumber;
    }

    public InFlight inFlight() {
        return inFlight;
    }

    public InboundPacketIds inboundPacketIds() {
        return inboundPacketIds;
    }

    // ---- Deliveries ----------------------------------------------------------------------------------------------

    /// Hands a message to the session. Called on the thread of `sender`, any owner.
    public void deliver(Delivery delivery, Owner sender) {
        Owner current = owner;
        if (current == sender && !draining && mailbox.isEmpty()) {
            accept(delivery);
            return;
        }
        if (mailbox.put(delivery, current)) {
            current.listReady(this);
        }
        sender.handedOver(current);
    }

    @Override
    public int drainMailbox() {
        Owner current = owner;
        if (!current.isCurrent()) {
            // Ownership moved after the sender looked; the mail goes where the session went.
            current.listReady(this);
            current.wake();
            return 0;
        }
        draining = true;
        drained = 0;
        try {
            mailbox.drain(this::take);
        } finally {
            draining = false;
        }
        return drained;
    }

    @SuppressWarnings("ReferenceEquality") // An owner is itself and nothing else.
    private void take(Delivery delivery, Owner countedFor) {
        if (countedFor == owner) {
            drained++;
        } else {
            countedFor.takenElsewhere();
        }
        try {
            accept(delivery);
        } catch (RuntimeException e) {
            // The letters behind this one are out of the mailbox already and would be lost with it.
            LOG.error("message for {} could not be delivered", key, e);
        }
    }

    private void accept(Delivery delivery) {
        if (ended) {
            return;
        }
        SessionConnection current = delivering ? connection : null;
        if (delivery.qos() == 0) {
            // A persistent session keeps nothing of QoS 0 for later; that is its rule, not a loss to be counted.
            if (current != null) {
                current.deliverQos0(delivery);
            }
            return;
        }
        if (current == null || !queue.isEmpty() || !current.tryDeliver(delivery)) {
            enqueue(delivery);
        }
    }

    @SuppressWarnings("ReferenceEquality") // Asks whether the lost one is this very delivery.
    private void enqueue(Delivery delivery) {
        Delivery lost = queue.offer(delivery, limits);
        while (lost != null) {
            drop(lost, DropCause.QUEUE_FULL);
            lost = lost == delivery ? null : queue.offer(delivery, limits);
        }
    }

    /// Takes the next message that waits, for a connection that has room again; expired ones are dropped on the way
    /// ([MQTT-3.3.2-5]). Null if none waits.
    public @Nullable Delivery pollQueued() {
        for (Delivery next = queue.poll(); next != null; next = queue.poll()) {
            DropCause cause = causeToDrop(next);
            if (cause == null) {
                return next;
            }
            drop(next, cause);
        }
        return null;
    }

    private @Nullable DropCause causeToDrop(Delivery next) {
        Message message = next.message();
        if (uncheckedInQueue > 0) {
            uncheckedInQueue--;
            if (!permissions.mayReceive(message.topic())) {
                return DropCause.NOT_PERMITTED;
            }
        }
        boolean expires = message.expiresAtMillis() != Message.NEVER;
        return expires && message.isExpiredAt(context.clock().millis()) ? DropCause.EXPIRED : null;
    }

    public int queuedMessages() {
        return queue.size();
    }

    public long queuedBytes() {
        return queue.bytes();
    }

    /// Notes that a message did not reach the client and lets the store forget it.
    public void drop(Delivery delivery, DropCause cause) {
        context.counters().dropped(cause);
        context.events()
                .on(new BrokerEvent.MessageDropped(key, delivery.message().topic(), delivery.qos(), cause));
        done(delivery);
    }

    /// Lets the store forget a message that was acknowledged or dropped.
    public void done(Delivery delivery) {
        if (delivery.sequence() != 0 && storeNumber != 0) {
            context.store().acknowledged(storeNumber, delivery.sequence());
        }
    }

    // ---- Subscriptions -------------------------------------------------------------------------------------------

    /// Adds or replaces a subscription. True if it is new. `commit` tells when a persistent session's subscription
    /// is safe.
    public boolean subscribe(SharedFilter filter, Subscription<Session> subscription, Commit commit) {
        owner.check();
        subscriptions.put(filter.text(), subscription);
        boolean isNew = context.subscriptions().put(subscription) == null;
        if (storeNumber != 0) {
            context.store()
                    .putSubscription(
                            storeNumber,
                            new SubscriptionRecord(
                                    filter.text(),
                                    subscription.qos(),
                                    subscription.noLocal(),
                                    subscription.retainAsPublished(),
                                    subscription.identifier()),
                            commit);
        } else {
            commit.committed();
        }
        return isNew;
    }

    /// Removes a subscription ([MQTT-3.10.4-1], [MQTT-3.10.4-2]). False if there was none with exactly this text.
    public boolean unsubscribe(String filter, Commit commit) {
        owner.check();
        Subscription<Session> removed = subscriptions.remove(filter);
        if (removed == null) {
            commit.committed();
            return false;
        }
        context.subscriptions().remove(this, removed.filter());
        if (storeNumber != 0) {
            context.store().removeSubscription(storeNumber, filter, commit);
        } else {
            commit.committed();
        }
        return true;
    }

    public int subscriptionCount() {
        return subscriptions.size();
    }

    // ---- Life ----------------------------------------------------------------------------------------------------

    /// Gives the session a connection. Part of [SessionDirectory#open].
    void connect(OpenRequest request, Commit commit) {
        owner.check();
        cancelTimers();
        moving = false;
        principal = request.principal();
        permissions = request.permissions();
        limits = request.limits();
        connection = request.connection();
        will = request.will();
        delivering = false;
        checkRights();
        expire(request.expirySeconds(), commit);
    }

    /// What an earlier connection subscribed to and left in the queue is this principal's only as far as its own rights
    /// go: they may be fewer than those of whoever used the session before.
    private void checkRights() {
        uncheckedInQueue = queue.size();
        List<String> revoked = new ArrayList<>();
        subscriptions.replaceAll((text, subscription) -> {
            int granted = permissions.grantedQos(subscription.filter(), subscription.qos());
            if (granted < 0) {
                revoked.add(text);
                return subscription;
            }
            if (granted == subscription.qos()) {
                return subscription;
            }
            Subscription<Session> lowered = new Subscription<>(
                    this,
                    subscription.filter(),
                    granted,
                    subscription.noLocal(),
                    subscription.retainAsPublished(),
                    subscription.identifier());
            context.subscriptions().put(lowered);
            return lowered;
        });
        for (String text : revoked) {
            context.events().on(new BrokerEvent.SubscribeRefused(key, text, "no longer covered by any role"));
            unsubscribe(text, Commit.NONE);
        }
    }

    /// Begins to hand messages to the connection, once it has told its client that the session is open.
    public void startDelivery() {
        owner.check();
        delivering = true;
    }

    private void expire(long seconds, Commit commit) {
        expirySeconds = seconds;
        Store store = context.store();
        if (seconds > 0) {
            // The number first: whoever sees a persistent session may ask for it. And both before the commit is told,
            // which a store may do at once: what the connection does next must find them.
            storeNumber = store.putSession(toRecord(0), Commit.NONE);
            persistent = true;
            store.sync(commit);
        } else if (storeNumber != 0) {
            // Resumed for one last connection: from now on it may be lost with the process.
            long number = storeNumber;
            persistent = false;
            storeNumber = 0;
            store.removeSession(number, commit);
        } else {
            commit.committed();
        }
    }

    private SessionRecord toRecord(long offlineSinceMillis) {
        return new SessionRecord(key, principal.name(), principal.roles(), expirySeconds, offlineSinceMillis);
    }

    /// True if `newcomer`'s token was issued before the token of the live connection, whose session it must not
    /// take over (field protocol §3).
    boolean isNewerThan(Principal newcomer) {
        return connection != null
                && principal.issuedAt() != null
                && newcomer.issuedAt() != null
                && newcomer.issuedAt().isBefore(principal.issuedAt());
    }

    /// True if `candidate` is still the session's connection. On the thread of `here`, the candidate's event loop.
    @SuppressWarnings("ReferenceEquality") // Connections and owners are themselves and nothing else.
    boolean isHeldBy(SessionConnection candidate, Owner here) {
        return owner == here && connection == candidate;
    }

    boolean isMoving() {
        return moving;
    }

    /// Passes the session to another owner, which goes on by [#connect]. Own thread; nothing of the session may be
    /// touched here afterwards.
    void moveTo(Owner next) {
        owner.check();
        cancelTimers();
        moving = true;
        owner = next;
    }

    /// Takes the connection away for another one. Its will is due as the connection ends without DISCONNECT, unless
    /// it has a delay and the session goes on ([MQTT-3.1.3-9]).
    void takeOver(boolean sessionGoesOn) {
        SessionConnection old = connection;
        if (old != null) {
            connection = null;
            delivering = false;
            context.events().on(new BrokerEvent.SessionTakenOver(key));
            Will due = will;
            will = null;
            old.takenOver();
            if (due != null && (!sessionGoesOn || due.delaySeconds() == 0)) {
                context.wills().publish(this, due);
            }
        }
    }

    /// The connection ended. Does nothing if it is not the session's any more.
    ///
    /// @param publishWill false after a DISCONNECT that discards the will ([MQTT-3.14.4-3])
    /// @param changedExpirySeconds a session expiry interval given by DISCONNECT, else null
    @SuppressWarnings("ReferenceEquality") // A connection is itself and nothing else.
    public void detach(SessionConnection ending, boolean publishWill, @Nullable Long changedExpirySeconds) {
        owner.check();
        if (connection != ending) {
            return;
        }
        connection = null;
        delivering = false;
        if (!publishWill) {
            will = null;
        }
        if (changedExpirySeconds != null) {
            expirySeconds = changedExpirySeconds;
            persistent = persistent && expirySeconds > 0;
        }
        if (expirySeconds == 0) {
            end("connection closed");
            return;
        }
        context.store().putSession(toRecord(context.clock().millis()), Commit.NONE);
        awaitReturn(expirySeconds);
    }

    private void awaitReturn(long remainingSeconds) {
        if (expirySeconds != NEVER_EXPIRES) {
            expiryTimer = owner.schedule(Duration.ofSeconds(remainingSeconds), () -> end("session expired"));
        }
        Will due = will;
        if (due != null) {
            if (due.delaySeconds() == 0) {
                publishWill();
            } else {
                willTimer = owner.schedule(Duration.ofSeconds(due.delaySeconds()), this::publishWill);
            }
        }
    }

    private void publishWill() {
        Will due = will;
        will = null;
        if (due != null) {
            context.wills().publish(this, due);
        }
    }

    private void cancelTimers() {
        if (expiryTimer != null) {
            expiryTimer.cancel();
            expiryTimer = null;
        }
        if (willTimer != null) {
            willTimer.cancel();
            willTimer = null;
        }
    }

    /// Ends the session with all that it holds; a will that waits is published ([MQTT-3.1.2-8]).
    public void end(String cause) {
        owner.check();
        if (ended) {
            return;
        }
        cancelTimers();
        publishWill();
        ended = true;
        SessionConnection current = connection;
        connection = null;
        for (Subscription<Session> subscription : subscriptions.values()) {
            context.subscriptions().remove(this, subscription.filter());
        }
        subscriptions.clear();
        queue.clear();
        if (storeNumber != 0) {
            context.store().removeSession(storeNumber, Commit.NONE);
            storeNumber = 0;
        }
        context.counters().sessionsEnded.increment();
        context.events().on(new BrokerEvent.SessionEnded(key, cause));
        context.directoryRemoval().removed(this);
        if (current != null) {
            current.sessionEnded(cause);
        }
    }

    /// Fills a fresh session with what the store kept, before anybody else knows of it.
    void restore(StoredSession stored, List<Subscription<Session>> restored) {
        storeNumber = stored.number();
        expirySeconds = stored.session().expirySeconds();
        persistent = true;
        List<String> texts = new ArrayList<>();
        stored.subscriptions().forEach(subscription -> texts.add(subscription.filter()));
        for (int i = 0; i < restored.size(); i++) {
            subscriptions.put(texts.get(i), restored.get(i));
        }
        for (StoredDelivery kept : stored.queue()) {
            Delivery delivery =
                    new Delivery(kept.message(), kept.sequence(), kept.qos(), kept.retain(), kept.subscriptionIds());
            if (kept.packetId() == 0) {
                enqueue(delivery);
            } else if (kept.received()) {
                inFlight.restore(kept.packetId(), delivery, InFlight.Stage.AWAITS_PUBCOMP);
            } else {
                inFlight.restore(kept.packetId(), delivery, InFlight.Stage.AWAITS_PUBREC);
            }
        }
        for (int packetId : stored.inboundPacketIds()) {
            inboundPacketIds.take(packetId);
            inboundPacketIds.commit(packetId);
        }
    }

    /// Starts the clocks of a restored session. Own thread.
    void startOffline(long offlineSinceMillis) {
        long now = context.clock().millis();
        long goneSeconds = offlineSinceMillis == 0 ? 0 : Math.max(0, (now - offlineSinceMillis) / 1000);
        if (offlineSinceMillis == 0) {
            // It was online when the process ended. Put down that it is not, else each restart would begin anew.
            context.store().putSession(toRecord(now), Commit.NONE);
        }
        awaitReturn(Math.max(0, expirySeconds - goneSeconds));
    }

    @Override
    public String toString() {
        return "Session[" + key + "]";
    }
}
