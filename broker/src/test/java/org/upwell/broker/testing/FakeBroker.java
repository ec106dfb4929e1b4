// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.testing;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.Broker;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.MessageProperties;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.message.Will;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.session.OpenRequest;
import org.upwell.broker.session.Session;
import org.upwell.broker.session.SessionLimits;
import org.upwell.broker.session.Subscriber;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.SessionRecord.QueueLimit;
import org.upwell.broker.store.Store;
import org.upwell.broker.topic.InvalidTopicException;
import org.upwell.broker.topic.SharedFilter;
import org.upwell.broker.topic.Subscription;
import org.upwell.broker.topic.TopicFilter;

/// A real broker on fake event loops, everybody allowed everything but what is forbidden by name.
public final class FakeBroker {

    public static final String TENANT = "acme";

    private final FakeLoops loops;
    private final List<Owner> owners = new ArrayList<>();
    private final List<BrokerEvent> events = new ArrayList<>();
    private final List<String> log = new ArrayList<>();
    private final Broker broker;
    private SessionLimits limits;
    private @Nullable String forbiddenTopic;
    private boolean subscriptionsAllowed = true;

    /// Starts on what `store` keeps.
    public FakeBroker(FakeLoops loops, Store store) {
        this(loops, store, SessionLimits.DEFAULT);
    }

    public FakeBroker(FakeLoops loops, Store store, SessionLimits limits) {
        this.loops = loops;
        this.limits = limits;
        for (int i = 0; i < loops.all().size(); i++) {
            owners.add(new Owner("loop-" + i, loops.get(i)));
        }
        broker = new Broker(new Broker.Parts(
                store,
                credentials -> CompletableFuture.completedFuture(
                        new Authentication.Refused(RefusalCause.UNAVAILABLE, "not asked in these tests")),
                principal -> permissions(),
                this::limitsOf,
                events::add,
                loops));
        broker.start(owners);
    }

    private SessionLimits limitsOf(Principal principal) {
        QueueLimit claim = principal.queueLimit();
        return claim == null
                ? limits
                : new SessionLimits(claim.messages(), claim.bytes(), limits.overflow(), limits.qos0Bytes());
    }

    private Permissions permissions() {
        return new Permissions() {
            @Override
            public boolean isEmpty() {
                return false;
            }

            @Override
            public boolean mayPublish(String topicName, int qos, boolean retain) {
                return !topicName.equals(forbiddenTopic);
            }

            @Override
            public int grantedQos(TopicFilter filter, int requestedQos) {
                return subscriptionsAllowed ? requestedQos : -1;
            }

            @Override
            public boolean mayReceive(String topicName) {
                return true;
            }
        };
    }

    public Broker broker() {
        return broker;
    }

    public FakeLoops loops() {
        return loops;
    }

    public Owner owner(int index) {
        return owners.get(index);
    }

    public List<BrokerEvent> events() {
        return events;
    }

    /// What happened to connections, in order.
    public List<String> log() {
        return log;
    }

    /// For connections that open from now on.
    public void limits(SessionLimits newLimits) {
        limits = newLimits;
    }

    /// Nobody may publish to `topic` any more.
    public void forbid(String topic) {
        forbiddenTopic = topic;
    }

    /// Takes the right to all subscriptions from everybody, or gives it back.
    public void allowSubscriptions(boolean allow) {
        subscriptionsAllowed = allow;
        broker.accessChanged(key -> true);
        loops.settle();
    }

    // ---- Connections ---------------------------------------------------------------------------------------------

    public FakeConnection connection(String name) {
        return new FakeConnection(name, log);
    }

    public Open open(String clientId) {
        return new Open(clientId);
    }

    /// A CONNECT in the making.
    public final class Open {
        private final String clientId;
        private boolean cleanStart;
        private long expirySeconds;
        private @Nullable Will will;
        private @Nullable Instant issuedAt;
        private @Nullable QueueLimit claim;
        private int owner;
        private FakeConnection connection;

        private Open(String clientId) {
            this.clientId = clientId;
            this.connection = connection(clientId);
        }

        public Open cleanStart() {
            cleanStart = true;
            return this;
        }

        public Open expiry(long seconds) {
            expirySeconds = seconds;
            return this;
        }

        public Open will(Will testament) {
            will = testament;
            return this;
        }

        public Open issuedAt(long second) {
            issuedAt = Instant.ofEpochSecond(second);
            return this;
        }

        public Open claiming(QueueLimit queueLimit) {
            claim = queueLimit;
            return this;
        }

        public Open on(int index) {
            owner = index;
            return this;
        }

        public Open as(FakeConnection given) {
            connection = given;
            return this;
        }

        /// Asks on the connection's loop; what follows waits for [FakeLoops#settle].
        public FakeConnection begin() {
            Principal principal = new Principal(TENANT, clientId, Set.of("R"), issuedAt, null, null, claim);
            OpenRequest request = new OpenRequest(
                    new SessionKey(TENANT, clientId),
                    principal,
                    permissions(),
                    limitsOf(principal),
                    cleanStart,
                    expirySeconds,
                    will,
                    connection,
                    owners.get(owner),
                    connection);
            loops.get(owner).run(() -> broker.sessions().open(request));
            return connection;
        }

        /// Asks and waits for everything that follows.
        public FakeConnection now() {
            begin();
            loops.settle();
            return connection;
        }
    }

    // ---- Subscriptions and messages ------------------------------------------------------------------------------

    public static SharedFilter filter(String text) {
        try {
            return SharedFilter.parse(text);
        } catch (InvalidTopicException e) {
            throw new AssertionError(e);
        }
    }

    public void subscribe(FakeConnection connection, String filter, int qos) {
        subscribe(new Subscription<>(connection.session(), filter(filter).filter(), qos, false, false, 0));
    }

    public void subscribe(Subscription<Subscriber> subscription) {
        Session session = (Session) subscription.subscriber();
        session.owner()
                .run(() -> session.subscribe(new SharedFilter(null, subscription.filter()), subscription, Commit.NONE));
        loops.settle();
    }

    /// Adds a member to a group of shared subscriptions, as an edge does: what waits is asked for afterwards.
    public void subscribeShared(FakeConnection connection, String filter, int qos) {
        Session session = connection.session();
        SharedFilter shared = filter(filter);
        session.owner().run(() -> {
            session.subscribe(shared, new Subscription<>(session, shared.filter(), qos, false, false, 0), Commit.NONE);
            connection.pump();
        });
        loops.settle();
    }

    public static Message message(String topic, int qos) {
        return Message.of(topic, topic.getBytes(StandardCharsets.UTF_8), qos);
    }

    public static Message retained(String topic, int qos) {
        return retained(topic, qos, topic);
    }

    public static Message retained(String topic, int qos, String payload) {
        return new Message(
                topic,
                payload.getBytes(StandardCharsets.UTF_8),
                qos,
                true,
                Message.NEVER,
                MessageProperties.NONE,
                null);
    }

    /// Routes on loop `index`, whose thread this is.
    public void route(int index, Message message) {
        broker.router().route(message, null, 0, owners.get(index), Commit.NONE);
    }

    /// Publishes on loop `index` for nobody and waits for everything that follows.
    public void publish(int index, Message message) {
        loops.get(index).run(() -> route(index, message));
        loops.settle();
    }
}
