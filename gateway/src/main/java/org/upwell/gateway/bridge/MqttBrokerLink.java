// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.client.ClientOptions;
import org.upwell.client.ClientTls;
import org.upwell.client.ConnectionListener;
import org.upwell.client.Credentials;
import org.upwell.client.MqttClient;
import org.upwell.client.MqttException;
import org.upwell.client.Reconnect;
import org.upwell.codec.ConnAck;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.UserProperty;

/// A link over MQTT 5 that comes back by itself.
///
/// Without a store, or with nothing in it, the first connection of a process begins a new session: the broker may
/// hold packet ids that are not known here, and would take a new message for a repeat of an old one. Otherwise it
/// resumes the session of the process before. Later connections resume in any case, and what was under way is sent
/// again with its own packet id.
public final class MqttBrokerLink implements BrokerLink {

    /// How to reach the broker.
    ///
    /// @param tls null for a plain connection
    /// @param credentials asked before every attempt to connect
    /// @param maxOutstanding messages that may be under way; more are sent back to their devices, who keep them
    /// @param quietAfterLostSession how long nothing is published to a broker that came back without our session.
    ///     It has lost its subscribers' sessions too, and would discard whatever comes before they are back; the
    ///     devices keep it meanwhile
    public record Settings(
            String host,
            int port,
            @Nullable ClientTls tls,
            Credentials.Source credentials,
            int maxOutstanding,
            Reconnect reconnect,
            Duration quietAfterLostSession) {

        private static final int MAX_OUTSTANDING = 2_000;

        /// Applications come back within a second or two: that is when Paho, Mosquitto and HiveMQ's client try
        /// again.
        private static final Duration QUIET = Duration.ofSeconds(3);

        /// Plain or TLS, with limits that suit a broker nearby.
        public static Settings of(String host, int port, @Nullable ClientTls tls, Credentials.Source credentials) {
            Reconnect reconnect = new Reconnect(Duration.ofMillis(250), Duration.ofSeconds(10), true);
            return new Settings(host, port, tls, credentials, MAX_OUTSTANDING, reconnect, QUIET);
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(MqttBrokerLink.class);

    /// As long as servers allow: what is in flight must find its session again.
    private static final Duration SESSION_EXPIRY = Duration.ofDays(7);
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(30);
    private static final int MAX_IN_FLIGHT = 1_000;

    /// A generous bound for payloads of devices, which fit a datagram.
    private static final long BYTES_PER_MESSAGE = 16_384;

    private final MqttClient client;
    private final Connections connections;

    private MqttBrokerLink(MqttClient client, Connections connections) {
        this.client = client;
        this.connections = connections;
    }

    /// Begins to connect, and goes on trying until [#close].
    ///
    /// @param store what an earlier process left in flight; null to keep nothing beyond this one
    public static MqttBrokerLink open(Settings settings, String clientId, BridgeJournal.@Nullable LinkStore store) {
        boolean resume = store != null && !store.isEmpty();
        Connections connections = new Connections(clientId, settings.quietAfterLostSession.toNanos(), resume);
        ClientOptions.Builder options = ClientOptions.builder(settings.host, settings.port)
                .version(MqttVersion.MQTT_5)
                .clientId(clientId)
                .cleanStart(!resume)
                .sessionExpiry(SESSION_EXPIRY)
                .keepAlive(KEEP_ALIVE)
                .credentials(settings.credentials)
                .maxInFlight(MAX_IN_FLIGHT)
                .maxOutstanding(settings.maxOutstanding, settings.maxOutstanding * BYTES_PER_MESSAGE)
                .reconnect(settings.reconnect)
                // What was under way when the broker lost our session goes back to its device, which sends it again.
                .republish(false)
                .connectionListener(connections);
        if (store != null) {
            options.inFlightStore(store);
        }
        if (settings.tls != null) {
            options.tls(settings.tls);
        }
        MqttClient client = new MqttClient(options.build());
        client.connect().whenComplete((connAck, fault) -> {
            if (fault != null) {
                LOG.debug("{} gave up connecting: {}", clientId, fault.getMessage());
            }
        });
        return new MqttBrokerLink(client, connections);
    }

    @Override
    public CompletionStage<ReasonCode> publish(Publication publication) {
        if (!client.isConnected() || connections.isQuiet()) {
            return CompletableFuture.failedStage(new BrokerUnavailableException(BrokerUnavailableException.Cause.AWAY));
        }
        Properties.Builder properties = Properties.builder();
        for (UserProperty property : publication.userProperties()) {
            properties.user(property.name(), property.value());
        }
        QoS qos = publication.qos();
        CompletableFuture<ReasonCode> outcome = new CompletableFuture<>();
        client.publish(publication.topic(), publication.payload(), qos, publication.retain(), properties.build())
                .handle((reason, fault) -> settle(outcome, reason, fault));
        return outcome;
    }

    /// Completes `outcome` in every case.
    private static boolean settle(
            CompletableFuture<ReasonCode> outcome, @Nullable ReasonCode reason, @Nullable Throwable fault) {
        Throwable cause = fault instanceof CompletionException && fault.getCause() != null ? fault.getCause() : fault;
        if (cause == null) {
            return outcome.complete(reason == null ? ReasonCode.SUCCESS : reason);
        }
        if (!(cause instanceof MqttException refusal)) {
            return outcome.completeExceptionally(cause);
        }
        return switch (refusal.kind()) {
            // The broker's word about this message, or its limits.
            case REFUSED, LIMIT -> outcome.complete(refusal.reason());
            case QUEUE_FULL ->
                outcome.completeExceptionally(new BrokerUnavailableException(BrokerUnavailableException.Cause.BUSY));
            default ->
                outcome.completeExceptionally(new BrokerUnavailableException(BrokerUnavailableException.Cause.AWAY));
        };
    }

    @Override
    public boolean isConnected() {
        return client.isConnected();
    }

    @Override
    public void onLostSession(Runnable action) {
        connections.onLostSession = action;
    }

    @Override
    public void close() {
        client.close();
    }

    /// Follows the connection's coming and going. Written on the client's event loop, read from any thread.
    private static final class Connections implements ConnectionListener {

        private final String clientId;
        private final long quietNanos;
        private boolean hasSession;
        private volatile boolean quiet;
        private volatile Runnable onLostSession = () -> {};
        private volatile long quietUntilNanos;

        private Connections(String clientId, long quietNanos, boolean hasSession) {
            this.clientId = clientId;
            this.quietNanos = quietNanos;
            this.hasSession = hasSession;
        }

        private boolean isQuiet() {
            return quiet && System.nanoTime() - quietUntilNanos < 0;
        }

        @Override
        public void onConnected(ConnAck connAck) {
            boolean lostSession = hasSession && !connAck.sessionPresent();
            hasSession = true;
            quietUntilNanos = System.nanoTime() + quietNanos;
            quiet = lostSession;
            LOG.info("{} is connected to the broker{}", clientId, lostSession ? ", which has lost our session" : "");
            if (lostSession) {
                onLostSession.run();
            }
        }

        @Override
        public void onDisconnected(MqttException cause, @Nullable Duration retryIn) {
            if (retryIn == null) {
                LOG.info("{} has left the broker: {}", clientId, cause.getMessage());
            } else {
                LOG.warn(
                        "{} has no connection to the broker: {}; next attempt in {}",
                        clientId,
                        cause.getMessage(),
                        retryIn);
            }
        }
    }
}
