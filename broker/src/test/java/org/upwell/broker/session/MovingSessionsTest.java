// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.broker.Broker;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;
import org.upwell.broker.event.BrokerEvents;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.store.StoredState;
import org.upwell.broker.testing.FakeBroker;
import org.upwell.broker.testing.FakeConnection;
import org.upwell.broker.testing.FakeLoops;
import org.upwell.broker.testing.Seeds;
import org.upwell.broker.testing.ThreadLoop;
import org.upwell.broker.topic.Subscription;
import org.upwell.broker.topic.TopicFilter;

/// Sessions that move between event loops while messages come from several: whatever the interleaving, each
/// publisher's messages arrive once and in order.
class MovingSessionsTest {

    // ---- Every interleaving by seed, on one thread ---------------------------------------------------------------

    @Test
    @DisplayName("[MQTT-4.6.0-6] order per publisher, no loss, no repeat, by random steps of three loops")
    void orderHoldsInAnyInterleaving() {
        Seeds.each(400, random -> {
            FakeLoops loops = new FakeLoops(3);
            FakeBroker fake = new FakeBroker(loops, new InMemoryStore());
            List<FakeConnection> connections = new ArrayList<>();
            FakeConnection first = fake.open("c").expiry(60).now();
            fake.subscribe(first, "#", 1);
            connections.add(first);
            int[] sent = new int[3];
            for (int i = 0; i < 150; i++) {
                switch (random.nextInt(12)) {
                    case 0 -> connections.add(reconnect(fake, connections.size(), random));
                    case 1 -> first.session().owner().run(() -> detachIfOnline(connections));
                    case 2, 3, 4, 5 -> publishSome(fake, sent, random);
                    default -> loops.step(random);
                }
            }
            loops.settle(random);
            fake.open("c").expiry(60).now();
            List<String> received = fake.log().stream()
                    .filter(line -> line.contains(" gets "))
                    .map(line -> line.substring(line.lastIndexOf(' ') + 1))
                    .toList();
            for (int publisher = 0; publisher < 3; publisher++) {
                String own = publisher + "/";
                List<String> expected = new ArrayList<>();
                for (int i = 0; i < sent[publisher]; i++) {
                    expected.add(own + i);
                }
                assertThat(received.stream().filter(topic -> topic.startsWith(own)))
                        .as("what publisher %d sent", publisher)
                        .containsExactlyElementsOf(expected);
            }
        });
    }

    private static FakeConnection reconnect(FakeBroker fake, int number, Random random) {
        return fake.open("c")
                .expiry(60)
                .as(fake.connection("c" + number))
                .on(random.nextInt(3))
                .begin();
    }

    private static void detachIfOnline(List<FakeConnection> connections) {
        for (FakeConnection each : connections) {
            if (each.isOpened() && each.session().owner().isCurrent()) {
                each.session().detach(each, true, null);
            }
        }
    }

    private static void publishSome(FakeBroker fake, int[] sent, Random random) {
        int publisher = random.nextInt(3);
        fake.loops().get(publisher).run(() -> {
            int count = 1 + random.nextInt(4);
            for (int i = 0; i < count; i++) {
                Message message = FakeBroker.message(publisher + "/" + sent[publisher]++, 1);
                fake.broker().router().route(message, null, 0, fake.owner(publisher), Commit.NONE);
            }
        });
    }

    // ---- Real threads --------------------------------------------------------------------------------------------

    private static final int LOOPS = 3;
    private static final int SESSIONS = 6;
    private static final int MESSAGES = 6_000;
    private static final Permissions ALL = new Permissions() {
        @Override
        public boolean isEmpty() {
            return false;
        }

        @Override
        public boolean mayPublish(String topicName, int qos, boolean retain) {
            return true;
        }

        @Override
        public int grantedQos(TopicFilter filter, int requestedQos) {
            return requestedQos;
        }

        @Override
        public boolean mayReceive(String topicName) {
            return true;
        }
    };

    /// What one session's connections received, one after the other: handed from thread to thread by the moves.
    private static final class Received {
        private final Map<Integer, Integer> next = new HashMap<>();
        private final List<String> faults = new ArrayList<>();
        private int count;

        private void add(Delivery delivery) {
            String[] payload = new String(delivery.message().payload(), StandardCharsets.UTF_8).split(" ", -1);
            int publisher = Integer.parseInt(payload[0]);
            int number = Integer.parseInt(payload[1]);
            int expected = next.getOrDefault(publisher, 0);
            if (number != expected) {
                faults.add("publisher " + publisher + ": " + number + " instead of " + expected);
            }
            next.put(publisher, number + 1);
            count++;
        }
    }

    /// A connection that takes and acknowledges up to a few messages a turn, so that queues fill and drain.
    private final class Client implements SessionConnection, OpenRequest.Answer {
        private final Owner owner;
        private final Received received;
        private final Runnable whenOpened;
        private int credit;
        private boolean refilling;
        private volatile boolean over;

        private Client(Owner owner, Received received, Runnable whenOpened) {
            this.owner = owner;
            this.received = received;
            this.whenOpened = whenOpened;
        }

        @Override
        public void opened(Session session, boolean present) {
            session.startDelivery();
            refill(session);
            whenOpened.run();
        }

        private void refill(Session session) {
            refilling = false;
            if (over) {
                return;
            }
            credit = 20;
            while (credit > 0) {
                Delivery next = session.pollQueued();
                if (next == null) {
                    return;
                }
                take(session, next);
            }
            refillLater(session);
        }

        private void take(Session session, Delivery delivery) {
            credit--;
            received.add(delivery);
            session.done(delivery.sequence());
        }

        private void refillLater(Session session) {
            if (!refilling) {
                refilling = true;
                owner.execute(() -> refill(session));
            }
        }

        @Override
        public int sendQuota() {
            return 20;
        }

        @Override
        public boolean tryDeliver(Delivery delivery) {
            Session session = sessions.get(delivery.subscriptionIds()[0]);
            if (session == null || credit == 0) {
                if (session != null) {
                    refillLater(session);
                }
                return false;
            }
            take(session, delivery);
            return true;
        }

        @Override
        public void deliverQos0(Delivery delivery) {
            throw new AssertionError("nobody publishes at QoS 0 here");
        }

        @Override
        public void takenOver() {
            over = true;
        }

        @Override
        public void sessionEnded(String cause) {
            received.faults.add("ended: " + cause);
        }

        @Override
        public void deliveriesReadable() {
            throw new AssertionError("the store answers at once here");
        }

        @Override
        public void notAuthorized(String cause) {
            received.faults.add("not authorized: " + cause);
        }

        @Override
        public void refused(RefusalCause cause, String reason) {
            // Overtaken by a later one before it was opened.
            whenOpened.run();
        }
    }

    private final Map<Integer, Session> sessions = new ConcurrentHashMap<>();
    private final List<ThreadLoop> threads = new ArrayList<>();
    private final List<Owner> owners = new ArrayList<>();
    private final List<Received> received = new ArrayList<>();

    private Broker startBroker() {
        for (int i = 0; i < LOOPS; i++) {
            threads.add(new ThreadLoop("loop-" + i));
            owners.add(new Owner("loop-" + i, threads.get(i)));
        }
        Broker broker = new Broker(new Broker.Parts(
                new InMemoryStore(),
                credentials -> CompletableFuture.completedFuture(
                        new Authentication.Refused(RefusalCause.UNAVAILABLE, "not asked")),
                principal -> ALL,
                principal -> SessionLimits.DEFAULT,
                BrokerEvents.NONE,
                InstantSource.system()));
        broker.start(owners);
        return broker;
    }

    private void open(Broker broker, int session, int loop, Runnable whenOpened) {
        Owner owner = owners.get(loop);
        Client client = new Client(owner, received.get(session), whenOpened);
        SessionKey key = new SessionKey("acme", "c" + session);
        OpenRequest request = new OpenRequest(
                key,
                Principal.of("acme", key.clientId(), Set.of()),
                ALL,
                SessionLimits.DEFAULT,
                false,
                3_600,
                null,
                client,
                owner,
                client);
        owner.execute(() -> broker.sessions().open(request));
    }

    @Test
    @Timeout(60)
    void orderHoldsOnRealThreads() throws InterruptedException {
        Broker broker = startBroker();
        try {
            subscribeAll(broker);
            CountDownLatch published = new CountDownLatch(LOOPS);
            for (int loop = 0; loop < LOOPS; loop++) {
                publish(broker, loop, published);
            }
            moveAround(broker, published);
            int expected = LOOPS * MESSAGES;
            for (int session = 0; session < SESSIONS; session++) {
                awaitAll(session, expected);
                assertThat(received.get(session).faults)
                        .as("session %d", session)
                        .isEmpty();
            }
            assertThat(StoredState.of(broker.store()).sessions())
                    .hasSize(SESSIONS)
                    .allSatisfy(kept -> assertThat(kept.queue()).isEmpty());
        } finally {
            threads.forEach(ThreadLoop::close);
        }
    }

    private void subscribeAll(Broker broker) throws InterruptedException {
        CountDownLatch opened = new CountDownLatch(SESSIONS);
        TopicFilter filter = FakeBroker.filter("t/+").filter();
        for (int i = 0; i < SESSIONS; i++) {
            int number = i;
            received.add(new Received());
            open(broker, number, number % LOOPS, () -> {
                Session session = broker.sessions().find("acme", "c" + number).orElseThrow();
                sessions.put(number, session);
                session.subscribe(
                        FakeBroker.filter("t/+"),
                        // The identifier tells the client which session a delivery is for; 0 would mean none.
                        new Subscription<>(session, filter, 1, false, false, number == 0 ? SESSIONS : number),
                        Commit.NONE);
                opened.countDown();
            });
        }
        assertThat(opened.await(20, TimeUnit.SECONDS)).isTrue();
        sessions.put(SESSIONS, Objects.requireNonNull(sessions.get(0)));
    }

    /// Publishes in batches, each a turn of the loop.
    private void publish(Broker broker, int loop, CountDownLatch published) {
        Owner owner = owners.get(loop);
        Random random = new Random(loop);
        owner.execute(new Runnable() {
            private int sent;

            @Override
            public void run() {
                int batch = 1 + random.nextInt(30);
                for (int i = 0; i < batch && sent < MESSAGES; i++) {
                    byte[] payload = (loop + " " + sent++).getBytes(StandardCharsets.UTF_8);
                    broker.router().route(Message.of("t/" + loop, payload, 1), null, 0, owner, Commit.NONE);
                }
                if (sent < MESSAGES) {
                    owner.execute(this);
                } else {
                    published.countDown();
                }
            }
        });
    }

    /// Takes sessions over from loop to loop for as long as there is publishing.
    private void moveAround(Broker broker, CountDownLatch published) throws InterruptedException {
        Random random = new Random(99);
        Semaphore underWay = new Semaphore(4);
        AtomicInteger moves = new AtomicInteger();
        // At least once, if this thread has its first turn when all is published.
        do {
            assertThat(underWay.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
            open(broker, random.nextInt(SESSIONS), random.nextInt(LOOPS), () -> {
                moves.incrementAndGet();
                underWay.release();
            });
        } while (published.getCount() > 0);
        assertThat(underWay.tryAcquire(4, 20, TimeUnit.SECONDS)).isTrue();
        assertThat(moves.get()).isPositive();
    }

    /// Asks on the session's own thread until all has arrived.
    private void awaitAll(int number, int expected) throws InterruptedException {
        Session session = Objects.requireNonNull(sessions.get(number));
        CountDownLatch arrived = new CountDownLatch(1);
        Owner owner = session.owner();
        owner.execute(new Runnable() {
            @Override
            public void run() {
                if (received.get(number).count >= expected) {
                    arrived.countDown();
                } else {
                    owner.execute(this);
                }
            }
        });
        assertThat(arrived.await(20, TimeUnit.SECONDS))
                .as("session %d received everything", number)
                .isTrue();
        assertThat(received.get(number).count).isEqualTo(expected);
    }
}
