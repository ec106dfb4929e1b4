// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.event.DropCounts;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.MessageProperties;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.message.UserProperty;
import org.upwell.broker.message.Will;
import org.upwell.broker.testing.RecordedCommit;

/// Gives a store and a [StoreModel] the same random facts, such as a broker could give.
public final class StoreHistory {

    private static final List<String> TOPICS = List.of("a", "a/b", "acme/read/1", "Ä/\uD83D\uDE00", "/", "$x");

    private final Random random;
    private StoreModel model = new StoreModel();
    private List<RecordedCommit> commits = new ArrayList<>();
    private final List<Fact> facts = new ArrayList<>();
    private final List<Long> numbers = new ArrayList<>();
    /// Ever, in all lives of the store.
    private final Set<Long> sequences = new HashSet<>();
    /// In this life.
    private long lastSequence;

    /// Something that was given to the store.
    ///
    /// @param isStep true for what a store may write later than what was given after it, until one of the commits
    ///     of these is told
    /// @param commit null if there is none
    /// @param number of the session or group that it creates, else 0
    public record Fact(
            String what,
            Consumer<StoreModel> fold,
            boolean isStep,
            @Nullable RecordedCommit commit,
            long number) {

        @Override
        public String toString() {
            return (isStep ? "  step " : "") + what + " " + (commit == null ? "" : commit.calls());
        }
    }

    public StoreHistory(Random random) {
        this.random = random;
    }

    public StoreModel model() {
        return model;
    }

    /// All commits so far, to be checked and forgotten.
    public List<RecordedCommit> takeCommits() {
        List<RecordedCommit> taken = List.copyOf(commits);
        commits.clear();
        return taken;
    }

    private RecordedCommit commit() {
        RecordedCommit commit = new RecordedCommit();
        commits.add(commit);
        return commit;
    }

    /// All facts since the last call.
    public List<Fact> takeFacts() {
        List<Fact> taken = List.copyOf(facts);
        facts.clear();
        return taken;
    }

    /// Goes on from what a store kept of the facts.
    ///
    /// @param kept what it holds
    /// @param lost numbers that nobody was promised, which may be given again
    public void goOnFrom(StoreModel kept, Collection<Long> lost) {
        model = kept;
        lastSequence = 0;
        numbers.removeAll(lost);
        commits = new ArrayList<>();
        facts.clear();
    }

    private void fold(String what, @Nullable RecordedCommit commit, boolean isStep, Consumer<StoreModel> fold) {
        facts.add(new Fact(what, fold, isStep, commit, 0));
        fold.accept(model);
    }

    public void step(Store store) {
        switch (random.nextInt(20)) {
            case 0, 1 -> putSession(store);
            case 2 -> removeSession(store);
            case 3 -> putSubscription(store);
            case 4 -> removeSubscription(store);
            case 5, 6, 7, 8, 9 -> append(store);
            case 10, 11 -> acknowledge(store);
            case 12, 13 -> handshake(store);
            case 14 -> release(store);
            case 15 -> putGroup(store);
            case 16, 17 -> move(store);
            case 18 -> expireRetained(store);
            default -> {
                RecordedCommit commit = commit();
                store.sync(commit);
                fold("sync", commit, false, all -> {});
            }
        }
    }

    private void putSession(Store store) {
        SessionKey key = new SessionKey("tenant" + random.nextInt(2), "client" + random.nextInt(3));
        Will will = random.nextInt(4) == 0 ? new Will(randomMessage(), random.nextInt(9), random.nextInt(9) - 1) : null;
        SessionRecord session = new SessionRecord(
                key,
                "name" + random.nextInt(3),
                random.nextBoolean() ? Set.of("A", "Ü") : Set.of(),
                1 + random.nextInt(1_000),
                random.nextBoolean() ? 0 : 1_700_000_000_000L + random.nextInt(1_000),
                will,
                random.nextInt(4) == 0 ? new SessionRecord.QueueLimit(1 + random.nextInt(9), 1L << 40) : null,
                random.nextInt(4) == 0 ? new DropCounts(Map.of(DropCause.EXPIRED, 7L), 3) : DropCounts.NONE);
        RecordedCommit commit = commit();
        long number = store.putSession(session, commit);
        noteNumber(number, commit, all -> all.putSession(number, session));
    }

    private void putGroup(Store store) {
        GroupRecord group = new GroupRecord("tenant" + random.nextInt(2), "group", TOPICS.get(random.nextInt(2)));
        RecordedCommit commit = commit();
        long number = store.putGroup(group, commit);
        noteNumber(number, commit, all -> all.putGroup(number, group));
    }

    private void noteNumber(long number, RecordedCommit commit, Consumer<StoreModel> fold) {
        boolean isNew = !numbers.contains(number);
        boolean isKnown = model.sessions().containsKey(number);
        if (number <= 0 || isNew == isKnown) {
            throw new AssertionError("number " + number + " was used before or is not positive");
        }
        if (isNew) {
            numbers.add(number);
        }
        facts.add(new Fact("put " + number, fold, false, commit, number));
        fold.accept(model);
    }

    /// A number that is in use, or sometimes one that was: facts about a session may come just after its end.
    private long anyNumber() {
        return numbers.isEmpty() ? 4_711 : numbers.get(random.nextInt(numbers.size()));
    }

    /// Subscriptions and packet ids are no business of groups.
    private long anySession() {
        long number = anyNumber();
        StoreModel.Kept kept = model.sessions().get(number);
        return kept != null && kept.isGroup() ? 4_711 : number;
    }

    private void move(Store store) {
        long from = anyNumber();
        StoreModel.Kept kept = model.sessions().get(from);
        long sequence = kept == null || kept.queue().isEmpty()
                ? 1 + random.nextInt(50)
                : random.nextBoolean() ? kept.queue().firstKey() : kept.queue().lastKey();
        int[] ids = random.nextBoolean() ? new int[] {} : new int[] {random.nextInt(9) + 1};
        long into = anyNumber();
        if (into == from) {
            return;
        }
        QueueTarget to = new QueueTarget(into, 1 + random.nextInt(2), random.nextBoolean(), ids);
        RecordedCommit commit = commit();
        store.moved(from, to, sequence, commit);
        fold("move " + from + " " + sequence + " " + to, commit, false, all -> all.moved(from, to, sequence));
    }

    private void expireRetained(Store store) {
        String topic = TOPICS.get(random.nextInt(TOPICS.size()));
        StoreModel.Retained held = model.retained().get(topic);
        long sequence = held == null || random.nextInt(4) == 0 ? 1 + random.nextInt(50) : held.sequence();
        store.retainedExpired(topic, sequence);
        fold("expire " + topic + " " + sequence, null, false, all -> all.retainedExpired(topic, sequence));
    }

    private void removeSession(Store store) {
        if (random.nextInt(3) == 0) {
            long number = anyNumber();
            RecordedCommit commit = commit();
            store.removeSession(number, commit);
            fold("remove " + number, commit, false, all -> all.removeSession(number));
        }
    }

    private void putSubscription(Store store) {
        long number = anySession();
        SubscriptionRecord subscription = new SubscriptionRecord(
                randomFilter(), random.nextInt(3), random.nextBoolean(), random.nextBoolean(), random.nextInt(3));
        RecordedCommit commit = commit();
        store.putSubscription(number, subscription, commit);
        fold("subscribe " + number, commit, false, all -> all.putSubscription(number, subscription));
    }

    private void removeSubscription(Store store) {
        long number = anyNumber();
        String filter = randomFilter();
        RecordedCommit commit = commit();
        store.removeSubscription(number, filter, commit);
        fold("unsubscribe " + number, commit, false, all -> all.removeSubscription(number, filter));
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
        long publisher = fromSession ? anySession() : 0;
        int packetId = fromSession ? 1 + random.nextInt(random.nextBoolean() ? 3 : 65_535) : 0;
        Message message = randomMessage();
        Append append = new Append(message, List.copyOf(targets.values()), message.retain(), publisher, packetId);
        long sequence = store.nextSequence();
        if (sequence <= lastSequence || !sequences.add(sequence)) {
            throw new AssertionError("sequence " + sequence + " after " + lastSequence + " or given before");
        }
        lastSequence = sequence;
        RecordedCommit commit = commit();
        store.append(sequence, append, commit);
        fold("append " + sequence + " " + append.targets(), commit, false, all -> all.append(sequence, append));
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
        fold("acknowledge " + number + " " + sequence, null, true, all -> all.acknowledged(number, sequence));
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
                    RecordedCommit commit = commit();
                    store.outboundSent(number, sequence, packetId, commit);
                    fold(
                            "sent " + number + " " + sequence,
                            commit,
                            true,
                            all -> all.outboundSent(number, sequence, packetId));
                } else {
                    RecordedCommit commit = commit();
                    store.outboundReceived(number, sequence, commit);
                    fold(
                            "received " + number + " " + sequence,
                            commit,
                            true,
                            all -> all.outboundReceived(number, sequence));
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
        RecordedCommit commit = commit();
        store.inboundReleased(number, packetId, commit);
        fold("released " + number + " " + packetId, commit, true, all -> all.inboundReleased(number, packetId));
    }
}
