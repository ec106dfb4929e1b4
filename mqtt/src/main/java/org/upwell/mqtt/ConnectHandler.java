// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.Broker;
import org.upwell.broker.access.Authentication;
import org.upwell.broker.access.Credentials;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.message.Will;
import org.upwell.broker.session.OpenRequest;
import org.upwell.broker.session.Session;
import org.upwell.broker.topic.InvalidTopicException;
import org.upwell.broker.topic.TopicName;
import org.upwell.codec.Auth;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Connect;
import org.upwell.codec.Disconnect;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Packet;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.ReasonCode;
import org.upwell.mqtt.hook.ClientInfo;
import org.upwell.mqtt.hook.EnhancedAuthenticator;

/// CONNECT of one connection, from the packet to the open session: checks it, asks who the peer is and what it may
/// do, and opens the session. Owned by the connection's event loop, which handles no other packet meanwhile.
@SuppressWarnings("FutureReturnValueIgnored") // The chain ends in a step that takes value and failure.
final class ConnectHandler implements OpenRequest.Answer, AuthExchange.Outcome {

    private static final Logger LOG = LoggerFactory.getLogger(ConnectHandler.class);

    private final MqttConnection connection;
    private final ListenerConfig listener;
    private final Broker broker;
    private final MqttLimits limits;
    private final Connect packet;
    private final String clientId;
    private final @Nullable String method;
    private @Nullable AuthExchange exchange;
    private byte @Nullable [] authenticationData;
    private @Nullable Principal principal;

    ConnectHandler(MqttConnection connection, ListenerConfig listener, Connect packet) {
        this.connection = connection;
        this.listener = listener;
        this.broker = connection.broker();
        this.limits = connection.limits();
        this.packet = packet;
        this.method = packet.properties().string(Property.AUTHENTICATION_METHOD);
        // [MQTT-3.1.3-6], [MQTT-3.1.3-7]: an empty client id gets one that nobody else has.
        this.clientId = packet.clientId().isEmpty()
                ? "auto-" + UUID.randomUUID().toString().replace("-", "")
                : packet.clientId();
    }

    void start() {
        connection.hold();
        ReasonCode fault = fault();
        if (fault != null) {
            refuse(fault, "CONNECT cannot be accepted as it is");
            return;
        }
        if (method != null) {
            startExchange(method);
            return;
        }
        // An authenticator that throws or has no stage fails as one whose stage fails.
        CompletableFuture.completedFuture(packet)
                .thenCompose(connect -> authenticate())
                .whenComplete((answer, failure) -> connection
                        .owner()
                        .run(() -> connection.guard(() -> {
                            if (connection.isOpen()) {
                                authenticated(answer, failure);
                            } else {
                                connection.release();
                            }
                        })));
    }

    private @Nullable ReasonCode fault() {
        if (packet.clientId().isEmpty() && packet.version() == MqttVersion.MQTT_3_1) {
            return ReasonCode.CLIENT_IDENTIFIER_NOT_VALID;
        }
        if (packet.clientId().isEmpty() && packet.version() == MqttVersion.MQTT_3_1_1 && !packet.cleanStart()) {
            // [MQTT3-3.1.3-8]
            return ReasonCode.CLIENT_IDENTIFIER_NOT_VALID;
        }
        Connect.Will will = packet.will();
        if (will != null) {
            try {
                TopicName.check(will.topic(), limits.maxTopicLevels());
            } catch (InvalidTopicException e) {
                return ReasonCode.TOPIC_NAME_INVALID;
            }
            if (limits.isTooLong(will.topic())) {
                return ReasonCode.TOPIC_NAME_INVALID;
            }
            if (limits.checkPayloadFormat() && !Messages.isPayloadAsSaid(will.payload(), will.properties())) {
                return ReasonCode.PAYLOAD_FORMAT_INVALID;
            }
        }
        return null;
    }

    // ---- Enhanced authentication ---------------------------------------------------------------------------------

    private void startExchange(String named) {
        EnhancedAuthenticator authenticator = AuthExchange.find(connection, named);
        if (authenticator == null) {
            // [MQTT-4.12.0-1]
            refuse(ReasonCode.BAD_AUTHENTICATION_METHOD, "the authentication method is not offered");
            return;
        }
        exchange = new AuthExchange(
                connection,
                authenticator,
                new EnhancedAuthenticator.Start(listener.name(), clientId, packet.userName(), null),
                this);
        exchange.next(packet.properties());
    }

    /// [MQTT-3.1.2-30]: until CONNACK the client sends AUTH and DISCONNECT only. All else is not read before that.
    void onPacket(Packet received) {
        AuthExchange going = exchange;
        if (received instanceof Disconnect) {
            connection.end("DISCONNECT before CONNACK");
            return;
        }
        connection.hold();
        if (received instanceof Auth auth
                && going != null
                && going.isClientsTurn()
                && auth.reason() == ReasonCode.CONTINUE_AUTHENTICATION
                && Objects.equals(auth.properties().string(Property.AUTHENTICATION_METHOD), method)) {
            // [MQTT-4.12.0-3], [MQTT-4.12.0-5]
            going.next(auth.properties());
        } else {
            refuse(ReasonCode.PROTOCOL_ERROR, "unexpected " + received.type() + " before CONNACK");
        }
    }

    @Override
    public void continued() {
        connection.release();
    }

    @Override
    public void authenticated(Principal proven, byte @Nullable [] data) {
        authenticationData = data;
        admit(proven);
    }

    /// The connection ended.
    void close() {
        if (exchange != null) {
            exchange.stop();
            exchange = null;
        }
    }

    // ---- Who the peer is, and its session --------------------------------------------------------------------------

    private CompletionStage<Authentication> authenticate() {
        return broker.authenticator()
                .authenticate(new Credentials(listener.name(), packet.userName(), packet.password()));
    }

    private void authenticated(@Nullable Authentication answer, @Nullable Throwable failure) {
        switch (answer) {
            case Authentication.Admitted admitted -> admit(admitted.principal());
            case Authentication.Refused refused -> refuse(toReasonCode(refused.cause()), refused.reason());
            case null -> {
                LOG.error(
                        "the authenticator failed or gave no answer",
                        failure instanceof CompletionException e ? e.getCause() : failure);
                refuse(ReasonCode.SERVER_UNAVAILABLE, "authentication is not available");
            }
        }
    }

    private static ReasonCode toReasonCode(RefusalCause cause) {
        return switch (cause) {
            case BAD_CREDENTIALS -> ReasonCode.BAD_USER_NAME_OR_PASSWORD;
            case NOT_AUTHORIZED -> ReasonCode.NOT_AUTHORIZED;
            case UNAVAILABLE -> ReasonCode.SERVER_UNAVAILABLE;
        };
    }

    private void admit(Principal admitted) {
        principal = admitted;
        Permissions permissions = broker.authorizer().permissionsOf(admitted);
        if (permissions.isEmpty()) {
            refuse(ReasonCode.NOT_AUTHORIZED, "no role grants anything");
            return;
        }
        SessionKey key = new SessionKey(admitted.tenant(), clientId);
        Will will = toWill(key);
        if (will != null) {
            Message message = will.message();
            if (!permissions.mayPublish(message.topic(), message.qos(), message.retain())) {
                refuse(ReasonCode.NOT_AUTHORIZED, "the will's topic is not allowed");
                return;
            }
        }
        broker.sessions()
                .open(new OpenRequest(
                        key,
                        admitted,
                        permissions,
                        broker.limits().of(admitted),
                        packet.cleanStart(),
                        expirySeconds(),
                        will,
                        connection,
                        connection.owner(),
                        this));
    }

    /// [MQTT-3.1.2-11] for MQTT 5; in 3.x a session that is not clean lasts as long as any may.
    private long expirySeconds() {
        if (packet.version().isMqtt5()) {
            return Math.min(
                    packet.properties().integer(Property.SESSION_EXPIRY_INTERVAL, 0), limits.maxSessionExpirySeconds());
        }
        return packet.cleanStart() ? 0 : limits.maxSessionExpirySeconds();
    }

    private @Nullable Will toWill(SessionKey key) {
        Connect.Will will = packet.will();
        if (will == null) {
            return null;
        }
        Properties properties = will.properties();
        return new Will(
                new Message(
                        will.topic(),
                        will.payload(),
                        will.qos().code(),
                        will.retain(),
                        Message.NEVER,
                        Messages.toMessageProperties(properties),
                        key),
                properties.integer(Property.WILL_DELAY_INTERVAL, 0),
                properties.integer(Property.MESSAGE_EXPIRY_INTERVAL, Will.NO_EXPIRY));
    }

    @Override
    public void opened(Session session, boolean present) {
        connection.guard(() -> accept(session, present));
    }

    private void accept(Session session, boolean present) {
        if (connection.isOpen()) {
            broker.recheck(session);
        }
        if (!connection.isOpen()) {
            // It closed while the session was being opened: a connection that ended without DISCONNECT.
            session.detach(connection, true, null);
            connection.release();
            return;
        }
        Principal admitted = session.principal();
        MqttVersion version = packet.version();
        ClientInfo client =
                new ClientInfo(session.key(), admitted, version, listener.name(), connection.remoteAddress());
        connection.hookRunner().admitted(client);
        connection.opened(session, sendQuota(), new Reauthentication(connection, session, client, method));
        broker.counters().connectionsOpened.increment();
        connection.line().send(new ConnAck(present, ReasonCode.SUCCESS, connAckProperties()));
        connection.start(keepAliveSeconds());
        connection.release();
    }

    private int sendQuota() {
        return packet.version().isMqtt5()
                ? (int) Math.min(packet.properties().integer(Property.RECEIVE_MAXIMUM, 65_535), limits.maxSendQuota())
                : limits.sendWindow3x();
    }

    /// [MQTT-3.1.2-21], [MQTT-3.1.2-22]: the client's wish, but in MQTT 5, where we can say so, at most our
    /// maximum.
    private int keepAliveSeconds() {
        int wish = packet.keepAliveSeconds();
        boolean tooLong = wish == 0 || wish > limits.maxKeepAliveSeconds();
        return packet.version().isMqtt5() && tooLong ? limits.maxKeepAliveSeconds() : wish;
    }

    private Properties connAckProperties() {
        if (!packet.version().isMqtt5()) {
            return Properties.NONE;
        }
        Properties.Builder properties = Properties.builder();
        if (expirySeconds() != packet.properties().integer(Property.SESSION_EXPIRY_INTERVAL, 0)) {
            properties.integer(Property.SESSION_EXPIRY_INTERVAL, expirySeconds());
        }
        if (packet.clientId().isEmpty()) {
            properties.string(Property.ASSIGNED_CLIENT_IDENTIFIER, clientId);
        }
        if (keepAliveSeconds() != packet.keepAliveSeconds()) {
            properties.integer(Property.SERVER_KEEP_ALIVE, keepAliveSeconds());
        }
        if (method != null) {
            // [MQTT-4.12.0-5]
            properties.all(AuthExchange.toProperties(method, authenticationData));
        }
        return properties
                .integer(Property.RECEIVE_MAXIMUM, limits.receiveMaximum())
                .integer(Property.MAXIMUM_PACKET_SIZE, limits.maxPacketBytes())
                .integer(Property.TOPIC_ALIAS_MAXIMUM, limits.topicAliasMaximum())
                .build();
    }

    @Override
    public void refused(RefusalCause cause, String reason) {
        connection.guard(() -> {
            if (connection.isOpen()) {
                refuse(toReasonCode(cause), reason);
            } else {
                connection.release();
            }
        });
    }

    private void refuse(ReasonCode reason, String cause) {
        String tenant = principal == null ? null : principal.tenant();
        broker.events()
                .on(new BrokerEvent.ConnectionRefused(
                        listener.name(), tenant, MqttConnection.cut(clientId), reason.name() + ": " + cause));
        connection.refuse(reason, cause);
        connection.release();
    }
}
