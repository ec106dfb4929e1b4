// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.role.RoleAuthorizer;
import org.upwell.access.role.RoleTable;
import org.upwell.app.config.BindAddress;
import org.upwell.broker.Broker;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Authenticator;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;
import org.upwell.broker.event.BrokerEvents;
import org.upwell.broker.session.QueueMemory;
import org.upwell.broker.session.SessionLimits;
import org.upwell.broker.store.InMemoryStore;
import org.upwell.load.Load;
import org.upwell.load.LoadException;
import org.upwell.load.LoadPlan;
import org.upwell.load.LoadReport;
import org.upwell.load.LoadSettings;
import org.upwell.load.LoadTarget;
import org.upwell.load.Logins;
import org.upwell.load.Senders;
import org.upwell.mqtt.ListenerConfig;
import org.upwell.mqtt.MqttLimits;
import org.upwell.mqtt.MqttServer;

/// Does once, before clients come, what all of them ask for when they come back after a restart: connections by the
/// thousand, and queues to be fetched. What runs often gets compiled, and while it is, it costs five times as much.
///
/// It plays on a broker of its own, with little memory, on a free port of the loopback, for a password that nobody
/// else knows: nothing of it is seen in sessions, counters, events or the store of the real one, nor does it use
/// users and roles of that. On a thread of its own, for two or three seconds. Whenever clients come to the real one it
/// waits, and it gives up after a minute or when those were rehearsal enough. What hinders it is told and hinders
/// nothing else.
final class Rehearsal implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Rehearsal.class);

    private static final String LISTENER = "(rehearsal)";
    private static final String TENANT = "rehearsal";
    private static final String ROLE = "APPLICATION";

    /// A few connections at a time, since each takes two of the process's files; each round makes its own twice.
    private static final int CONNECTIONS = 100;

    private static final int CONNECTION_ROUNDS = 20;

    /// Small queues several times over, since together they would need more memory.
    private static final int QUEUE_ROUNDS = 8;

    private static final int SESSIONS = 10;
    private static final int QUEUED = 500;

    static final int ROUNDS = CONNECTION_ROUNDS + QUEUE_ROUNDS;
    private static final Senders SENDERS = new Senders(1, 1, 64, 50, 0);
    private static final long MEBIBYTE = 1L << 20;

    /// How long no client has come when it begins or goes on.
    private static final Duration QUIET = Duration.ofMillis(250);

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /// Clients of the real broker after which there is nothing left to rehearse.
    private static final long ENOUGH = 2L * CONNECTION_ROUNDS * CONNECTIONS;

    private static final Duration MOST_TO_END = Duration.ofSeconds(5);

    private final InstantSource clock;
    private final LongSupplier arrivals;
    private final Thread thread;
    /// How many had arrived when it looked last; -1 before. Of the thread only.
    private long seen = -1;
    private long startNanos;
    /// Written by the thread at its end, read by who waited for that.
    private boolean complete;

    private Rehearsal(InstantSource clock, LongSupplier arrivals) {
        this.clock = clock;
        this.arrivals = arrivals;
        this.thread = Thread.ofPlatform().daemon().name("upwell-rehearsal").unstarted(this::run);
    }

    /// Returns at once.
    ///
    /// @param arrivals changes with each client that comes to the real broker, at first about 0
    static Rehearsal start(InstantSource clock, LongSupplier arrivals) {
        Rehearsal rehearsal = new Rehearsal(clock, arrivals);
        rehearsal.thread.start();
        return rehearsal;
    }

    private void run() {
        startNanos = System.nanoTime();
        try {
            if (isQuietInTime()) {
                play();
            }
        } catch (InterruptedException _) {
            log.debug("The rehearsal was ended");
        } catch (IOException | LoadException | RuntimeException e) {
            log.warn("The first clients will be served more slowly, since the rehearsal failed: {}", e.getMessage());
            log.debug("How the rehearsal failed", e);
        }
    }

    private void play() throws IOException, LoadException, InterruptedException {
        try (Parts parts = new Parts()) {
            String password = UUID.randomUUID().toString();
            LoadTarget target = LoadTarget.local(openBroker(parts, password), Logins.same(TENANT, password));
            LoadSettings settings = new LoadSettings(TENANT + "/app", List.of(), null, false, PATIENCE);
            for (LoadPlan plan : plans()) {
                if (!isQuietInTime()) {
                    log.debug("The rehearsal was given up for the clients that came");
                    return;
                }
                check(Load.run(target, plan, settings, _ -> {}));
            }
            complete = true;
            log.info("Rehearsed what clients will ask for");
        }
    }

    private static void check(LoadReport report) throws LoadException {
        for (String fault : List.of("failed", "sub_refused", "lost")) {
            if (report.number(fault) > 0) {
                throw new LoadException(report.json());
            }
        }
    }

    /// Returns once no client has come for a while, and at once if none has since it did so last; false if there is
    /// nothing left to rehearse for.
    private boolean isQuietInTime() throws InterruptedException {
        long now = arrivals.getAsLong();
        while (now != seen) {
            if (now >= ENOUGH || System.nanoTime() - startNanos > PATIENCE.toNanos()) {
                return false;
            }
            seen = now;
            // Nobody counts it down: a pause that an interrupt ends.
            var _ = new CountDownLatch(1).await(QUIET.toMillis(), TimeUnit.MILLISECONDS);
            now = arrivals.getAsLong();
        }
        return true;
    }

    private static List<LoadPlan> plans() {
        List<LoadPlan> plans = new ArrayList<>();
        for (int round = 0; round < CONNECTION_ROUNDS; round++) {
            plans.add(new LoadPlan.Connections(CONNECTIONS, true, false, Duration.ZERO, true));
        }
        for (int round = 0; round < QUEUE_ROUNDS; round++) {
            plans.add(new LoadPlan.Offline(SESSIONS, QUEUED, SENDERS));
        }
        return plans;
    }

    /// Returns its port.
    private int openBroker(Parts parts, String password) throws IOException {
        Broker broker = parts.add(
                "broker",
                new Broker(new Broker.Parts(
                        new InMemoryStore(),
                        admitting(password),
                        new RoleAuthorizer(RoleTable::defaults),
                        _ -> SessionLimits.DEFAULT,
                        BrokerEvents.NONE,
                        clock,
                        new QueueMemory(MEBIBYTE, 8 * MEBIBYTE, 8 * MEBIBYTE))));
        MqttServer server = parts.add(
                "server",
                new MqttServer(broker, MqttLimits.DEFAULT, Runtime.getRuntime().availableProcessors()));
        server.start(
                List.of(new ListenerConfig(LISTENER, BindAddress.loopback(0).socketAddress(), null)));
        return server.boundAddress(LISTENER).getPort();
    }

    private static Authenticator admitting(String password) {
        byte[] expected = password.getBytes(StandardCharsets.UTF_8);
        Principal player = Principal.of(TENANT, TENANT, Set.of(ROLE));
        return credentials -> {
            byte[] offered = credentials.password();
            return CompletableFuture.completedFuture(
                    offered != null && MessageDigest.isEqual(expected, offered)
                            ? new Authentication.Admitted(player)
                            : new Authentication.Refused(RefusalCause.BAD_CREDENTIALS, "only the rehearsal may"));
        };
    }

    /// Waits for its end; true if all was played.
    boolean await() throws InterruptedException {
        thread.join();
        return complete;
    }

    /// Ends it if it goes on, and waits a moment for that.
    @Override
    public void close() {
        thread.interrupt();
        try {
            var _ = thread.join(MOST_TO_END);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
