// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.login.Access;
import org.upwell.client.ClientOptions;
import org.upwell.client.ClientTls;
import org.upwell.client.Credentials;
import org.upwell.client.MessageListener;
import org.upwell.client.MqttClient;
import org.upwell.client.Reconnect;
import org.upwell.codec.Properties;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;
import org.upwell.gateway.bridge.NotificationId;

/// A tenant's application: an ordinary MQTT client over TLS with the tenant's token, which subscribes to the
/// tenant's readings and alerts and counts them.
final class Subscriber implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Subscriber.class);
    private static final int TOPIC_LEVELS = 4;
    private static final long PATIENCE_SECONDS = 20;

    /// For as long as a broker may be away and come back.
    private static final Duration SESSION_EXPIRY = Duration.ofMinutes(10);

    /// A message as it arrived.
    ///
    /// @param kind `read` or `alert`
    @SuppressWarnings("ArrayRecordComponent") // shown once, never compared
    record Arrival(String tenant, String kind, String mac, String type, byte[] payload) {}

    /// Sooner than by default: there are no others who would all come at once.
    private static final Reconnect RETURN = new Reconnect(Duration.ofMillis(500), Duration.ofSeconds(4), false);

    /// Who is told of arrivals.
    ///
    /// @param shown told on the client's event loop; must not block
    record Receiver(Tally tally, Consumer<Arrival> shown) {}

    private final String tenant;
    private final QoS qos;
    private final Tally tally;
    private final Consumer<Arrival> shown;
    private final MqttClient client;

    private Subscriber(DemoTenant tenant, QoS qos, Access access, ClientOptions.Builder options, Receiver receiver) {
        this.tenant = tenant.id();
        this.qos = qos;
        this.tally = receiver.tally();
        this.shown = receiver.shown();
        this.client = new MqttClient(options.clientId("demo-application-" + tenant.id())
                .credentials(() -> CompletableFuture.completedFuture(Credentials.of("token", tenant.token(access))))
                .sessionExpiry(SESSION_EXPIRY)
                .reconnect(RETURN)
                .messageListener(MessageListener.of(this::onMessage))
                .build());
    }

    /// Connects and subscribes; returns when the broker has granted both.
    ///
    /// @param qos of the subscriptions
    static Subscriber start(DemoTenant tenant, QoS qos, BackOffice backOffice, Receiver receiver) {
        InetSocketAddress broker = backOffice.mqttTls();
        ClientOptions.Builder options = ClientOptions.builder(
                        broker.getAddress().getHostAddress(), broker.getPort())
                .tls(ClientTls.trusting(backOffice.authority()));
        Subscriber subscriber = new Subscriber(tenant, qos, backOffice.access(), options, receiver);
        try {
            subscriber.subscribe();
            return subscriber;
        } catch (RuntimeException e) {
            subscriber.close();
            throw e;
        }
    }

    private void subscribe() {
        client.connect()
                .toCompletableFuture()
                .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join();
        List<Subscribe.Request> requests = List.of(
                new Subscribe.Request(tenant + "/read/#", qos), new Subscribe.Request(tenant + "/alert/#", qos));
        SubAck answer = client.subscribe(requests, Properties.NONE)
                .toCompletableFuture()
                .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join();
        for (ReasonCode reason : answer.reasons()) {
            if (reason.isError()) {
                throw new IllegalStateException("the broker refused " + tenant + " its own topics: " + reason);
            }
        }
    }

    private void onMessage(Publish message) {
        String[] levels = message.topic().split("/", -1);
        String number = Objects.requireNonNullElse(message.properties().userProperty(NotificationId.SEQUENCE), "");
        if (levels.length != TOPIC_LEVELS || !number.matches("\\d{1,18}")) {
            log.debug("Not from a device: {} bytes on {}", message.payload().length, message.topic());
            return;
        }
        Arrival arrival = new Arrival(tenant, levels[1], levels[2], levels[3], message.payload());
        tally.delivered(
                tenant,
                new Tally.Key(arrival.mac(), Long.parseLong(number)),
                arrival.kind().equals("read"));
        shown.accept(arrival);
    }

    @Override
    public void close() {
        client.close();
    }
}
