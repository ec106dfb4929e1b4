// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.access.Authenticator;
import org.upwell.broker.access.Authorizer;
import org.upwell.broker.access.Principal;
import org.upwell.broker.event.BrokerCounters;
import org.upwell.broker.event.BrokerEvents;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.message.Will;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.routing.Router;
import org.upwell.broker.session.QueueMemory;
import org.upwell.broker.session.QueueOperations;
import org.upwell.broker.session.Restoration;
import org.upwell.broker.session.Session;
import org.upwell.broker.session.SessionContext;
import org.upwell.broker.session.SessionDirectory;
import org.upwell.broker.session.SharedGroups;
import org.upwell.broker.session.Subscriber;
import org.upwell.broker.session.Ticks;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.GroupRecord;
import org.upwell.broker.store.Recovery;
import org.upwell.broker.store.Store;
import org.upwell.broker.topic.RetainedMessages;
import org.upwell.broker.topic.SubscriptionTree;

/// The broker without any protocol: puts its parts together and hands them to the edges. Holds no rules of its own.
///
/// Threads: construction and [#start] on one thread; all accessors from any.
public final class Broker implements AutoCloseable {

    /// What a broker is built from.
    ///
    /// @param limits the limits of each principal's sessions
    /// @param queueMemory how much memory what waits may take
    public record Parts(
            Store store,
            Authenticator authenticator,
            Authorizer authorizer,
            SessionDirectory.Limits limits,
            BrokerEvents events,
            InstantSource clock,
            QueueMemory queueMemory) {

        /// A broker whose queues take the part of the heap that is meant for them.
        public Parts(
                Store store,
                Authenticator authenticator,
                Authorizer authorizer,
                SessionDirectory.Limits limits,
                BrokerEvents events,
                InstantSource clock) {
            this(store, authenticator, authorizer, limits, events, clock, QueueMemory.ofHeap());
        }
    }

    private static final Duration TICK = Duration.ofSeconds(1);

    /// Most expired retained messages that are let go of at once: a million that expire together take the loop some
    /// twenty seconds, a fraction of a millisecond at a time.
    static final int EXPIRED_AT_ONCE = 500;

    private static final Duration EXPIRED_PAUSE = Duration.ofMillis(10);

    private final Parts parts;
    private final BrokerCounters counters = new BrokerCounters();
    private final SubscriptionTree<Subscriber> subscriptions = new SubscriptionTree<>();
    private final SharedGroups groups = new SharedGroups(subscriptions);
    private final RetainedMessages retained = new RetainedMessages();
    private final Ticks ticks;
    private final Router router;
    private final SessionDirectory sessions;
    private final AtomicReference<@Nullable List<Owner>> owners = new AtomicReference<>();
    /// There were more expired retained messages than one go takes. Touched on the first event loop only.
    private boolean moreExpired;

    public Broker(Parts parts) {
        this.parts = parts;
        this.ticks = new Ticks(parts.clock());
        this.router = new Router(subscriptions, retained, parts.store(), counters);
        AtomicReference<@Nullable SessionDirectory> directory = new AtomicReference<>();
        SessionContext context = new SessionContext(
                subscriptions,
                retained,
                groups,
                parts.store(),
                parts.queueMemory(),
                this::publishWill,
                router::announce,
                session -> {
                    SessionDirectory known = directory.get();
                    if (known != null) {
                        known.removed(session);
                    }
                },
                parts.events(),
                counters,
                parts.clock(),
                ticks);
        this.sessions = new SessionDirectory(context);
        directory.set(sessions);
    }

    /// Puts back what the store kept and spreads it over `owners`. To be called once, before any connection is
    /// accepted.
    ///
    /// @throws org.upwell.broker.store.StoreException if the store cannot be read whole
    public void start(List<Owner> eventLoops) {
        if (eventLoops.isEmpty() || !owners.compareAndSet(null, List.copyOf(eventLoops))) {
            throw new IllegalStateException("a broker starts once, on at least one event loop");
        }
        Restoration restoration = sessions.restoration(eventLoops, parts.authorizer(), parts.limits());
        parts.store().recover(new Recovery() {
            @Override
            public void session(StoredSession session) {
                restoration.session(session);
            }

            @Override
            public void group(long number, GroupRecord group) {
                restoration.group(number, group);
            }

            @Override
            public void queued(long session, QueueEntry entry) {
                restoration.queued(session, entry);
            }

            @Override
            public void retained(long sequence, Message message) {
                retained.restore(sequence, message);
            }
        });
        restoration.done();
        Owner first = eventLoops.getFirst();
        first.execute(() -> keepTime(first));
        // Principals may have been removed while nothing ran; what is published from now on is not for them.
        accessChanged(_ -> true);
    }

    private void keepTime(Owner owner) {
        ticks.advance();
        owner.schedule(TICK, () -> keepTime(owner));
        if (!moreExpired) {
            forgetExpired(owner);
        }
    }

    /// Lets go of the retained messages that expired ([MQTT-3.3.2-5]): else those of topics that nobody asks for
    /// any more would stay for ever, in memory and on disk.
    private void forgetExpired(Owner owner) {
        // If the store breaks, the next tick tries again.
        moreExpired = false;
        long now = parts.clock().millis();
        for (int i = 0; i < EXPIRED_AT_ONCE; i++) {
            Message expired = retained.expiredAt(now);
            if (expired == null) {
                return;
            }
            forgetRetained(expired);
        }
        moreExpired = true;
        owner.schedule(EXPIRED_PAUSE, () -> forgetExpired(owner));
    }

    /// Publishes a message of the broker's own or of an operator, unchecked. Any thread.
    public void publish(Message message) {
        List<Owner> eventLoops = owners.get();
        if (eventLoops == null) {
            throw new IllegalStateException("the broker is not started");
        }
        Owner owner = eventLoops.get((message.topic().hashCode() & Integer.MAX_VALUE) % eventLoops.size());
        owner.run(() -> router.route(message, null, 0, owner, Commit.NONE));
    }

    /// To be told when users, tenants or roles changed: has the rights of the sessions that it may concern looked
    /// up again. Connections of principals that may not connect any more end soon after. Any thread.
    public void accessChanged(Predicate<SessionKey> concerned) {
        sessions.recheck(concerned, rights());
    }

    /// Looks the rights of one session up again. An edge does so when the session is open, since [#accessChanged]
    /// may have come while it was being opened. On the session's owner.
    public void recheck(Session session) {
        sessions.recheck(session, rights());
    }

    /// The client of a live session proved itself anew: its rights are those of `now` from here on. On the
    /// session's owner.
    ///
    /// @param now of the session's tenant
    public void reauthenticated(Session session, Principal now) {
        sessions.replace(session, now, rights());
    }

    private SessionDirectory.Rights rights() {
        return new SessionDirectory.Rights(parts.authenticator(), parts.authorizer(), parts.limits());
    }

    private void publishWill(Session session, Will will) {
        Message message = will.messageAt(parts.clock().millis());
        // Wills are authorised at CONNECT and again here, since rights may have changed meanwhile.
        if (session.permissions().mayPublish(message.topic(), message.qos(), message.retain())) {
            router.route(message, session, 0, session.owner(), Commit.NONE);
        } else {
            counters.publishesRefused.increment();
        }
    }

    public Authenticator authenticator() {
        return parts.authenticator();
    }

    public Authorizer authorizer() {
        return parts.authorizer();
    }

    public SessionDirectory.Limits limits() {
        return parts.limits();
    }

    public BrokerEvents events() {
        return parts.events();
    }

    public BrokerCounters counters() {
        return counters;
    }

    public InstantSource clock() {
        return parts.clock();
    }

    public Store store() {
        return parts.store();
    }

    public Router router() {
        return router;
    }

    public SessionDirectory sessions() {
        return sessions;
    }

    /// What an operator does with queues.
    public QueueOperations queues() {
        return new QueueOperations(sessions, groups);
    }

    public RetainedMessages retained() {
        return retained;
    }

    public SubscriptionTree<Subscriber> subscriptions() {
        return subscriptions;
    }

    public SharedGroups groups() {
        return groups;
    }

    /// Lets go of a retained message that expired, if it is still the one of its topic. Any thread.
    public void forgetRetained(Message expired) {
        long sequence = retained.removeIfSame(expired);
        if (sequence != 0) {
            counters.retainedExpired.increment();
            parts.store().retainedExpired(expired.topic(), sequence);
        }
    }

    /// Closes the store. Connections must be closed before.
    @Override
    public void close() {
        parts.store().close();
    }
}
