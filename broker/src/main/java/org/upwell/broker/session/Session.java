// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.access.Principal;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.message.Will;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.Recovery.QueueEntry;
import org.upwell.broker.store.Recovery.StoredSession;
import org.upwell.broker.store.SessionRecord;
import org.upwell.broker.store.Store;
import org.upwell.broker.topic.SharedFilter;
import org.upwell.broker.topic.Subscription;
import org.upwell.broker.topic.TopicFilter;

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
public final class Session implements Subscriber, Owner.Ready {

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
    private final SessionRights rights;
    private long expirySeconds;
    private boolean draining;
    private int drained;
    private boolean moving;
    private boolean delivering;
    private @Nullable SessionConnection connection;
    private final Absence absence;
    private final SessionSubscriptions subscriptions;
    private final Deliveries deliveries;
    private final Handshakes handshakes;
    private final InboundPacketIds inboundPacketIds = new InboundPacketIds();

    Session(SessionKey key, SessionContext context, Owner owner, Principal principal, Access access) {
        this.key = key;
        this.context = context;
        this.owner = owner;
        this.rights = new SessionRights(principal, access);
        this.absence = new Absence(this, context);
        this.subscriptions = new SessionSubscriptions(this, context);
        this.deliveries = new Deliveries(this, context, rights, subscriptions);
        this.handshakes = new Handshakes(this, context);
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
        return rights.principal();
    }

    public Permissions permissions() {
        return rights.permissions();
    }

    public SessionLimits limits() {
        return rights.limits();
    }

    public boolean isOnline() {
        return connection != null;
    }

    /// The session's number in the store, 0 if the store does not know it. Any thread.
    @Override
    public long storeNumber() {
        return storeNumber;
    }

    public InFlight inFlight() {
        return handshakes.inFlight();
    }

    /// The QoS 1 and 2 handshakes towards the client, as the store is told of them.
    public Handshakes handshakes() {
        return handshakes;
    }

    public InboundPacketIds inboundPacketIds() {
        return inboundPacketIds;
    }

    // ---- Deliveries ----------------------------------------------------------------------------------------------

    @Override
    public void deliver(Delivery delivery, Owner sender) {
        Owner current = owner;
        if (current == sender && !draining && mailbox.isEmpty()) {
            deliveries.accept(delivery);
            return;
        }
        post(delivery, sender);
    }

    /// Hands a message to the session so that nothing of the session runs before this returns. Called on the thread
    /// of `sender`, any owner.
    void post(Delivery delivery, Owner sender) {
        Owner current = owner;
        if (mailbox.put(delivery, current)) {
            current.listReady(this);
        }
        sender.handedOver(current, countOf(delivery));
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
        int count = countOf(delivery);
        if (countedFor == owner) {
            drained += count;
        } else {
            countedFor.takenElsewhere(count);
        }
        try {
            deliveries.accept(delivery);
        } catch (RuntimeException e) {
            // The letters behind this one are out of the mailbox already and would be lost with it.
            LOG.error("message for {} could not be delivered", key, e);
        }
    }

    private static int countOf(Delivery delivery) {
        return Owner.countOf(delivery.message().weightBytes());
    }

    /// Runs `task` where the session may be touched, now or later, wherever it moves meanwhile. Any thread.
    public void runAsOwner(Runnable task) {
        Owner current = owner;
        if (current.isCurrent()) {
            task.run();
        } else {
            current.execute(() -> runAsOwner(task));
        }
    }

    /// False if the principal lost the right to a message that it had subscribed to.
    public boolean isPermitted(Delivery delivery) {
        return rights.permits(delivery);
    }

    /// Takes the next message that waits, for a connection that has room again; expired ones are dropped on the way
    /// ([MQTT-3.3.2-5]). Null if none waits, or if it must be read first; then the connection is told.
    public @Nullable Delivery pollQueued() {
        return deliveries.poll();
    }

    /// Takes the next retained message that a new subscription is to get, if it goes at QoS 0; for a connection
    /// that has room but no quota.
    public @Nullable Delivery pollRetainedQos0() {
        return deliveries.pollRetainedQos0();
    }

    /// Owner's thread.
    Deliveries deliveries() {
        return deliveries;
    }

    @Nullable
    SessionConnection connection() {
        return connection;
    }

    /// The connection that messages go to now, null if there is none. Owner's thread.
    @Nullable
    SessionConnection deliversTo() {
        return delivering ? connection : null;
    }

    /// There may be something to poll that was not there before. Owner's thread.
    public void readable() {
        SessionConnection current = deliversTo();
        if (current != null) {
            current.deliveriesReadable();
        }
    }

    public int queuedMessages() {
        return deliveries.backlog().messages();
    }

    public long queuedBytes() {
        return deliveries.backlog().bytes();
    }

    /// Notes that a message that was not sent under a packet id did not reach the client, and lets the store forget
    /// it. What was is the affair of [Handshakes#lost].
    public void drop(Delivery delivery, DropCause cause) {
        deliveries.drop(delivery, cause);
    }

    /// What this session lost. Any thread.
    public Drops drops() {
        return deliveries.losses().drops();
    }

    /// The client was told of `count` of its losses; less than 0 if a message that was to tell it did not leave.
    /// Owner's thread.
    public void toldOfDrops(long count) {
        owner.check();
        deliveries.losses().told(count);
    }

    /// Lets the store forget a message.
    void done(long sequence) {
        deliveries.done(sequence);
    }

    // ---- The session's own view of `$SYS` ------------------------------------------------------------------------

    /// What a subscription to `filter` that was just made gets of the session's own view.
    public List<Message> ownView(TopicFilter filter) {
        return deliveries.losses().matching(filter);
    }

    /// True if some subscription may bring something of it.
    boolean watchesItself() {
        return subscriptions.watchItself();
    }

    /// Delivers a message of the own view, if a subscription matches it.
    void deliverToSelf(Message message) {
        Delivery own = subscriptions.toOwnDelivery(message);
        if (own != null) {
            deliver(own, owner);
        }
    }

    // ---- Subscriptions -------------------------------------------------------------------------------------------

    /// The greatest QoS that a subscription may have, -1 if the principal may not have it.
    public int grantedQos(SharedFilter filter, int requestedQos) {
        return rights.grantedQos(filter, requestedQos);
    }

    /// Adds or replaces a subscription. True if it is new. `commit` tells when a persistent session's subscription
    /// is safe.
    public boolean subscribe(SharedFilter filter, Subscription<Subscriber> subscription, Commit commit) {
        owner.check();
        return subscriptions.put(filter, subscription, commit);
    }

    /// Sends retained messages because of a subscription that was just made ([MQTT-3.8.4-4]), as fast as the client
    /// takes them.
    ///
    /// @param messages that the filter matches; given up to the session
    public void sendRetained(Subscription<Subscriber> subscription, List<Message> messages) {
        owner.check();
        deliveries.feed().add(subscription, messages);
    }

    /// True if retained messages are still to be sent, behind which what is published now has to wait.
    public boolean hasRetainedToSend() {
        return !deliveries.feed().isEmpty();
    }

    /// Removes a subscription ([MQTT-3.10.4-1], [MQTT-3.10.4-2]). False if there was none with exactly this text.
    public boolean unsubscribe(String filter, Commit commit) {
        owner.check();
        if (hasRetainedToSend()) {
            deliveries.feed().forget(filter);
            // What waited behind it may go now.
            readable();
        }
        return subscriptions.remove(filter, commit);
    }

    // ---- Life ----------------------------------------------------------------------------------------------------

    /// Gives the session a connection. Part of [SessionDirectory#open].
    void connect(OpenRequest request, Commit commit) {
        owner.check();
        absence.over(request.will());
        moving = false;
        rights.replace(request.principal(), new Access(request.permissions(), request.limits()));
        connection = request.connection();
        delivering = false;
        checkRights();
        expire(request.expirySeconds(), commit);
    }

    /// What an earlier connection subscribed to and left in the queue is this principal's only as far as its own
    /// rights go: they may be fewer than those of whoever used the session before.
    private void checkRights() {
        deliveries.backlog().checkAll();
        rights.checkDeliveries(!subscriptions.checkRights());
    }

    /// Replaces the rights. What they do not cover stays subscribed, as they may come back, but is dropped
    /// meanwhile.
    void change(Principal now, Access access) {
        owner.check();
        rights.replace(now, access);
        deliveries.backlog().checkAll();
        rights.stopDeliveriesOf(subscriptions.adjust());
        // A group may have something for a member that has its rights back.
        readable();
    }

    /// The principal may not connect any more: its connection ends and nothing more is taken in for it. What waits
    /// is kept, and checked against the rights of whoever resumes the session.
    void revoke(String cause) {
        owner.check();
        rights.revoke();
        if (connection != null) {
            connection.notAuthorized(cause);
        }
    }

    /// Begins to hand messages to the connection, once it has told its client that the session is open.
    public void startDelivery() {
        owner.check();
        delivering = true;
        SessionConnection current = connection;
        if (current != null) {
            subscriptions.online(current.sendQuota());
            deliveries.losses().online();
        }
    }

    /// The connection is gone, one way or another.
    private void stopDelivery() {
        connection = null;
        delivering = false;
        subscriptions.offline();
        if (limits().redeliverSharedOnLoss()) {
            handshakes.giveSharedBack();
        }
    }

    private void expire(long seconds, Commit commit) {
        expirySeconds = seconds;
        Store store = context.store();
        if (seconds > 0) {
            // The number first: whoever sees a persistent session may ask for it. And both before the commit is told,
            // which a store may do at once: what the connection does next must find them.
            storeNumber = store.putSession(toRecord(), Commit.NONE);
            persistent = true;
            store.sync(commit);
        } else if (storeNumber != 0) {
            // Resumed for one last connection. The store goes on keeping what waits, since it may not be in memory.
            persistent = false;
            store.putSession(toRecord(), commit);
        } else {
            commit.committed();
        }
    }

    /// Has the store keep the session as it is now.
    void keep() {
        if (storeNumber != 0 && !ended) {
            context.store().putSession(toRecord(), Commit.NONE);
        }
    }

    private SessionRecord toRecord() {
        return new SessionRecord(
                key,
                principal().name(),
                principal().roles(),
                expirySeconds,
                absence.sinceMillis(),
                absence.will(),
                principal().queueLimit(),
                deliveries.losses().drops().snapshot());
    }

    /// True if `newcomer`'s token was issued before the token of the live connection, whose session it must not
    /// take over (field protocol §3).
    boolean isNewerThan(Principal newcomer) {
        return connection != null && rights.areNewerThan(newcomer);
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
        absence.cancel();
        moving = true;
        owner = next;
    }

    /// Takes the connection away for another one. Its will is due as the connection ends without DISCONNECT, unless
    /// it has a delay and the session goes on ([MQTT-3.1.3-9]).
    void takeOver(boolean sessionGoesOn) {
        SessionConnection old = connection;
        if (old != null) {
            stopDelivery();
            context.events().on(new BrokerEvent.SessionTakenOver(key));
            Will due = absence.takeWill();
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
        stopDelivery();
        if (!publishWill) {
            absence.takeWill();
        }
        if (changedExpirySeconds != null) {
            expirySeconds = changedExpirySeconds;
            persistent = persistent && expirySeconds > 0;
        }
        if (expirySeconds == 0) {
            end("connection closed");
            return;
        }
        absence.begins();
        keep();
        absence.await(expirySeconds);
    }

    /// Ends the session with all that it holds; a will that waits is published ([MQTT-3.1.2-8]).
    public void end(String cause) {
        owner.check();
        if (ended) {
            return;
        }
        absence.cancel();
        absence.publishWill();
        ended = true;
        SessionConnection current = connection;
        connection = null;
        subscriptions.clear();
        deliveries.feed().clear();
        deliveries.backlog().clear();
        handshakes.end();
        if (storeNumber != 0) {
            context.store().removeSession(storeNumber, Commit.NONE);
            storeNumber = 0;
        }
        deliveries.losses().end();
        context.counters().sessionsEnded.increment();
        context.events().on(new BrokerEvent.SessionEnded(key, cause));
        context.directoryRemoval().removed(this);
        if (current != null) {
            current.sessionEnded(cause);
        }
    }

    /// Fills a fresh session with what the store kept, before anybody else knows of it.
    void restore(StoredSession stored) {
        SessionRecord record = stored.session();
        storeNumber = stored.number();
        expirySeconds = record.expirySeconds();
        absence.restore(record.offlineSinceMillis(), record.will());
        deliveries.losses().restore(record.drops());
        persistent = true;
        for (int packetId : stored.inboundPacketIds()) {
            inboundPacketIds.take(packetId);
            inboundPacketIds.commit(packetId);
        }
    }

    /// Part of [#restore].
    void restore(SharedFilter filter, Subscription<Subscriber> subscription) {
        subscriptions.restore(filter, subscription);
    }

    /// Part of [#restore].
    void restore(QueueEntry entry) {
        if (entry.packetId() == 0 || !handshakes.restore(new InFlight.Sent(entry), storeNumber)) {
            deliveries.backlog().restore(entry.sequence(), entry.qos(), entry.weightBytes(), entry.expiresAtMillis());
        }
    }

    /// Starts the clocks of a restored session. Own thread.
    void startOffline() {
        deliveries.backlog().restored();
        if (absence.sinceMillis() == 0) {
            // It was online when the process ended. Put down that it is not, else each restart would begin anew.
            absence.begins();
            keep();
        }
        deliveries.losses().announce();
        absence.await(expirySeconds);
    }

    @Override
    public String toString() {
        return "Session[" + key + "]";
    }
}
