// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.login.Access;
import org.upwell.access.login.AccessSettings;
import org.upwell.access.login.AnonymousAccess;
import org.upwell.app.config.ListenerConfig;
import org.upwell.app.config.UpwellConfig;

/// A whole server, wired by hand: data directory, access, certificates, broker with its listeners, HTTP, and the
/// gateway
/// if one is configured. Started and closed on any thread, once each; accessors may be called from any.
public final class UpwellServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(UpwellServer.class);

    private final Parts parts;
    private final Access access;
    private final Certificates certificates;
    private final BrokerRuntime broker;
    private final Metrics metrics;

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
        this.parts = parts;
        DataDirectory data = parts.add("data directory", DataDirectory.open(config.dataDirectory()));
        this.metrics = parts.add("metrics", new Metrics());
        this.access = parts.add(
                "access",
                Access.open(data.path(), AccessSettings.DEFAULTS.withAnonymous(anonymous(config)), clock, metrics::on));
        this.certificates = new Certificates(data.path(), clock);
        this.broker = parts.add("broker", BrokerRuntime.start(config.mqtt(), access, certificates, clock));
        metrics.bind(broker.counters());
        metrics.bind(broker.server());
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

    /// Users, tenants, devices and tokens.
    public Access access() {
        return access;
    }

    /// What this server's certificates lead to.
    public Certificates certificates() {
        return certificates;
    }

    /// Stops taking new work first, says goodbye to clients, and gives every part a bounded time.
    @Override
    public void close() {
        log.info("Stopping");
        parts.close();
        log.info("Stopped");
    }
}
