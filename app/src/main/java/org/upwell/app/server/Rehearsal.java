// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.AccessEvents;
import org.upwell.access.login.Access;
import org.upwell.access.login.AccessAuthenticator;
import org.upwell.access.login.AnonymousAccess;
import org.upwell.access.login.PrincipalLimits;
import org.upwell.app.config.BindAddress;
import org.upwell.broker.Broker;
import org.upwell.broker.event.BrokerEvents;
import org.upwell.broker.session.SessionLimits;
import org.upwell.broker.store.InMemoryStore;
import org.upwell.load.Load;
import org.upwell.load.LoadException;
import org.upwell.load.LoadPlan;
import org.upwell.load.LoadSettings;
import org.upwell.load.LoadTarget;
import org.upwell.load.Senders;
import org.upwell.mqtt.ListenerConfig;
import org.upwell.mqtt.MqttLimits;
import org.upwell.mqtt.MqttServer;

/// Does once, before clients come, what all of them ask for when they come back after a restart: connections by the
/// thousand, and queues to be fetched. What runs often gets compiled, and while it is, it costs five times as much.
///
/// It plays on a broker of its own, in memory, on a free port of the loopback, with a tenant of its own: nothing of
/// it is seen in sessions, counters, events or the store of the real one. On a thread of its own, once, for a second
/// or two, but it waits whenever clients connect to the real one, which is rehearsal enough. What hinders it is told
/// and hinders nothing else.
final class Rehearsal implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Rehearsal.class);

    private static final String LISTENER = "(rehearsal)";
    private static final String TENANT = "rehearsal";
    private static final String ROLE = "APPLICATION";

    /// A few connections at a time, since each takes two of the process's files; each round makes its own twice.
    private static final int CONNECTIONS = 100;

    private static final int ROUNDS = 20;

    private static final int SESSIONS = 10;
    private static final int QUEUED = 500;
    private static final Senders SENDERS = new Senders(1, 1, 64, 50, 0);

    /// How long no client has connected when it begins or goes on.
    private static final Duration QUIET = Duration.ofMillis(250);

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Access access;
    private final SessionLimits limits;
    private final InstantSource clock;
    private final LongSupplier connects;
    private final Thread thread;
    /// How often clients had connected when it looked last; -1 before. Of the thread only.
    private long seen = -1;
    /// Written by the thread at its end, read by who waited for that.
    private boolean complete;

    private Rehearsal(Access access, SessionLimits limits, InstantSource clock, LongSupplier connects) {
        this.access = access;
        this.limits = limits;
        this.clock = clock;
        this.connects = connects;
        this.thread = Thread.ofPlatform().daemon().name("upwell-rehearsal").unstarted(this::run);
    }

    /// Returns at once.
    ///
    /// @param access whose roles are played by
    /// @param connects how often a client has connected to the real broker
    static Rehearsal start(Access access, SessionLimits limits, InstantSource clock, LongSupplier connects) {
        Rehearsal rehearsal = new Rehearsal(access, limits, clock, connects);
        rehearsal.thread.start();
        return rehearsal;
    }

    private void run() {
        long start = System.nanoTime();
        try (Parts parts = new Parts()) {
            int port = openBroker(parts).getPort();
            LoadTarget target = LoadTarget.local(port);
            LoadSettings settings = new LoadSettings(TENANT + "/app", List.of(), null, false, PATIENCE);
            for (LoadPlan plan : plans()) {
                awaitQuiet();
                Load.run(target, plan, settings, _ -> {});
            }
            complete = true;
            log.info(
                    "Rehearsed for {} ms",
                    Duration.ofNanos(System.nanoTime() - start).toMillis());
        } catch (InterruptedException _) {
            log.debug("The rehearsal was ended");
        } catch (IOException | LoadException | RuntimeException e) {
            log.warn("The first clients will be served more slowly, since the rehearsal failed", e);
        }
    }

    /// Returns once no client has connected for a while, and at once if none has since it did so last.
    private void awaitQuiet() throws InterruptedException {
        long now = connects.getAsLong();
        while (now != seen) {
            seen = now;
            // Nobody counts it down: a pause that an interrupt ends.
            var _ = new CountDownLatch(1).await(QUIET.toMillis(), TimeUnit.MILLISECONDS);
            now = connects.getAsLong();
        }
    }

    private static List<LoadPlan> plans() {
        List<LoadPlan> plans = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            plans.add(new LoadPlan.Connections(CONNECTIONS, true, false, Duration.ZERO, true));
        }
        plans.add(new LoadPlan.Offline(SESSIONS, QUEUED, SENDERS));
        return plans;
    }

    private InetSocketAddress openBroker(Parts parts) throws IOException {
        AccessAuthenticator authenticator = parts.add(
                "logins",
                new AccessAuthenticator(
                        access.directory(),
                        access.verifier(),
                        Map.of(LISTENER, new AnonymousAccess(TENANT, Set.of(ROLE))),
                        1,
                        AccessEvents.NONE));
        Broker broker = parts.add(
                "broker",
                new Broker(new Broker.Parts(
                        new InMemoryStore(),
                        authenticator,
                        access.authorizer(),
                        new PrincipalLimits(access.directory(), limits),
                        BrokerEvents.NONE,
                        clock)));
        MqttServer server = parts.add(
                "server",
                new MqttServer(broker, MqttLimits.DEFAULT, Runtime.getRuntime().availableProcessors()));
        server.start(
                List.of(new ListenerConfig(LISTENER, BindAddress.loopback(0).socketAddress(), null)));
        return server.boundAddress(LISTENER);
    }

    /// Waits for its end; true if all was played.
    boolean await() throws InterruptedException {
        thread.join();
        return complete;
    }

    /// Ends it if it goes on, and waits for that.
    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
