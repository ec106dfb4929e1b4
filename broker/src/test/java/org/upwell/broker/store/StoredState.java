// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.message.Message;
import org.upwell.broker.owner.Owner;

/// All that a store holds, with every message, for tests to look at.
public record StoredState(List<StoredSession> sessions, Map<GroupRecord, StoredGroup> groups, List<Message> retained) {

    public StoredState {
        sessions = List.copyOf(sessions);
        groups = Map.copyOf(groups);
        retained = List.copyOf(retained);
    }

    /// A session with what belongs to it.
    ///
    /// @param queue in order of sequence
    public record StoredSession(
            long number,
            SessionRecord session,
            List<SubscriptionRecord> subscriptions,
            List<StoredDelivery> queue,
            Set<Integer> inboundPacketIds) {

        public StoredSession {
            subscriptions = List.copyOf(subscriptions);
            queue = List.copyOf(queue);
            inboundPacketIds = Set.copyOf(inboundPacketIds);
        }
    }

    /// @param queue in order of sequence
    public record StoredGroup(long number, List<StoredDelivery> queue) {

        public StoredGroup {
            queue = List.copyOf(queue);
        }
    }

    /// A queued or in-flight message.
    public record StoredDelivery(
            long sequence,
            Message message,
            int qos,
            boolean retain,
            int[] subscriptionIds,
            int packetId,
            boolean received) {}

    /// Recovers `store` and reads every queued message back.
    public static StoredState of(Store store) {
        Collected collected = new Collected();
        store.recover(collected);
        List<StoredSession> sessions = new ArrayList<>();
        for (Recovery.StoredSession each : collected.sessions) {
            sessions.add(new StoredSession(
                    each.number(),
                    each.session(),
                    each.subscriptions(),
                    collected.queue(store, each.number()),
                    each.inboundPacketIds()));
        }
        sessions.sort(Comparator.comparingLong(StoredSession::number));
        Map<GroupRecord, StoredGroup> groups = new LinkedHashMap<>();
        collected.groups.forEach((number, group) -> {
            if (groups.put(group, new StoredGroup(number, collected.queue(store, number))) != null) {
                throw new AssertionError("two of " + group);
            }
        });
        return new StoredState(sessions, groups, List.copyOf(collected.retained.values()));
    }

    private record Noted(long sequence, int qos, int weightBytes, long expiresAtMillis, int packetId, boolean received)
            implements Recovery.QueueEntry {

        private Noted(Recovery.QueueEntry entry) {
            this(
                    entry.sequence(),
                    entry.qos(),
                    entry.weightBytes(),
                    entry.expiresAtMillis(),
                    entry.packetId(),
                    entry.received());
        }

        private StoredDelivery with(QueuedMessage read) {
            Message message = read.message();
            if (read.sequence() != sequence
                    || read.qos() != qos
                    || message.weightBytes() != weightBytes
                    || expiresAtMillis < message.expiresAtMillis()
                    || (expiresAtMillis == Message.NEVER) != (message.expiresAtMillis() == Message.NEVER)
                    || expiresAtMillis - 1000 >= message.expiresAtMillis()) {
                throw new AssertionError("entry " + this + " does not fit what was read: " + read);
            }
            return new StoredDelivery(
                    sequence, message, qos, read.retain(), read.subscriptionIds(), packetId, received);
        }
    }

    private static final class Collected implements Recovery {
        private final List<Recovery.StoredSession> sessions = new ArrayList<>();
        private final Map<Long, GroupRecord> groups = new TreeMap<>();
        private final Map<Long, List<Noted>> queues = new HashMap<>();
        private final Map<String, Message> retained = new TreeMap<>();

        @Override
        public void session(Recovery.StoredSession session) {
            sessions.add(session);
            open(session.number());
        }

        @Override
        public void group(long number, GroupRecord group) {
            groups.put(number, group);
            open(number);
        }

        private void open(long number) {
            if (queues.put(number, new ArrayList<>()) != null) {
                throw new AssertionError("number " + number + " came twice");
            }
        }

        @Override
        public void queued(long session, QueueEntry entry) {
            List<Noted> queue = queues.get(session);
            if (queue == null) {
                throw new AssertionError("message in the queue of " + session + ", which is not known");
            }
            if (!queue.isEmpty() && queue.getLast().sequence >= entry.sequence()) {
                throw new AssertionError(entry.sequence() + " came after " + queue.getLast());
            }
            queue.add(new Noted(entry));
        }

        @Override
        public void retained(long sequence, Message message) {
            if (retained.put(message.topic(), message) != null) {
                throw new AssertionError("two retained messages for " + message.topic());
            }
        }

        private List<StoredDelivery> queue(Store store, long number) {
            List<Noted> entries = queues.getOrDefault(number, List.of());
            List<QueuedMessage> read = read(
                    store, number, entries.stream().mapToLong(Noted::sequence).toArray());
            if (read.size() != entries.size()) {
                throw new AssertionError("of " + entries + " only " + read.size() + " could be read");
            }
            List<StoredDelivery> queue = new ArrayList<>();
            for (int i = 0; i < read.size(); i++) {
                queue.add(entries.get(i).with(read.get(i)));
            }
            return queue;
        }
    }

    /// Fetches and waits.
    public static List<QueuedMessage> read(Store store, long number, long... sequences) {
        CompletableFuture<List<QueuedMessage>> answer = new CompletableFuture<>();
        store.fetch(number, sequences, new Fetch() {
            @Override
            public @Nullable Owner owner() {
                return null;
            }

            @Override
            public void fetched(List<QueuedMessage> messages) {
                answer.complete(messages);
            }

            @Override
            public void failed(StoreException cause) {
                answer.completeExceptionally(cause);
            }
        });
        return answer.orTimeout(30, TimeUnit.SECONDS).join();
    }
}
