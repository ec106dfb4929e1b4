// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.MessageProperties;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.message.UserProperty;

/// The part of a message's record that only its receivers need, after the head: topic, publisher, properties and,
/// to the record's end, the payload.
final class MessageContent {

    private static final int CONTENT_TYPE = 1;
    private static final int RESPONSE_TOPIC = 2;
    private static final int CORRELATION_DATA = 4;
    private static final int USER_PROPERTIES = 8;

    private MessageContent() {}

    /// The flags of [MessageHead] that say how a message is written.
    static int flags(Message message) {
        return message.qos()
                | (message.retain() ? MessageHead.RETAIN : 0)
                | (message.expiresAtMillis() == Message.NEVER ? 0 : MessageHead.EXPIRES)
                | (isPlain(message.properties()) ? 0 : MessageHead.PROPERTIES)
                | (message.publisher() == null ? 0 : MessageHead.PUBLISHER);
    }

    private static boolean isPlain(MessageProperties properties) {
        return properties.equals(MessageProperties.NONE);
    }

    /// At most the bytes that a message takes, without its queues.
    static long boundBytes(Message message) {
        long bytes = 64 + 3L * message.topic().length() + message.payload().length;
        SessionKey publisher = message.publisher();
        if (publisher != null) {
            bytes += 3L * (publisher.tenant().length() + publisher.clientId().length());
        }
        MessageProperties properties = message.properties();
        if (isPlain(properties)) {
            return bytes;
        }
        byte[] correlationData = properties.correlationData();
        bytes += 64 + 3L * length(properties.contentType()) + 3L * length(properties.responseTopic());
        bytes += correlationData == null ? 0 : correlationData.length;
        for (UserProperty property : properties.userProperties()) {
            bytes += 20 + 3L * (property.name().length() + property.value().length());
        }
        return bytes;
    }

    private static int length(@Nullable String text) {
        return text == null ? 0 : text.length();
    }

    static void write(Output out, Message message) {
        out.putString(message.topic());
        SessionKey publisher = message.publisher();
        if (publisher != null) {
            out.putString(publisher.tenant());
            out.putString(publisher.clientId());
        }
        if (!isPlain(message.properties())) {
            writeProperties(out, message.properties());
        }
        out.putBytes(message.payload(), 0, message.payload().length);
    }

    private static void writeProperties(Output out, MessageProperties properties) {
        String contentType = properties.contentType();
        String responseTopic = properties.responseTopic();
        byte[] correlationData = properties.correlationData();
        List<UserProperty> userProperties = properties.userProperties();
        out.put(properties.payloadFormat() + 1);
        out.put((contentType == null ? 0 : CONTENT_TYPE)
                | (responseTopic == null ? 0 : RESPONSE_TOPIC)
                | (correlationData == null ? 0 : CORRELATION_DATA)
                | (userProperties.isEmpty() ? 0 : USER_PROPERTIES));
        if (contentType != null) {
            out.putString(contentType);
        }
        if (responseTopic != null) {
            out.putString(responseTopic);
        }
        if (correlationData != null) {
            out.putVarint(correlationData.length);
            out.putBytes(correlationData, 0, correlationData.length);
        }
        if (!userProperties.isEmpty()) {
            out.putVarint(userProperties.size());
            for (UserProperty property : userProperties) {
                out.putString(property.name());
                out.putString(property.value());
            }
        }
    }

    /// @param in after the head; read to its end
    static Message read(Input in, int flags, long expiresAtMillis) {
        String topic = in.getString();
        SessionKey publisher =
                (flags & MessageHead.PUBLISHER) == 0 ? null : new SessionKey(in.getString(), in.getString());
        MessageProperties properties =
                (flags & MessageHead.PROPERTIES) == 0 ? MessageProperties.NONE : readProperties(in);
        return new Message(
                topic,
                in.getBytes(in.remaining()),
                flags & MessageHead.QOS_MASK,
                (flags & MessageHead.RETAIN) != 0,
                expiresAtMillis,
                properties,
                publisher);
    }

    // The annotation of an array in a compact constructor does not get into the class file, so the check sees none.
    @SuppressWarnings("NullAway")
    private static MessageProperties readProperties(Input in) {
        int payloadFormat = in.get() - 1;
        int present = in.get();
        String contentType = (present & CONTENT_TYPE) == 0 ? null : in.getString();
        String responseTopic = (present & RESPONSE_TOPIC) == 0 ? null : in.getString();
        byte @Nullable [] correlationData = (present & CORRELATION_DATA) == 0 ? null : in.getBytes(in.getCount());
        List<UserProperty> userProperties = List.of();
        if ((present & USER_PROPERTIES) != 0) {
            int count = in.getCount();
            userProperties = new ArrayList<>(Math.min(count, 64));
            for (int i = 0; i < count; i++) {
                userProperties.add(new UserProperty(in.getString(), in.getString()));
            }
        }
        return new MessageProperties(payloadFormat, contentType, responseTopic, correlationData, userProperties);
    }
}
