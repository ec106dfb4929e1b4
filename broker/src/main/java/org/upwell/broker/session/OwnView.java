// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.event.DropCounts;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.MessageProperties;
import org.upwell.broker.topic.InvalidTopicException;
import org.upwell.broker.topic.TopicFilter;

/// What each session sees of itself under `$SYS/session/`: made for it alone, so these topics are in no tree that
/// others share, and everybody may subscribe to them. Stateless.
final class OwnView {

    /// Messages lost, all causes together, in decimal digits; by cause one level below.
    static final String DROPPED = "$SYS/session/dropped";

    private static final String PREFIX = "$SYS/session/";
    private static final TopicFilter ALL = parse(PREFIX + "#");

    private OwnView() {}

    private static TopicFilter parse(String text) {
        try {
            return TopicFilter.parse(text);
        } catch (InvalidTopicException e) {
            throw new IllegalStateException(e);
        }
    }

    /// True if `filter` can match nothing but a session's own view.
    static boolean covers(TopicFilter filter) {
        return ALL.covers(filter);
    }

    /// True if `filter` may match some of it.
    static boolean mayMatch(TopicFilter filter) {
        // A leading wildcard matches no name that begins with `$` ([MQTT-4.7.2-1]).
        return filter.text().equals("$SYS") || filter.text().startsWith("$SYS/");
    }

    static boolean isTopic(String topicName) {
        return topicName.startsWith(PREFIX);
    }

    /// True for what was made here and by no publisher.
    static boolean isOwn(Message message) {
        return message.publisher() == null && isTopic(message.topic());
    }

    /// What differs between two counts, the total first.
    static List<Message> changes(DropCounts before, DropCounts now) {
        List<Message> messages = new ArrayList<>(2);
        messages.add(count(DROPPED, now.total()));
        for (DropCause cause : DropCause.values()) {
            if (now.by(cause) != before.by(cause)) {
                messages.add(count(DROPPED + "/" + cause.label(), now.by(cause)));
            }
        }
        return messages;
    }

    /// A retained message of QoS 0 that shows a number.
    static Message count(String topic, long number) {
        return retained(topic, Long.toString(number).getBytes(StandardCharsets.US_ASCII));
    }

    static Message retained(String topic, byte[] payload) {
        return new Message(topic, payload, 0, true, Message.NEVER, MessageProperties.NONE, null);
    }
}
