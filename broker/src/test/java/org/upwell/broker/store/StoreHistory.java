// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.MessageProperties;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.message.UserProperty;
import org.upwell.broker.testing.RecordedCommit;

/// Gives a store and a [StoreModel] the same random facts, such as a broker could give.
final class StoreHistory {

    private static final List<String> TOPICS = List.of("a", "a/b", "acme/read/1", "Ä/\uD83D\uDE00", "/", "$x");

    private final Random random;
    private final StoreModel model = new StoreModel();
    private final List<RecordedCommit> commits = new ArrayList<>();
    private final List<Long> numbers = new ArrayList<>();
    private long lastSequence;

    StoreHistory(Random random) {
        this.random = random;
    }

    StoreModel model() {
        return model;
    }

    /// All commits so far, to be checked and forgotten.
    List<RecordedCommit> takeCommits() {
        List<RecordedCommit> taken = List.copyOf(commits);
        commits.clear();
        return taken;
    }

    private Commit commit() {
        RecordedCommit commit = new RecordedCommit();
        commits.add(commit);
        return commit;
    }

    void step(Store store) {
        switch (random.nextInt(16)) {
            case 0, 1 -> putSession(store);
            case 2 -> removeSession(store);
            case 3 -> putSubscription(store);
            case 4 -> removeSubscription(store);
            case 5, 6, 7, 8, 9 -> append(store);
            case 10, 11 -> acknowledge(store);
            case 12, 13 -> handshake(store);
            case 14 -> release(store);
            default -> store.sync(commit());
        }
    }

    private void putSession(Store store) {
        SessionKey key = new SessionKey("tenant" + random.nextInt(2), "client" + random.nextInt(3));
        SessionRecord session = SessionRecord.of(
                key,
                "name" + random.nextInt(3),
                random.nextBoolean() ? Set.of("A", "Ü") : Set.of(),
                1 + random.nextInt(1_000),
                random.nextBoolean() ? 0 : 1_700_000_000_000L + random.nextInt(1_000));
        long number = store.putSession(session, commit());
        boolean isNew = !numbers.contains(number);
        boolean keyIsKnown = model.sessions().containsKey(number);
        if (number <= 0 || isNew == keyIsKnown) {
            throw new AssertionError("number " + number + " for " + key + " was used before or is not positive");
        }
        numbers.add(number);
        model.putSession(number, session);
    }

    /// A number that is in use, or sometimes one that was: facts about a session may come just after its end.
    private long anyNumber() {
        return numbers.isEmpty() ? 4_711 : numbers.get(random.nextInt(numbers.size()));
    }

    private void removeSession(Store store) {
        if (random.nextInt(3) == 0) {
            long number = anyNumber();
            store.removeSession(number, commit());
            model.removeSession(number);
        }
    }

    private void putSubscription(Store store) {
        long number = anyNumber();
        SubscriptionRecord subscription = new SubscriptionRecord(
                randomFilter(), random.nextInt(3), random.nextBoolean(), random.nextBoolean(), random.nextInt(3));
        store.putSubscription(number, subscription, commit());
        model.putSubscription(number, subscription);
    }

    private void removeSubscription(Store store) {
        long number = anyNumber();
        String filter = randomFilter();
        store.removeSubscription(number, filter, commit());
        model.removeSubscription(number, filter);
    }

    private String randomFilter() {
        return (random.nextInt(4) == 0 ? "$share/g/" : "") + TOPICS.get(random.nextInt(TOPICS.size()));
    }

    private void append(Store store) {
        Map<Long, QueueTarget> targets = new LinkedHashMap<>();
        int count = random.nextInt(4);
        for (int i = 0; i < count; i++) {
            int[] ids = random.nextBoolean() ? new int[] {} : new int[] {random.nextInt(9) + 1, 268_435_455};
            long number = anyNumber();
            targets.put(number, new QueueTarget(number, 1 + random.nextInt(2), random.nextBoolean(), ids));
        }
        boolean fromSession = random.nextInt(3) == 0;
        long publisher = fromSession ? anyNumber() : 0;
        int packetId = fromSession ? 1 + random.nextInt(65_535) : 0;
        Message message = randomMessage();
        Append append = new Append(message, List.copyOf(targets.values()), message.retain(), publisher, packetId);
        long sequence = store.nextSequence();
        if (sequence <= lastSequence) {
            throw new AssertionError("sequence " + sequence + " after " + lastSequence);
        }
        lastSequence = sequence;
        store.append(sequence, append, commit());
        model.append(sequence, append);
    }

    private Message randomMessage() {
        byte[] payload = new byte[random.nextInt(4) == 0 ? 0 : random.nextInt(40)];
        random.nextBytes(payload);
        MessageProperties properties = random.nextBoolean() ? MessageProperties.NONE : randomProperties();
        return new Message(
                TOPICS.get(random.nextInt(TOPICS.size())),
                payload,
                random.nextInt(3),
                random.nextInt(3) == 0,
                random.nextBoolean() ? Message.NEVER : 1_700_000_000_000L + random.nextInt(100_000),
                properties,
                random.nextBoolean() ? null : new SessionKey("tenant0", "client0"));
    }

    // The annotation of an array in a compact constructor does not get into the class file, so the check sees none.
    @SuppressWarnings("NullAway")
    private MessageProperties randomProperties() {
        byte @Nullable [] correlationData = null;
        if (random.nextBoolean()) {
            correlationData = new byte[] {(byte) random.nextInt(), 0};
        }
        return new MessageProperties(
                random.nextInt(3) - 1,
                random.nextBoolean() ? null : "text/ü",
                random.nextBoolean() ? null : "reply/to",
                correlationData,
                List.of(new UserProperty("k", "v"), new UserProperty("k", ""), new UserProperty("", "ß")));
    }

    private void acknowledge(Store store) {
        long number = anyNumber();
        StoreModel.Kept kept = model.sessions().get(number);
        long sequence = kept == null || kept.queue().isEmpty()
                ? 1 + random.nextInt(50)
                : random.nextBoolean() ? kept.queue().firstKey() : kept.queue().lastKey();
        store.acknowledged(number, sequence);
        model.acknowledged(number, sequence);
    }

    /// Takes some QoS 2 message of some session one step further.
    private void handshake(Store store) {
        long number = anyNumber();
        StoreModel.Kept kept = model.sessions().get(number);
        if (kept == null) {
            store.outboundSent(number, 1, 1, commit());
            store.outboundReceived(number, 1, commit());
            return;
        }
        for (Map.Entry<Long, StoreModel.Queued> each : kept.queue().entrySet()) {
            if (each.getValue().qos() == 2 && random.nextBoolean()) {
                long sequence = each.getKey();
                if (each.getValue().packetId() == 0) {
                    int packetId = 1 + random.nextInt(65_535);
                    store.outboundSent(number, sequence, packetId, commit());
                    model.outboundSent(number, sequence, packetId);
                } else {
                    store.outboundReceived(number, sequence, commit());
                    model.outboundReceived(number, sequence);
                }
                return;
            }
        }
    }

    private void release(Store store) {
        long number = anyNumber();
        StoreModel.Kept kept = model.sessions().get(number);
        int packetId = kept == null || kept.inbound().isEmpty()
                ? 1 + random.nextInt(65_535)
                : kept.inbound().first();
        store.inboundReleased(number, packetId, commit());
        model.inboundReleased(number, packetId);
    }
}
