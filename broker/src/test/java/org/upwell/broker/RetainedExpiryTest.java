// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.broker.journal.Journal;
import org.upwell.broker.journal.JournalSettings;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.MessageProperties;
import org.upwell.broker.store.Append;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.store.StoredState;
import org.upwell.broker.sys.SystemTopics;
import org.upwell.broker.testing.FakeBroker;
import org.upwell.broker.testing.FakeLoops;
import org.upwell.broker.testing.ForwardingStore;

/// Retained messages that nobody asks for any more go when their time is over.
@Timeout(60)
class RetainedExpiryTest {

    private final FakeLoops loops = new FakeLoops(2);
    private final InMemoryStore store = new InMemoryStore();
    private final FakeBroker fake = new FakeBroker(loops, store);

    @TempDir
    Path temporary = Path.of(".");

    private Message retained(String topic, long lifeMillis) {
        long end = lifeMillis == Message.NEVER ? Message.NEVER : loops.millis() + lifeMillis;
        return new Message(topic, new byte[] {1}, 1, true, end, MessageProperties.NONE, null);
    }

    private int stored() {
        return StoredState.of(store).retained().size();
    }

    @Test
    @DisplayName("[MQTT-3.3.2-5] at its end and not before, in memory and in the store")
    void goesWhenItsTimeIsOver() {
        fake.publish(0, retained("t/five", 5_000));
        fake.publish(1, retained("t/ever", Message.NEVER));
        loops.advance(Duration.ofMillis(4_999));
        assertThat(fake.broker().retained().size()).isEqualTo(2);
        assertThat(stored()).isEqualTo(2);
        loops.advance(Duration.ofMillis(1));
        assertThat(fake.broker().retained().matching(FakeBroker.filter("#").filter()))
                .extracting(Message::topic)
                .containsExactly("t/ever");
        assertThat(StoredState.of(store).retained()).extracting(Message::topic).containsExactly("t/ever");
        assertThat(fake.broker().counters().retainedExpired.sum()).isEqualTo(1);
        assertThat(fake.broker().counters().dropped()).isZero();
    }

    @Test
    void oneThatWasReplacedOrClearedTakesNothingAway() {
        fake.publish(0, retained("t/replaced", 5_000));
        fake.publish(0, retained("t/replaced", 9_000));
        fake.publish(0, retained("t/kept", 5_000));
        fake.publish(0, retained("t/kept", Message.NEVER));
        fake.publish(0, retained("t/cleared", 5_000));
        fake.publish(0, FakeBroker.retained("t/cleared", 1, ""));
        loops.advance(Duration.ofMillis(8_999));
        assertThat(fake.broker().retained().size()).isEqualTo(2);
        assertThat(stored()).isEqualTo(2);
        loops.advance(Duration.ofMillis(1));
        assertThat(fake.broker().retained().size()).isEqualTo(1);
        assertThat(stored()).isEqualTo(1);
        assertThat(fake.broker().counters().retainedExpired.sum()).isEqualTo(1);
    }

    @Test
    void manyGoAFewAtATimeSoThatTheLoopIsNotHeldUp() {
        int over = 7;
        int count = 2 * Broker.EXPIRED_AT_ONCE + over;
        for (int i = 0; i < count; i++) {
            fake.publish(0, retained("t/" + i, 900));
        }
        loops.advance(Duration.ofMillis(999));
        assertThat(fake.broker().retained().size()).isEqualTo(count);
        loops.advance(Duration.ofMillis(1));
        assertThat(fake.broker().retained().size()).isEqualTo(Broker.EXPIRED_AT_ONCE + over);
        loops.advance(Duration.ofMillis(10));
        assertThat(fake.broker().retained().size()).isEqualTo(over);
        loops.advance(Duration.ofMillis(10));
        assertThat(fake.broker().retained().size()).isZero();
        assertThat(stored()).isZero();
        // What comes later goes too.
        fake.publish(0, retained("t/later", 1_000));
        loops.advance(Duration.ofSeconds(2));
        assertThat(fake.broker().retained().size()).isZero();
    }

    @Test
    void aStoreThatBreaksOnceDoesNotEndIt() {
        int count = Broker.EXPIRED_AT_ONCE + 7;
        AtomicInteger told = new AtomicInteger();
        FakeBroker broken = new FakeBroker(loops, new ForwardingStore(new InMemoryStore()) {
            @Override
            public void retainedExpired(String topic, long sequence) {
                if (told.incrementAndGet() == Broker.EXPIRED_AT_ONCE + 1) {
                    throw new IllegalStateException("by the test");
                }
                super.retainedExpired(topic, sequence);
            }
        });
        for (int i = 0; i < count; i++) {
            broken.publish(0, retained("t/" + i, 900));
        }
        assertThatThrownBy(() -> loops.advance(Duration.ofSeconds(2))).hasMessage("by the test");
        loops.advance(Duration.ofSeconds(2));
        assertThat(broken.broker().retained().size()).isZero();
        assertThat(told).hasValue(count);
    }

    @Test
    void theNumbersBelowSysDropToo() {
        new SystemTopics(fake.broker(), fake.owner(0), Duration.ofSeconds(1))
                .withBroker("upwell 1")
                .start();
        loops.settle();
        fake.publish(0, retained("t/1", 1_500));
        loops.advance(Duration.ofSeconds(1));
        int before = shown("$SYS/broker/retained messages/count");
        loops.advance(Duration.ofSeconds(2));
        assertThat(shown("$SYS/broker/retained messages/count")).isEqualTo(before - 1);
        assertThat(shown("$SYS/broker/store/messages/count")).isEqualTo(before - 1);
    }

    private int shown(String topic) {
        List<Message> found =
                fake.broker().retained().matching(FakeBroker.filter(topic).filter());
        return Integer.parseInt(new String(found.getFirst().payload(), StandardCharsets.UTF_8));
    }

    @Test
    void oneThatExpiredWhileTheProcessWasDownGoesAtTheStartAndFromTheJournal() {
        try (Journal journal = open()) {
            StoredState.of(journal);
            append(journal, retained("t/gone", 5_000));
            append(journal, retained("t/later", 30_000));
            append(journal, retained("t/ever", Message.NEVER));
        }
        loops.advance(Duration.ofSeconds(5));
        try (Journal journal = open()) {
            FakeBroker after = new FakeBroker(loops, journal);
            loops.settle();
            assertThat(after.broker().retained().size()).isEqualTo(2);
            loops.advance(Duration.ofMillis(24_999));
            assertThat(after.broker().retained().size()).isEqualTo(2);
            loops.advance(Duration.ofSeconds(1));
            assertThat(after.broker().retained().size()).isEqualTo(1);
        }
        try (Journal journal = open()) {
            assertThat(StoredState.of(journal).retained())
                    .extracting(Message::topic)
                    .containsExactly("t/ever");
        }
    }

    private Journal open() {
        return Journal.open(JournalSettings.of(temporary.resolve("journal")).withSegmentBytes(16 << 10));
    }

    private static void append(Journal journal, Message message) {
        journal.append(journal.nextSequence(), new Append(message, List.of(), true, 0, 0), Commit.NONE);
    }
}
