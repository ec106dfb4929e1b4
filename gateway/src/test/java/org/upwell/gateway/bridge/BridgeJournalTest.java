// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.access.Mac;
import org.upwell.client.InFlightStore.InFlight;
import org.upwell.codec.Properties;
import org.upwell.codec.Publish;
import org.upwell.codec.QoS;

@Timeout(60)
class BridgeJournalTest {

    private static final String LINK = "gw-coap-mqtt-bridge-001";
    private static final Mac MAC = Mac.parse("001350050047dd92");

    @TempDir
    private Path directory;

    private Path file() {
        return directory.resolve("bridge");
    }

    private static NotificationId id(long sequence) {
        return new NotificationId(MAC, "/arduino/temp?sens", 1, sequence);
    }

    private static Publish message(int packetId, long sequence) {
        Properties.Builder properties = Properties.builder();
        id(sequence).properties().forEach(each -> properties.user(each.name(), each.value()));
        byte[] payload = ("value " + sequence).getBytes(StandardCharsets.UTF_8);
        return new Publish(
                "T/read/" + MAC + "/temp", payload, QoS.EXACTLY_ONCE, false, false, packetId, properties.build());
    }

    private static boolean isDone(BridgeJournal journal, long sequence) {
        RepeatWindow.Claim claim = journal.window().claim(id(sequence), new CompletableFuture<>());
        if (claim instanceof RepeatWindow.Claim.Fresh) {
            journal.window().settle(id(sequence), false);
        }
        return claim instanceof RepeatWindow.Claim.Done;
    }

    private static void await(CompletionStage<?> stage) {
        stage.toCompletableFuture().join();
    }

    private static List<InFlight> left(BridgeJournal journal) {
        return journal.store(LINK).load().toCompletableFuture().join();
    }

    @Test
    void refusedMessageIsNotTakenAsPublished() throws IOException {
        try (BridgeJournal journal = BridgeJournal.open(file())) {
            BridgeJournal.LinkStore store = journal.store(LINK);
            await(store.put(message(1, 1)));
            store.remove(1, false);
            await(store.put(message(2, 2)));
            store.remove(2, true);
        }
        try (BridgeJournal journal = BridgeJournal.open(file())) {
            assertThat(left(journal)).isEmpty();
            assertThat(isDone(journal, 1)).isFalse();
            assertThat(isDone(journal, 2)).isTrue();
        }
    }

    /// Whoever sent PUBREC has the message, whatever becomes of the link: its device must not send it again. One
    /// that was not answered may be with the broker or not; then it comes twice rather than never.
    @Test
    void releasedMessageOfARemovedLinkIsDelivered() throws IOException {
        try (BridgeJournal journal = BridgeJournal.open(file())) {
            BridgeJournal.LinkStore store = journal.store(LINK);
            await(store.put(message(1, 1)));
            await(store.put(message(2, 2)));
            await(store.release(1));
        }
        for (String start : List.of("the first without the link", "the next")) {
            try (BridgeJournal journal = BridgeJournal.open(file())) {
                journal.endAllBut(Set.of("gw-coap-mqtt-bridge-002"));
                assertThat(left(journal)).as(start).isEmpty();
                assertThat(isDone(journal, 1)).as(start).isTrue();
                assertThat(isDone(journal, 2)).as(start).isFalse();
            }
        }
    }

    @Test
    void numberAtQos0IsKeptBeforeAndTakenBack() throws IOException {
        try (BridgeJournal journal = BridgeJournal.open(file())) {
            await(journal.note(id(1)));
            await(journal.note(id(2)));
            journal.forget(id(2));
            assertThat(isDone(journal, 1)).isTrue();
            assertThat(isDone(journal, 2)).isFalse();
        }
        try (BridgeJournal journal = BridgeJournal.open(file())) {
            assertThat(isDone(journal, 1)).isTrue();
            assertThat(isDone(journal, 2)).isFalse();
        }
    }

    /// What a link gave the journal, as plain maps.
    private static final class Model {
        private final Map<Integer, Publish> inFlight = new HashMap<>();
        private final Set<Integer> released = new HashSet<>();
        private final Set<Long> published = new HashSet<>();
        private long sequence;

        /// Does one thing at random to the model and to the journal.
        private void step(Random random, BridgeJournal.LinkStore store) {
            List<Integer> ids = new ArrayList<>(inFlight.keySet());
            int what = random.nextInt(3);
            if (what == 0 || ids.isEmpty()) {
                send(1 + random.nextInt(20), store);
                return;
            }
            int packetId = ids.get(random.nextInt(ids.size()));
            if (what == 1) {
                await(store.release(packetId));
                released.add(packetId);
            } else {
                Publish ended = Objects.requireNonNull(inFlight.remove(packetId));
                released.remove(packetId);
                store.remove(packetId, true);
                published.add(
                        NotificationId.of(ended.properties()).orElseThrow().sequence());
            }
        }

        private void send(int packetId, BridgeJournal.LinkStore store) {
            if (!inFlight.containsKey(packetId)) {
                Publish message = message(packetId, ++sequence);
                await(store.put(message));
                inFlight.put(packetId, message);
            }
        }

        private void check(BridgeJournal journal, String when) {
            Map<Integer, Publish> found = new HashMap<>();
            for (InFlight each : left(journal)) {
                found.put(each.publish().packetId(), each.publish());
                assertThat(each.released())
                        .as(when)
                        .isEqualTo(released.contains(each.publish().packetId()));
            }
            assertThat(found).as(when).isEqualTo(inFlight);
            for (long number = Math.max(1, sequence - 30); number <= sequence; number++) {
                assertThat(isDone(journal, number))
                        .as("%s, number %d", when, number)
                        .isEqualTo(published.contains(number));
            }
        }
    }

    /// Against plain maps, over many restarts as by `kill -9` (the file is copied while it is open), with a file
    /// that is written anew all the time.
    @Test
    void agreesWithAModelOverRestarts() throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        Model model = new Model();
        BridgeJournal journal = new BridgeJournal(file(), 2_000);
        try {
            for (int round = 0; round < 60; round++) {
                BridgeJournal.LinkStore store = journal.store(LINK);
                for (int step = 0; step < 40; step++) {
                    model.step(random, store);
                }
                // Waits until all of it is written.
                await(journal.note(new NotificationId(MAC, "/flush", 1, round)));
                Path copy = directory.resolve("round-" + round);
                Files.copy(directory.resolve(round == 0 ? "bridge" : "round-" + (round - 1)), copy);
                journal.close();
                journal = new BridgeJournal(copy, 2_000);
                model.check(journal, "seed " + seed + ", round " + round);
                assertThat(Files.size(copy)).as("bounded").isLessThan(3_000_000);
            }
        } finally {
            journal.close();
        }
    }

    @Test
    void restoredMessagesComeInTheOrderInWhichTheyWereSent() throws IOException {
        try (BridgeJournal journal = BridgeJournal.open(file())) {
            for (int packetId : new int[] {9, 3, 7, 1}) {
                await(journal.store(LINK).put(message(packetId, packetId)));
            }
        }
        try (BridgeJournal journal = BridgeJournal.open(file())) {
            assertThat(left(journal))
                    .extracting(each -> each.publish().packetId())
                    .containsExactly(9, 3, 7, 1);
        }
    }
}
