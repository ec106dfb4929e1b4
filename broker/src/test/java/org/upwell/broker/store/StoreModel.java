// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.MessageProperties;
import org.upwell.broker.store.StoredState.StoredDelivery;
import org.upwell.broker.store.StoredState.StoredSession;

/// What a store must hold after a history of facts, folded as plainly as can be, and stores' contents as text to
/// compare.
final class StoreModel {

    static final class Queued {
        private final Message message;
        private final QueueTarget target;
        private int packetId;
        private boolean received;

        private Queued(Message message, QueueTarget target) {
            this.message = message;
            this.target = target;
        }

        int qos() {
            return target.qos();
        }

        int packetId() {
            return packetId;
        }
    }

    static final class Kept {
        private final long number;
        private SessionRecord session;
        private final Map<String, SubscriptionRecord> subscriptions = new HashMap<>();
        private final TreeMap<Long, Queued> queue = new TreeMap<>();
        private final TreeSet<Integer> inbound = new TreeSet<>();

        private Kept(long number, SessionRecord session) {
            this.number = number;
            this.session = session;
        }

        NavigableMap<Long, Queued> queue() {
            return queue;
        }

        NavigableSet<Integer> inbound() {
            return inbound;
        }
    }

    private final TreeMap<Long, Kept> sessions = new TreeMap<>();
    private final TreeMap<String, Message> retained = new TreeMap<>();

    NavigableMap<Long, Kept> sessions() {
        return sessions;
    }

    void putSession(long number, SessionRecord record) {
        Kept kept = sessions.computeIfAbsent(number, key -> new Kept(number, record));
        kept.session = record;
    }

    void removeSession(long number) {
        sessions.remove(number);
    }

    void putSubscription(long number, SubscriptionRecord record) {
        Kept kept = sessions.get(number);
        if (kept != null) {
            kept.subscriptions.put(record.filter(), record);
        }
    }

    void removeSubscription(long number, String filter) {
        Kept kept = sessions.get(number);
        if (kept != null) {
            kept.subscriptions.remove(filter);
        }
    }

    void append(long sequence, Append append) {
        for (QueueTarget target : append.targets()) {
            Kept kept = sessions.get(target.session());
            if (kept != null) {
                kept.queue.put(sequence, new Queued(append.message(), target));
            }
        }
        if (append.retained() && append.message().payload().length == 0) {
            retained.remove(append.message().topic());
        } else if (append.retained()) {
            retained.put(append.message().topic(), append.message());
        }
        Kept publisher = sessions.get(append.publisher());
        if (publisher != null && append.packetId() != 0) {
            publisher.inbound.add(append.packetId());
        }
    }

    void acknowledged(long number, long sequence) {
        Kept kept = sessions.get(number);
        if (kept != null) {
            kept.queue.remove(sequence);
        }
    }

    void outboundSent(long number, long sequence, int packetId) {
        @Nullable Queued queued = queued(number, sequence);
        if (queued != null) {
            queued.packetId = packetId;
        }
    }

    void outboundReceived(long number, long sequence) {
        @Nullable Queued queued = queued(number, sequence);
        if (queued != null) {
            queued.received = true;
        }
    }

    private @Nullable Queued queued(long number, long sequence) {
        Kept kept = sessions.get(number);
        return kept == null ? null : kept.queue.get(sequence);
    }

    void inboundReleased(long number, int packetId) {
        Kept kept = sessions.get(number);
        if (kept != null) {
            kept.inbound.remove(packetId);
        }
    }

    // ---- As text -------------------------------------------------------------------------------------------------

    List<String> lines() {
        List<String> lines = new ArrayList<>();
        for (Kept kept : sessions.values()) {
            lines.add(line(kept.number, kept.session));
            kept.subscriptions.values().stream()
                    .map(SubscriptionRecord::toString)
                    .sorted()
                    .forEach(lines::add);
            kept.queue.forEach((sequence, queued) -> lines.add(line(
                    sequence,
                    queued.message,
                    "qos " + queued.target.qos() + " retain " + queued.target.retain() + " ids "
                            + Arrays.toString(queued.target.subscriptionIds()) + " packet " + queued.packetId + " "
                            + queued.received)));
            lines.add("inbound " + kept.inbound);
        }
        retained.values().forEach(message -> lines.add(line(0, message, "retained")));
        return lines;
    }

    static List<String> lines(StoredState state) {
        List<String> lines = new ArrayList<>();
        state.sessions().stream()
                .sorted((a, b) -> Long.compare(a.number(), b.number()))
                .forEach(session -> addLines(session, lines));
        TreeMap<String, Message> byTopic = new TreeMap<>();
        for (Message message : state.retained()) {
            if (byTopic.put(message.topic(), message) != null) {
                throw new AssertionError("two retained messages for " + message.topic());
            }
        }
        byTopic.values().forEach(message -> lines.add(line(0, message, "retained")));
        return lines;
    }

    private static void addLines(StoredSession session, List<String> lines) {
        lines.add(line(session.number(), session.session()));
        session.subscriptions().stream()
                .map(SubscriptionRecord::toString)
                .sorted()
                .forEach(lines::add);
        for (StoredDelivery each : session.queue()) {
            lines.add(line(
                    each.sequence(),
                    each.message(),
                    "qos " + each.qos() + " retain " + each.retain() + " ids "
                            + Arrays.toString(each.subscriptionIds()) + " packet " + each.packetId() + " "
                            + each.received()));
        }
        lines.add("inbound " + new TreeSet<>(session.inboundPacketIds()));
    }

    private static String line(long number, SessionRecord session) {
        return "session " + number + " " + session.key() + " " + session.name() + " " + new TreeSet<>(session.roles())
                + " " + session.expirySeconds() + " " + session.offlineSinceMillis();
    }

    private static String line(long sequence, Message message, String how) {
        MessageProperties properties = message.properties();
        return "message " + sequence + " " + how + " " + message.topic() + " " + Arrays.toString(message.payload())
                + " " + message.qos() + " " + message.retain() + " " + message.expiresAtMillis() + " "
                + message.publisher() + " " + properties.payloadFormat() + " " + properties.contentType() + " "
                + properties.responseTopic() + " " + Arrays.toString(properties.correlationData()) + " "
                + properties.userProperties();
    }
}
