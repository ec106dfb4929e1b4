// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.MessageProperties;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.message.UserProperty;
import org.upwell.broker.session.Delivery;
import org.upwell.codec.MqttVersion;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;

/// Between PUBLISH packets and the broker's messages. Stateless.
final class Messages {

    /// The user property that tells a client how many messages it lost since it was told last.
    static final String DROPPED = "upwell-dropped";

    private Messages() {}

    /// @param publish with its topic name, whatever alias it came with
    static Message toMessage(Publish publish, SessionKey publisher, InstantSource clock) {
        Properties properties = publish.properties();
        return new Message(
                publish.topic(),
                publish.payload(),
                publish.qos().code(),
                publish.retain(),
                properties.isEmpty() ? Message.NEVER : expiresAt(properties, clock.millis()),
                properties.isEmpty() ? MessageProperties.NONE : toMessageProperties(properties),
                publisher);
    }

    /// False if the payload is said to be UTF-8 ([MQTT-3.3.2-4] leaves it to the receiver to look) and is not.
    static boolean isPayloadAsSaid(byte[] payload, Properties properties) {
        return properties.isEmpty()
                || properties.integer(Property.PAYLOAD_FORMAT_INDICATOR, 0) == 0
                || ByteBufUtil.isText(Unpooled.wrappedBuffer(payload), StandardCharsets.UTF_8);
    }

    static long expiresAt(Properties properties, long nowMillis) {
        long seconds = properties.integer(Property.MESSAGE_EXPIRY_INTERVAL, -1);
        return seconds < 0 ? Message.NEVER : nowMillis + seconds * 1000;
    }

    @SuppressWarnings("NullAway") // The array is nullable there; the checker loses that in records from class files.
    static MessageProperties toMessageProperties(Properties properties) {
        List<UserProperty> userProperties = new ArrayList<>();
        for (org.upwell.codec.UserProperty pair : properties.userProperties()) {
            userProperties.add(new UserProperty(pair.name(), pair.value()));
        }
        return new MessageProperties(
                (int) properties.integer(Property.PAYLOAD_FORMAT_INDICATOR, MessageProperties.UNSPECIFIED),
                properties.string(Property.CONTENT_TYPE),
                properties.string(Property.RESPONSE_TOPIC),
                properties.binary(Property.CORRELATION_DATA),
                userProperties);
    }

    static Publish toPublish(Delivery delivery, MqttVersion version, int packetId, boolean dup, InstantSource clock) {
        Message message = delivery.message();
        return new Publish(
                message.topic(),
                message.payload(),
                QoS.of(delivery.qos()),
                dup,
                delivery.retain(),
                packetId,
                version.isMqtt5() ? toProperties(delivery, clock) : Properties.NONE);
    }

    /// True if the PUBLISH to send has no properties.
    static boolean isPlain(Delivery delivery) {
        Message message = delivery.message();
        return message.properties().equals(MessageProperties.NONE)
                && message.expiresAtMillis() == Message.NEVER
                && delivery.subscriptionIds().length == 0;
    }

    /// The same packet with word of what was lost behind the publisher's own properties, which stay as they are
    /// ([MQTT-3.3.2-17], [MQTT-3.3.2-18]).
    static Publish telling(Publish publish, long dropped) {
        Properties properties = Properties.builder()
                .all(publish.properties())
                .user(DROPPED, Long.toString(dropped))
                .build();
        return new Publish(
                publish.topic(),
                publish.payload(),
                publish.qos(),
                publish.dup(),
                publish.retain(),
                publish.packetId(),
                properties);
    }

    private static Properties toProperties(Delivery delivery, InstantSource clock) {
        if (isPlain(delivery)) {
            return Properties.NONE;
        }
        Message message = delivery.message();
        MessageProperties own = message.properties();
        Properties.Builder builder = Properties.builder();
        if (own.payloadFormat() != MessageProperties.UNSPECIFIED) {
            builder.integer(Property.PAYLOAD_FORMAT_INDICATOR, own.payloadFormat());
        }
        if (message.expiresAtMillis() != Message.NEVER) {
            // [MQTT-3.3.2-6]: what is left of the interval after the time that the message waited here.
            long left = Math.max(0, message.expiresAtMillis() - clock.millis());
            builder.integer(Property.MESSAGE_EXPIRY_INTERVAL, Math.min(0xFFFF_FFFFL, (left + 999) / 1000));
        }
        addString(builder, Property.CONTENT_TYPE, own.contentType());
        addString(builder, Property.RESPONSE_TOPIC, own.responseTopic());
        byte[] correlationData = own.correlationData();
        if (correlationData != null) {
            builder.binary(Property.CORRELATION_DATA, correlationData);
        }
        for (int id : delivery.subscriptionIds()) {
            builder.integer(Property.SUBSCRIPTION_IDENTIFIER, id);
        }
        for (UserProperty pair : own.userProperties()) {
            builder.user(pair.name(), pair.value());
        }
        return builder.build();
    }

    private static void addString(Properties.Builder builder, Property property, @Nullable String value) {
        if (value != null) {
            builder.string(property, value);
        }
    }
}
