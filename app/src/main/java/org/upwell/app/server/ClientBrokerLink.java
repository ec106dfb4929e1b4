// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.upwell.client.ClientOptions;
import org.upwell.client.ClientTls;
import org.upwell.client.ConnectionListener;
import org.upwell.client.Credentials;
import org.upwell.client.MqttClient;
import org.upwell.client.MqttException;
import org.upwell.client.Reconnect;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Properties;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.UserProperty;
import org.upwell.gateway.bridge.BrokerLink;
import org.upwell.gateway.bridge.BrokerUnavailableException;
import org.upwell.gateway.bridge.Publication;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The gateway's connection to the broker, by our own client. Comes back by itself, from the first attempt on, with the
/// session that it left, so that what was under way at QoS 2 is not published twice. Safe for all threads.
final class ClientBrokerLink implements BrokerLink {
    private static final Logger log = LoggerFactory.getLogger(ClientBrokerLink.class);

    private static final Reconnect RECONNECT = new Reconnect(Duration.ofMillis(200), Duration.ofSeconds(5), true);
    /// Longer than any restart of a broker; shorter than what a forgotten gateway should cost.
    private static final Duration SESSION_EXPIRY = Duration.ofHours(1);
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(15);

    /// Where the broker is and who the gateway is there.
    ///
    /// @param tls null for a plain connection
    record Target(String host, int port, @Nullable ClientTls tls, String username, String password) {

        static Target plain(InetSocketAddress address, GatewayLogin login) {
            return new Target(
                    address.getAddress().getHostAddress(), address.getPort(), null, login.username(), login.password());
        }

        /// Opens links, one per client ID.
        Function<String, BrokerLink> links() {
            return clientId -> new ClientBrokerLink(this, clientId);
        }

        /// Never shows the password.
        @Override
        public String toString() {
            return "Target[" + username + "@" + host + ":" + port + "]";
        }
    }

    private final MqttClient client;

    private ClientBrokerLink(Target target, String clientId) {
        ClientOptions.Builder options = ClientOptions.builder(target.host(), target.port())
                .clientId(clientId)
                .credentials(Credentials.of(target.username(), target.password()).always())
                .sessionExpiry(SESSION_EXPIRY)
                .keepAlive(KEEP_ALIVE)
                .reconnect(RECONNECT)
                // A broker that lost the session lost what was under way with it, so it has to be sent again.
                .republish(true)
                .connectionListener(new Connections(clientId));
        if (target.tls() != null) {
            options.tls(target.tls());
        }
        this.client = new MqttClient(options.build());
        CompletionStage<ConnAck> _ = client.connect();
    }

    /// Says when the connection comes and goes, and not at every attempt in between.
    private static final class Connections implements ConnectionListener {
        private final String clientId;
        private boolean away;

        Connections(String clientId) {
            this.clientId = clientId;
        }

        @Override
        public void onConnected(ConnAck connAck) {
            away = false;
            log.info("{} is connected to the broker", clientId);
        }

        @Override
        public void onDisconnected(MqttException cause, @Nullable Duration retryIn) {
            if (!away && retryIn != null) {
                away = true;
                log.warn("{} is not connected to the broker and keeps trying: {}", clientId, cause.getMessage());
            }
        }
    }

    @Override
    public CompletionStage<ReasonCode> publish(Publication publication) {
        if (!client.isConnected()) {
            return unavailable(BrokerUnavailableException.Cause.AWAY);
        }
        Properties.Builder properties = Properties.builder();
        for (UserProperty each : publication.userProperties()) {
            properties.user(each.name(), each.value());
        }
        return client.publish(
                        publication.topic(),
                        publication.payload(),
                        publication.qos(),
                        publication.retain(),
                        properties.build())
                .exceptionallyCompose(ClientBrokerLink::failure);
    }

    /// A refusal is an answer; everything else means that the broker cannot be had now.
    private static CompletionStage<ReasonCode> failure(Throwable thrown) {
        Throwable cause =
                thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        if (cause instanceof MqttException fault) {
            return switch (fault.kind()) {
                case REFUSED, LIMIT -> CompletableFuture.completedFuture(fault.reason());
                case QUEUE_FULL -> unavailable(BrokerUnavailableException.Cause.BUSY);
                default -> unavailable(BrokerUnavailableException.Cause.AWAY);
            };
        }
        return CompletableFuture.failedFuture(cause);
    }

    private static CompletionStage<ReasonCode> unavailable(BrokerUnavailableException.Cause cause) {
        return CompletableFuture.failedFuture(new BrokerUnavailableException(cause));
    }

    @Override
    public boolean isConnected() {
        return client.isConnected();
    }

    @Override
    public void close() {
        client.close();
    }
}
