// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.upwell.access.TenantId;
import org.upwell.access.login.Access;
import org.upwell.access.login.PrincipalLimits;
import org.upwell.access.registry.AccessChange;
import org.upwell.app.config.BindAddress;
import org.upwell.app.config.ListenerType;
import org.upwell.app.config.MqttConfig;
import org.upwell.app.config.QueueOverflow;
import org.upwell.app.config.SharedRedelivery;
import org.upwell.app.tls.TlsFiles;
import org.upwell.broker.Broker;
import org.upwell.broker.event.BrokerCounters;
import org.upwell.broker.event.BrokerEvents;
import org.upwell.broker.session.OverflowRule;
import org.upwell.broker.session.QueueOperations;
import org.upwell.broker.session.SessionLimits;
import org.upwell.broker.store.Store;
import org.upwell.broker.sys.SystemTopics;
import org.upwell.mqtt.ListenerConfig;
import org.upwell.mqtt.MqttLimits;
import org.upwell.mqtt.MqttServer;

/// The broker and its MQTT listeners, opened and closed together.
final class BrokerRuntime implements AutoCloseable {
    /// How the gateway in this process reaches the broker, whichever listeners an operator opens: plain, on a free
    /// loopback port, with the same logins as any other listener.
    private static final String INTERNAL_LISTENER = "(internal)";

    private final Broker broker;
    private final MqttServer server;
    private @Nullable SystemTopics systemTopics;

    private BrokerRuntime(Broker broker, MqttServer server) {
        this.broker = broker;
        this.server = server;
    }

    static BrokerRuntime start(
            MqttConfig config, Store store, Access access, Certificates certificates, InstantSource clock)
            throws IOException {
        Broker broker = new Broker(new Broker.Parts(
                store,
                access.authenticator(),
                access.authorizer(),
                new PrincipalLimits(access.directory(), limits(config)),
                BrokerEvents.NONE,
                clock));
        MqttLimits limits = MqttLimits.DEFAULT.with(
                config.topicAliasMaximum(), config.maxTopicLevels(), config.checkPayloadFormat());
        MqttServer server = new MqttServer(broker, limits, Runtime.getRuntime().availableProcessors());
        BrokerRuntime runtime = new BrokerRuntime(broker, server);
        try {
            access.directory().addListener(change -> accessChanged(broker, change));
            server.start(listeners(config, certificates));
            runtime.publishNumbers(config);
            return runtime;
        } catch (IOException | RuntimeException e) {
            runtime.close();
            throw e;
        }
    }

    private void publishNumbers(MqttConfig config) {
        if (config.sysInterval().isZero()) {
            return;
        }
        String version = BrokerRuntime.class.getPackage().getImplementationVersion();
        SystemTopics topics = new SystemTopics(broker, server.owners().getFirst(), config.sysInterval())
                .withBroker(version == null ? "upwell" : "upwell " + version);
        for (var listener : config.listeners()) {
            topics.withListener(listener.name(), "connections", server::connectionCount)
                    .withListener(listener.name(), "bytes/received", server::bytesReceived)
                    .withListener(listener.name(), "bytes/sent", server::bytesSent);
        }
        topics.start();
        systemTopics = topics;
    }

    /// Live and offline sessions of whom it concerns are looked at again.
    private static void accessChanged(Broker broker, AccessChange change) {
        switch (change) {
            case AccessChange.TenantChanged tenant ->
                broker.accessChanged(key -> key.tenant().equals(tenant.tenant()));
            // Few sessions are users', and a session's key does not tell whose it is.
            case AccessChange.UserChanged _ ->
                broker.accessChanged(key -> key.tenant().equals(TenantId.INTERNAL));
            case AccessChange.RolesChanged _ -> broker.accessChanged(_ -> true);
            // A device is nobody's session; what is queued stays with the owner that it was for.
            case AccessChange.DeviceChanged _ -> {}
        }
    }

    private static SessionLimits limits(MqttConfig config) {
        OverflowRule overflow = config.queueOverflow() == QueueOverflow.DROP_OLDEST
                ? OverflowRule.DROP_OLDEST
                : OverflowRule.DROP_NEWEST;
        return new SessionLimits(
                config.queueLimit(),
                config.queueBytes(),
                overflow,
                config.qos0Bytes(),
                config.sharedRedelivery() == SharedRedelivery.CONNECTION_LOSS);
    }

    private static List<ListenerConfig> listeners(MqttConfig config, Certificates certificates) throws IOException {
        List<ListenerConfig> listeners = new ArrayList<>();
        listeners.add(
                new ListenerConfig(INTERNAL_LISTENER, BindAddress.loopback(0).socketAddress(), null));
        for (var each : config.listeners()) {
            ListenerConfig.Tls tls = null;
            if (each.type() == ListenerType.TLS) {
                TlsFiles files = certificates.of(each.certificate());
                tls = new ListenerConfig.Tls(files.certificate(), files.key());
            }
            listeners.add(new ListenerConfig(each.name(), each.address().socketAddress(), tls));
        }
        return listeners;
    }

    MqttServer server() {
        return server;
    }

    QueueOperations queues() {
        return broker.queues();
    }

    BrokerCounters counters() {
        return broker.counters();
    }

    InetSocketAddress internalAddress() {
        return server.boundAddress(INTERNAL_LISTENER);
    }

    /// Listeners and connections first, then the store beneath them.
    @Override
    public void close() {
        if (systemTopics != null) {
            systemTopics.close();
        }
        server.close();
        broker.close();
    }
}
