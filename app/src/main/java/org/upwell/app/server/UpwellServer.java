// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.login.Access;
import org.upwell.access.login.AnonymousAccess;
import org.upwell.app.config.BindAddress;
import org.upwell.app.config.Durability;
import org.upwell.app.config.GatewayConfig;
import org.upwell.app.config.HttpConfig;
import org.upwell.app.config.HttpsConfig;
import org.upwell.app.config.ListenerConfig;
import org.upwell.app.config.UpwellConfig;
import org.upwell.app.http.AccessCounters;
import org.upwell.app.http.AdminGatewayRoutes;
import org.upwell.app.http.AdminQuarantineRoutes;
import org.upwell.app.http.AdminStoreRoutes;
import org.upwell.app.http.Callers;
import org.upwell.app.http.HttpListener;
import org.upwell.app.http.HttpServices;
import org.upwell.app.http.ObservationRoutes;
import org.upwell.app.http.QueueRoutes;
import org.upwell.app.http.Routes;
import org.upwell.app.observation.ObservationStore;
import org.upwell.app.tls.PemFiles;
import org.upwell.app.tls.TlsFiles;
import org.upwell.broker.event.BrokerCounters;
import org.upwell.broker.journal.Journal;
import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.store.Store;
import org.upwell.broker.store.StoreException;
import org.upwell.client.Credentials;
import org.upwell.gateway.Gateway;
import org.upwell.gateway.bridge.MqttBrokerLink;

/// A whole server, wired by hand: data directory, access, certificates, broker with its listeners, HTTP, and the
/// gateway if one is configured. Started and closed on any thread, once each; accessors may be called from any.
public final class UpwellServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(UpwellServer.class);

    private final UpwellConfig config;
    private final InstantSource clock;
    private final Parts parts;
    private final Access access;
    private final Certificates certificates;
    private final Store store;
    private final BrokerRuntime broker;
    private final Metrics metrics;
    private final HttpServices http;
    private volatile @Nullable Gateway gateway;
    private volatile boolean ready;

    /// Opens everything; what was opened is closed again if the rest cannot be.
    ///
    /// @throws IOException naming the listener, file or directory that is to blame
    public static UpwellServer start(UpwellConfig config, InstantSource clock) throws IOException {
        Parts parts = new Parts();
        try {
            return new UpwellServer(config, clock, parts);
        } catch (IOException | RuntimeException e) {
            parts.close();
            throw e;
        }
    }

    private UpwellServer(UpwellConfig config, InstantSource clock, Parts parts) throws IOException {
        this.config = config;
        this.clock = clock;
        this.parts = parts;
        if (config.gateway().flatMap(GatewayConfig::broker).isPresent()) {
            throw new IOException(
                    "gateway.broker is for a gateway in a process of its own (./upwell gateway): a server's"
                            + " gateway uses the server's own broker");
        }
        DataDirectory data = parts.add("data directory", DataDirectory.open(config.dataDirectory()));
        this.metrics = parts.add("metrics", new Metrics());
        this.access = parts.add(
                "access",
                Access.open(
                        data.path(),
                        config.access().settings().withAnonymous(anonymous(config)),
                        clock,
                        new AccessCounters(metrics.registry())));
        this.certificates = new Certificates(data.path(), clock);
        this.store = openStore(config, data);
        this.broker = parts.add("broker", startBroker(clock));
        metrics.bind(broker.counters());
        metrics.bind(broker.server());
        if (store instanceof Journal journal) {
            metrics.bind(journal);
        }
        if (config.gateway().isPresent()) {
            startGateway(config.gateway().get(), data, clock);
        }
        this.http = parts.add(
                "http",
                HttpServices.start(
                        List.of(plain(config.http()), encrypted(config.https())),
                        new HttpServices.Parts(
                                access, metrics.registry(), this::causesAgainstReady, moreRoutes(data))));
        ready = true;
    }

    private static Store openStore(UpwellConfig config, DataDirectory data) throws IOException {
        if (config.durability() == Durability.MEMORY) {
            return new InMemoryStore();
        }
        try {
            return Journal.open(config.store().settings(data.path(), config.durability()));
        } catch (StoreException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private BrokerRuntime startBroker(InstantSource clock) throws IOException {
        try {
            return BrokerRuntime.start(config.mqtt(), store, access, certificates, clock);
        } catch (StoreException e) {
            store.close();
            throw new IOException(e.getMessage(), e);
        } catch (IOException | RuntimeException e) {
            store.close();
            throw e;
        }
    }

    private List<Routes> moreRoutes(DataDirectory data) throws IOException {
        Callers callers = new Callers(access.authenticator());
        Routes queues = new QueueRoutes(broker.queues(), access.authorizer(), callers);
        ObservationStore observations = parts.add(
                "observations",
                ObservationStore.open(
                        data.path().resolve("observations"),
                        config.observations().limits()));
        List<Routes> more = new ArrayList<>(List.of(
                queues, new ObservationRoutes(observations, access.directory().devices(), callers)));
        if (store instanceof Journal journal) {
            more.add(new AdminStoreRoutes(journal, data.path().resolve("backups"), callers));
        }
        Gateway running = gateway;
        if (running != null) {
            more.add(new AdminQuarantineRoutes(running.quarantine(), callers));
            more.add(new AdminGatewayRoutes(running, callers));
        }
        return more;
    }

    private void startGateway(GatewayConfig gatewayConfig, DataDirectory data, InstantSource clock) throws IOException {
        GatewayLogin login = GatewayLogin.open(data.path(), access.directory());
        InetSocketAddress internal = broker.internalAddress();
        MqttBrokerLink.Settings target = MqttBrokerLink.Settings.of(
                internal.getAddress().getHostAddress(),
                internal.getPort(),
                null,
                Credentials.of(login.username(), login.password()).always());
        Gateway started = parts.add("gateway", GatewayRuntime.start(gatewayConfig, data.path(), access, target, clock));
        metrics.bind(started);
        gateway = started;
    }

    private static HttpListener plain(HttpConfig config) {
        BindAddress address = config.address();
        return new HttpListener("http", address.bind().getHostAddress(), address.port(), null);
    }

    private HttpListener encrypted(HttpsConfig config) throws IOException {
        BindAddress address = config.address();
        TlsFiles files = certificates.of(config.certificate());
        if (config.certificate().isPresent()) {
            // Our own are made together.
            PemFiles.checkPair(files);
        }
        return new HttpListener("https", address.bind().getHostAddress(), address.port(), files);
    }

    private List<String> causesAgainstReady() {
        Gateway running = gateway;
        if (!ready) {
            return List.of("the server is starting or stopping");
        }
        List<String> causes = new ArrayList<>();
        switch (store.condition()) {
            case FAILED -> causes.add("the store failed to write: nothing is acknowledged until a restart");
            case FULL -> causes.add("the store's disk is full: messages that must be kept are refused");
            case READY, SCARCE -> {}
        }
        if (running != null && !running.isConnected()) {
            causes.add("the gateway is not connected to the broker");
        }
        return causes;
    }

    private static Map<String, AnonymousAccess> anonymous(UpwellConfig config) {
        Map<String, AnonymousAccess> anonymous = new HashMap<>();
        for (ListenerConfig listener : config.mqtt().listeners()) {
            listener.anonymous()
                    .ifPresent(
                            each -> anonymous.put(listener.name(), new AnonymousAccess(each.tenant(), each.roles())));
        }
        return anonymous;
    }

    /// Where an MQTT listener of the configuration is open, its real port included.
    public InetSocketAddress mqttAddress(String listener) {
        return broker.server().boundAddress(listener);
    }

    /// Where plain HTTP is open.
    public InetSocketAddress httpAddress() {
        return new InetSocketAddress(config.http().address().bind(), http.port(0));
    }

    /// Where HTTPS is open.
    public InetSocketAddress httpsAddress() {
        return new InetSocketAddress(config.https().address().bind(), http.port(1));
    }

    /// The gateway in this process, if one is configured.
    public Optional<Gateway> gateway() {
        return Optional.ofNullable(gateway);
    }

    /// Users, tenants, devices and tokens.
    public Access access() {
        return access;
    }

    /// What this server's certificates lead to.
    public Certificates certificates() {
        return certificates;
    }

    /// Has the JVM compile what the first clients will need, in the background, unless the configuration spares it.
    /// For a server that has its process to itself.
    public void rehearse() {
        if (ready && config.mqtt().rehearsal()) {
            parts.add("rehearsal", Rehearsal.start(clock, this::arrivals));
        }
    }

    /// Changes with each client that comes, admitted or not.
    private long arrivals() {
        BrokerCounters counters = broker.counters();
        return counters.connectionsOpened.sum()
                + counters.connectionsRefused.sum()
                + broker.server().connectionCount();
    }

    /// Stops taking new work first, says goodbye to clients, and gives every part a bounded time.
    @Override
    public void close() {
        log.info("Stopping");
        ready = false;
        parts.close();
        log.info("Stopped");
    }
}
