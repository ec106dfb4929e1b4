// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.MessageProperties;
import org.upwell.broker.message.Will;
import org.upwell.broker.store.StoredState.StoredDelivery;
import org.upwell.broker.store.StoredState.StoredSession;

/// What a store must hold after a history of facts, folded as plainly as can be, and stores' contents as text to
/// compare.
public final class StoreModel {

    static final class Queued {
        private final Message message;
        private final QueueTarget target;
        private int packetId;
        private boolean received;

        private Queued(Message message, QueueTarget target) {
            this.message = message;
            this.target = target;
        }

        private Queued copy() {
            Queued copy = new Queued(message, target);
            copy.packetId = packetId;
            copy.received = received;
            return copy;
        }

        int qos() {
            return target.qos();
        }

        int packetId() {
            return packetId;
        }
    }

    public static final class Kept {
        private final long number;
        private @Nullable SessionRecord session;
        private @Nullable GroupRecord group;
        private final Map<String, SubscriptionRecord> subscriptions = new HashMap<>();
        private final TreeMap<Long, Queued> queue = new TreeMap<>();
        private final TreeSet<Integer> inbound = new TreeSet<>();

        private Kept(long number) {
            this.number = number;
        }

        private Kept copy() {
            Kept copy = new Kept(number);
            copy.session = session;
            copy.group = group;
            copy.subscriptions.putAll(subscriptions);
            queue.forEach((sequence, queued) -> copy.queue.put(sequence, queued.copy()));
            copy.inbound.addAll(inbound);
            return copy;
        }

        boolean isGroup() {
            return group != null;
        }

        NavigableMap<Long, Queued> queue() {
            return queue;
        }

        NavigableSet<Integer> inbound() {
            return inbound;
        }
    }

    private final TreeMap<Long, Kept> sessions = new TreeMap<>();
    private final TreeMap<String, Retained> retained = new TreeMap<>();

    record Retained(long sequence, Message message) {}

    public StoreModel copy() {
        StoreModel copy = new StoreModel();
        sessions.forEach((number, kept) -> copy.sessions.put(number, kept.copy()));
        copy.retained.putAll(retained);
        return copy;
    }

    NavigableMap<String, Retained> retained() {
        return retained;
    }

    public NavigableMap<Long, Kept> sessions() {
        return sessions;
    }

    void putSession(long number, SessionRecord record) {
        sessions.computeIfAbsent(number, Kept::new).session = record;
    }

    void putGroup(long number, GroupRecord record) {
        sessions.computeIfAbsent(number, Kept::new).group = record;
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
            retained.put(append.message().topic(), new Retained(sequence, append.message()));
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

    void moved(long from, QueueTarget to, long sequence) {
        Kept source = sessions.get(from);
        Queued taken = source == null ? null : source.queue.remove(sequence);
        Kept into = sessions.get(to.session());
        if (taken != null && into != null) {
            into.queue.put(sequence, new Queued(taken.message, to));
        }
    }

    void retainedExpired(String topic, long sequence) {
        retained.computeIfPresent(topic, (key, old) -> old.sequence == sequence ? null : old);
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

    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        tell(lines::add);
        return lines;
    }

    /// As `lines().equals(others)`, but looks only as far as they agree: a history tries many states, nearly all of
    /// which are wrong.
    public boolean isTold(List<String> others) {
        int count = retained.size();
        for (Kept kept : sessions.values()) {
            count += 2 + kept.subscriptions.size() + kept.queue.size();
        }
        Iterator<String> rest = others.iterator();
        return count == others.size() && tell(line -> line.equals(rest.next()));
    }

    /// Tells line by line until one is not wanted. True if all were.
    private boolean tell(Predicate<String> listener) {
        return sessions.values().stream().allMatch(kept -> tell(kept, listener))
                && retained.values().stream().allMatch(each -> listener.test(line(0, each.message, "retained")));
    }

    private static boolean tell(Kept kept, Predicate<String> listener) {
        SessionRecord session = kept.session;
        return listener.test(session == null ? "group " + kept.number + " " + kept.group : line(kept.number, session))
                && kept.subscriptions.values().stream()
                        .map(SubscriptionRecord::toString)
                        .sorted()
                        .allMatch(listener)
                && kept.queue.entrySet().stream()
                        .allMatch(entry -> listener.test(line(entry.getKey(), entry.getValue())))
                && listener.test("inbound " + kept.inbound);
    }

    private static String line(long sequence, Queued queued) {
        return line(
                sequence,
                queued.message,
                "qos " + queued.target.qos() + " retain " + queued.target.retain() + " ids "
                        + Arrays.toString(queued.target.subscriptionIds()) + " packet " + queued.packetId + " "
                        + queued.received);
    }

    public static List<String> lines(StoredState state) {
        List<String> lines = new ArrayList<>();
        TreeMap<Long, Runnable> byNumber = new TreeMap<>();
        state.sessions().forEach(session -> byNumber.put(session.number(), () -> addLines(session, lines)));
        state.groups()
                .forEach((group, kept) -> byNumber.put(kept.number(), () -> {
                    lines.add("group " + kept.number() + " " + group);
                    addQueue(kept.queue(), lines);
                    lines.add("inbound []");
                }));
        byNumber.values().forEach(Runnable::run);
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
        addQueue(session.queue(), lines);
        lines.add("inbound " + new TreeSet<>(session.inboundPacketIds()));
    }

    private static void addQueue(List<StoredDelivery> queue, List<String> lines) {
        for (StoredDelivery each : queue) {
            lines.add(line(
                    each.sequence(),
                    each.message(),
                    "qos " + each.qos() + " retain " + each.retain() + " ids "
                            + Arrays.toString(each.subscriptionIds()) + " packet " + each.packetId() + " "
                            + each.received()));
        }
    }

    private static String line(long number, SessionRecord session) {
        return "session " + number + " " + session.key() + " " + session.name() + " " + new TreeSet<>(session.roles())
                + " " + session.expirySeconds() + " " + session.offlineSinceMillis() + " " + session.queueLimit() + " "
                + new TreeMap<>(session.drops().byCause()) + session.drops().told() + will(session.will());
    }

    private static String will(@Nullable Will will) {
        return will == null ? "" : line(0, will.message(), "will " + will.delaySeconds() + " " + will.expirySeconds());
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
