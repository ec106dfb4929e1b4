// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.broker.session.Session;
import org.upwell.codec.Auth;
import org.upwell.codec.Property;
import org.upwell.codec.ReasonCode;
import org.upwell.mqtt.hook.ClientInfo;
import org.upwell.mqtt.hook.EnhancedAuthenticator;

/// AUTH on a live connection (MQTT 5 §4.12.1): the client proves itself again, with other packets going on
/// meanwhile, and has its rights replaced. Owned by the connection's event loop.
final class Reauthentication implements AuthExchange.Outcome {

    private final MqttConnection connection;
    private final Session session;
    private final ClientInfo client;
    private final @Nullable String method;
    private @Nullable AuthExchange exchange;

    /// @param method as named in CONNECT; null if none was
    Reauthentication(MqttConnection connection, Session session, ClientInfo client, @Nullable String method) {
        this.connection = connection;
        this.session = session;
        this.client = client;
        this.method = method;
    }

    void onAuth(Auth packet) {
        String named = packet.properties().string(Property.AUTHENTICATION_METHOD);
        if (method == null) {
            // [MQTT-4.12.0-7]
            connection.disconnect(ReasonCode.PROTOCOL_ERROR, "AUTH without an authentication method in CONNECT");
        } else if (!method.equals(named)) {
            // [MQTT-4.12.1-1], [MQTT-4.12.0-5]
            connection.disconnect(ReasonCode.PROTOCOL_ERROR, "AUTH with another authentication method than CONNECT");
        } else if (packet.reason() == ReasonCode.REAUTHENTICATE) {
            begin(packet, method);
        } else if (exchange == null || !exchange.isClientsTurn()) {
            connection.disconnect(ReasonCode.PROTOCOL_ERROR, "AUTH goes on with nothing that was asked");
        } else {
            exchange.next(packet.properties());
        }
    }

    private void begin(Auth packet, String agreed) {
        if (exchange != null) {
            connection.disconnect(ReasonCode.PROTOCOL_ERROR, "re-authentication is under way already");
            return;
        }
        EnhancedAuthenticator authenticator = AuthExchange.find(connection, agreed);
        if (authenticator == null) {
            connection.disconnect(ReasonCode.BAD_AUTHENTICATION_METHOD, "the method is not offered any more");
            return;
        }
        exchange = new AuthExchange(
                connection,
                authenticator,
                new EnhancedAuthenticator.Start(
                        client.listener(), client.session().clientId(), null, session.principal()),
                this);
        exchange.next(packet.properties());
    }

    @Override
    public void continued() {
        // The client's other packets were never held.
    }

    @Override
    public void authenticated(Principal principal, byte @Nullable [] data) {
        exchange = null;
        if (!connection.isOpen()) {
            return;
        }
        if (!principal.tenant().equals(session.key().tenant())) {
            refused(RefusalCause.NOT_AUTHORIZED, "re-authentication as another tenant");
            return;
        }
        Instant before = session.principal().issuedAt();
        if (before != null
                && principal.issuedAt() != null
                && principal.issuedAt().isBefore(before)) {
            refused(RefusalCause.NOT_AUTHORIZED, "the token is older than the one that it is to replace");
            return;
        }
        connection.broker().reauthenticated(session, principal);
        if (connection.isOpen() && method != null) {
            connection
                    .hookRunner()
                    .admitted(new ClientInfo(
                            client.session(),
                            session.principal(),
                            client.version(),
                            client.listener(),
                            client.remoteAddress()));
            connection.line().send(new Auth(ReasonCode.SUCCESS, AuthExchange.toProperties(method, data)));
        }
    }

    /// [MQTT-4.12.1-2]: the connection ends.
    @Override
    public void refused(RefusalCause cause, String reason) {
        exchange = null;
        if (!connection.isOpen()) {
            return;
        }
        connection
                .broker()
                .events()
                .on(new BrokerEvent.ConnectionRefused(
                        client.listener(),
                        client.session().tenant(),
                        MqttConnection.cut(client.session().clientId()),
                        "re-authentication: " + cause + ": " + reason));
        // DISCONNECT has no word of its own for bad credentials, nor for a check that could not be made.
        connection.disconnect(
                cause == RefusalCause.UNAVAILABLE ? ReasonCode.SERVER_BUSY : ReasonCode.NOT_AUTHORIZED, reason);
    }

    /// The connection ended.
    void close() {
        if (exchange != null) {
            exchange.stop();
            exchange = null;
        }
    }
}
