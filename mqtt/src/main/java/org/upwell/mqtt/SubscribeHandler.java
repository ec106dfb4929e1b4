// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.Broker;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.broker.message.Message;
import org.upwell.broker.session.Delivery;
import org.upwell.broker.session.Session;
import org.upwell.broker.session.Subscriber;
import org.upwell.broker.store.Commit;
import org.upwell.broker.topic.InvalidTopicException;
import org.upwell.broker.topic.RetainedMessages;
import org.upwell.broker.topic.SharedFilter;
import org.upwell.broker.topic.Subscription;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;
import org.upwell.codec.SubAck;
import org.upwell.codec.Subscribe;
import org.upwell.codec.UnsubAck;
import org.upwell.codec.Unsubscribe;
import org.upwell.mqtt.hook.PacketAuthorizer;

/// SUBSCRIBE and UNSUBSCRIBE of one connection. Owned by the connection's event loop, which handles no later packet
/// of the client until the answer is on its way.
final class SubscribeHandler {

    private final MqttConnection connection;
    private final OutboundLine line;
    private final Session session;
    private final Broker broker;

    SubscribeHandler(MqttConnection connection, OutboundLine line, Session session) {
        this.connection = connection;
        this.line = line;
        this.session = session;
        this.broker = connection.broker();
    }

    /// A SUBSCRIBE while its filters are decided on, one after the other.
    private static final class Round {
        private final Subscribe packet;
        private final List<ReasonCode> reasons = new ArrayList<>();
        private final List<Runnable> retained = new ArrayList<>();

        private Round(Subscribe packet) {
            this.packet = packet;
        }
    }

    void onSubscribe(Subscribe packet) {
        connection.hold();
        next(new Round(packet));
    }

    private void next(Round round) {
        List<PacketAuthorizer> authorizers = connection.hooks().authorizers();
        while (connection.isOpen()
                && round.reasons.size() < round.packet.requests().size()) {
            Subscribe.Request request = round.packet.requests().get(round.reasons.size());
            if (authorizers != null) {
                connection.hookRunner().authorizeSubscribe(authorizers, request, allowed -> {
                    if (connection.isOpen()) {
                        round.reasons.add(
                                allowed
                                        ? subscribe(request, round)
                                        : refuse(request, ReasonCode.NOT_AUTHORIZED, "refused by an authorizer"));
                        next(round);
                    } else {
                        connection.release();
                    }
                });
                return;
            }
            round.reasons.add(subscribe(request, round));
        }
        if (!connection.isOpen()) {
            connection.release();
            return;
        }
        whenStored(() -> {
            // [MQTT-3.8.4-1], [MQTT-3.8.4-6]: one reason per filter, in order.
            line.send(new SubAck(round.packet.packetId(), round.reasons, Properties.NONE));
            round.retained.forEach(Runnable::run);
            // A group that it joined may have messages waiting for somebody with room.
            session.readable();
        });
    }

    private ReasonCode subscribe(Subscribe.Request request, Round round) {
        SharedFilter filter;
        try {
            filter = SharedFilter.parse(request.filter());
        } catch (InvalidTopicException e) {
            return refuse(request, ReasonCode.TOPIC_FILTER_INVALID, e.getMessage());
        }
        MqttLimits limits = connection.limits();
        if (filter.filter().depth() > limits.maxTopicLevels()) {
            return refuse(request, ReasonCode.TOPIC_FILTER_INVALID, "more than " + limits.maxTopicLevels() + " levels");
        }
        if (limits.isTooLong(request.filter())) {
            return refuse(request, ReasonCode.TOPIC_FILTER_INVALID, "longer than " + limits.maxTopicBytes() + " bytes");
        }
        int granted = session.grantedQos(filter, request.qos().code());
        if (granted < 0) {
            return refuse(request, ReasonCode.NOT_AUTHORIZED, "not covered by any role");
        }
        Subscription<Subscriber> subscription = new Subscription<>(
                session, filter.filter(), granted, request.noLocal(), request.retainAsPublished(), (int)
                        round.packet.properties().integer(Property.SUBSCRIPTION_IDENTIFIER, 0));
        RetainedMessages.Subscribed made =
                broker.retained().subscribing(() -> session.subscribe(filter, subscription, failing()));
        boolean wantsRetained = switch (request.retainHandling()) {
            case SEND -> true;
            case SEND_IF_NEW -> made.isNew();
            case DO_NOT_SEND -> false;
        };
        // MQTT 5 §4.8.2: a shared subscription gets no retained messages when it is made.
        if (wantsRetained && !filter.isShared()) {
            round.retained.add(() -> sendRetained(subscription, made.asOf()));
        }
        return ReasonCode.granted(QoS.of(granted));
    }

    private ReasonCode refuse(Subscribe.Request request, ReasonCode reason, @Nullable String cause) {
        broker.counters().subscriptionsRefused.increment();
        broker.events()
                .on(new BrokerEvent.SubscribeRefused(
                        session.key(), MqttConnection.cut(request.filter()), reason.name() + ": " + cause));
        if (connection.version() == MqttVersion.MQTT_3_1) {
            // Its SUBACK has no word for a refusal, and granting what is never sent would be a lie.
            connection.disconnect(reason, cause);
        }
        return reason;
    }

    /// [MQTT-3.8.4-4], [MQTT-3.3.1-9] to [MQTT-3.3.1-11]
    private void sendRetained(Subscription<Subscriber> subscription, long asOf) {
        int[] ids = Delivery.idsOf(subscription);
        for (Message message : session.ownView(subscription.filter())) {
            session.deliver(new Delivery(message, 0, 0, true, ids), connection.owner());
        }
        long now = broker.clock().millis();
        List<Message> messages = broker.retained().matching(subscription.filter(), asOf);
        for (Message message : messages) {
            if (message.isExpiredAt(now)) {
                broker.forgetRetained(message);
            }
        }
        // [MQTT-3.3.2-5], [MQTT-3.8.3-3]
        messages.removeIf(message -> message.isExpiredAt(now)
                || (subscription.noLocal() && session.key().equals(message.publisher())));
        session.sendRetained(subscription, messages);
    }

    void onUnsubscribe(Unsubscribe packet) {
        connection.hold();
        List<ReasonCode> reasons = new ArrayList<>();
        for (String filter : packet.filters()) {
            reasons.add(unsubscribe(filter));
        }
        // [MQTT-3.10.4-4], [MQTT-3.10.4-5]
        whenStored(() -> line.send(new UnsubAck(packet.packetId(), reasons, Properties.NONE)));
    }

    private ReasonCode unsubscribe(String text) {
        try {
            SharedFilter.parse(text);
        } catch (InvalidTopicException e) {
            return ReasonCode.TOPIC_FILTER_INVALID;
        }
        return session.unsubscribe(text, failing()) ? ReasonCode.SUCCESS : ReasonCode.NO_SUBSCRIPTION_EXISTED;
    }

    /// Runs `answer` once everything that this session gave the store is safe, and lets the connection go on.
    private void whenStored(Runnable answer) {
        Runnable end = () -> {
            answer.run();
            connection.release();
        };
        if (session.storeNumber() == 0) {
            end.run();
        } else {
            // A connection that ended meanwhile needs no release.
            broker.store().sync(connection.whenCommitted(end));
        }
    }

    /// The barrier in [#whenStored] tells when all facts of a packet are safe.
    private Commit failing() {
        return connection.whenCommitted(() -> {});
    }
}
