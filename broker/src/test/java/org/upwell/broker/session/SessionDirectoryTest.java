// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.upwell.broker.event.BrokerEvent;
import org.upwell.broker.message.Will;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.store.StoredState;
import org.upwell.broker.testing.FakeBroker;
import org.upwell.broker.testing.FakeConnection;
import org.upwell.broker.testing.FakeLoops;
import org.upwell.broker.testing.FakeStore;
import org.upwell.broker.testing.Seeds;
import org.upwell.broker.topic.Subscription;

class SessionDirectoryTest {

    private final FakeLoops loops = new FakeLoops(3);
    private final FakeBroker fake = new FakeBroker(loops, new InMemoryStore());

    private static Will will(String topic, long delaySeconds) {
        return new Will(FakeBroker.message(topic, 1), delaySeconds, Will.NO_EXPIRY);
    }

    private List<String> logWithout(String... words) {
        Predicate<String> wanted = line -> true;
        for (String word : words) {
            wanted = wanted.and(line -> !line.contains(word));
        }
        return fake.log().stream().filter(wanted).toList();
    }

    // ---- Opening -------------------------------------------------------------------------------------------------

    @Test
    @DisplayName("[MQTT-3.2.2-2] [MQTT-3.2.2-3] a first session is not present, a resumed one is")
    void aPersistentSessionIsResumed() {
        FakeConnection first = fake.open("c").expiry(60).now();
        assertThat(first.isPresent()).isFalse();
        fake.subscribe(first, "t", 1);
        first.disconnect();
        loops.settle();
        fake.publish(1, FakeBroker.message("t", 1));
        FakeConnection second = fake.open("c").expiry(60).on(1).now();
        assertThat(second.isPresent()).isTrue();
        assertThat(second.session()).isSameAs(first.session());
        assertThat(second.session().owner()).isSameAs(fake.owner(1));
        assertThat(second.topics()).containsExactly("t");
        assertThat(fake.events())
                .filteredOn(BrokerEvent.SessionOpened.class::isInstance)
                .extracting(event -> ((BrokerEvent.SessionOpened) event).resumed())
                .containsExactly(false, true);
    }

    @Test
    @DisplayName("[MQTT-3.1.2-4] clean start ends what there was")
    void cleanStartBeginsAnew() {
        FakeConnection first = fake.open("c").expiry(60).now();
        fake.subscribe(first, "t", 1);
        first.disconnect();
        loops.settle();
        fake.publish(0, FakeBroker.message("t", 1));
        FakeConnection second = fake.open("c").cleanStart().expiry(60).on(2).now();
        assertThat(second.isPresent()).isFalse();
        assertThat(second.session()).isNotSameAs(first.session());
        assertThat(first.session().hasEnded()).isTrue();
        fake.publish(0, FakeBroker.message("t", 1));
        assertThat(second.received()).isEmpty();
        assertThat(fake.broker().subscriptions().size()).isZero();
        assertThat(fake.broker().sessions().all()).containsExactly(second.session());
        assertThat(fake.events())
                .contains(new BrokerEvent.SessionEnded(first.session().key(), "clean start"));
    }

    @Test
    @DisplayName("[MQTT-3.1.2-5] [MQTT-3.2.2-2] a session without expiry ends with its connection")
    void aSessionWithoutExpiryEndsWithItsConnection() {
        FakeConnection first = fake.open("c").now();
        fake.subscribe(first, "t", 1);
        first.lose();
        loops.settle();
        assertThat(first.session().hasEnded()).isTrue();
        assertThat(fake.broker().sessions().find(FakeBroker.TENANT, "c")).isEmpty();
        assertThat(fake.broker().subscriptions().size()).isZero();
        assertThat(fake.open("c").now().isPresent()).isFalse();
    }

    @Test
    void aLiveSessionWithoutExpiryIsNotResumedByTakeover() {
        FakeConnection first = fake.open("c").now();
        fake.subscribe(first, "t", 1);
        FakeConnection second = fake.open("c").on(1).now();
        assertThat(first.takeovers()).isEqualTo(1);
        assertThat(second.isPresent()).isFalse();
        assertThat(fake.broker().subscriptions().size()).isZero();
    }

    @Test
    void anExpiryOfZeroOnResumeMakesTheSessionEndWithThisConnection() {
        fake.open("c").expiry(60).now().disconnect();
        loops.settle();
        FakeConnection second = fake.open("c").now();
        assertThat(second.isPresent()).isTrue();
        assertThat(second.session().isPersistent()).isFalse();
        second.lose();
        loops.settle();
        assertThat(second.session().hasEnded()).isTrue();
        assertThat(StoredState.of(fake.broker().store()).sessions()).isEmpty();
    }

    // ---- Takeover ------------------------------------------------------------------------------------------------

    @Test
    @DisplayName("[MQTT-3.1.4-3] the old connection's close and will come before the new one's answer")
    void theOldConnectionIsToldAndItsWillPublishedFirst() {
        FakeConnection watcher = fake.open("watcher").now();
        fake.subscribe(watcher, "will", 1);
        FakeConnection old = fake.connection("old");
        fake.open("c").expiry(60).will(will("will", 0)).as(old).now();
        fake.open("c").expiry(60).on(1).as(fake.connection("new")).now();
        assertThat(logWithout("watcher opened"))
                .containsExactly("old opened", "old taken over", "watcher gets will", "new opened");
        assertThat(fake.events())
                .contains(new BrokerEvent.SessionTakenOver(old.session().key()));
    }

    @Test
    @DisplayName("[MQTT-3.1.3-9] a delayed will is not sent when the session goes on")
    void aDelayedWillIsNotSentWhenTheSessionGoesOn() {
        FakeConnection watcher = fake.open("watcher").now();
        fake.subscribe(watcher, "will", 1);
        fake.open("c").expiry(60).will(will("will", 5)).now();
        FakeConnection second = fake.open("c").expiry(60).on(1).now();
        assertThat(second.isPresent()).isTrue();
        loops.advance(Duration.ofSeconds(10));
        assertThat(watcher.received()).isEmpty();
    }

    @Test
    void aDelayedWillIsSentWhenTheTakeoverEndsTheSession() {
        FakeConnection watcher = fake.open("watcher").now();
        fake.subscribe(watcher, "will", 1);
        fake.open("c")
                .expiry(60)
                .will(will("will", 5))
                .as(fake.connection("old"))
                .now();
        fake.open("c").cleanStart().as(fake.connection("new")).on(1).now();
        assertThat(logWithout("watcher opened"))
                .containsExactly("old opened", "old taken over", "watcher gets will", "new opened");
    }

    @Test
    @DisplayName("[MQTT-3.8.3-3] the will of the connection before does not reach a no-local subscription")
    void aWillIsItsOwnSessionsMessage() {
        FakeConnection old = fake.open("c").expiry(60).will(will("will", 0)).now();
        fake.subscribe(
                new Subscription<>(old.session(), FakeBroker.filter("will").filter(), 1, true, false, 0));
        FakeConnection second = fake.open("c").expiry(60).now();
        assertThat(second.isPresent()).isTrue();
        assertThat(second.received()).isEmpty();
    }

    @Test
    void manyClaimsAreServedOneAfterTheOther() {
        Seeds.each(300, random -> {
            FakeLoops own = new FakeLoops(3);
            FakeBroker broker = new FakeBroker(own, new InMemoryStore());
            List<FakeConnection> all = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                FakeBroker.Open open = broker.open("c")
                        .as(broker.connection("c" + i))
                        .on(random.nextInt(3))
                        .expiry(random.nextBoolean() ? 60 : 0);
                all.add((random.nextInt(4) == 0 ? open.cleanStart() : open).begin());
                for (int steps = random.nextInt(4); steps > 0; steps--) {
                    own.step(random);
                }
            }
            own.settle(random);
            assertThat(all).allMatch(FakeConnection::isOpened);
            List<FakeConnection> left =
                    all.stream().filter(each -> each.takeovers() == 0).toList();
            assertThat(left).hasSize(1);
            assertThat(all).allMatch(each -> each.takeovers() <= 1);
            assertOneAtATime(broker.log());
            assertThat(broker.broker().sessions().all())
                    .containsExactly(left.getFirst().session());
            assertThat(left.getFirst().session().isOnline()).isTrue();
        });
    }

    /// Between two openings stands the takeover of the first.
    private static void assertOneAtATime(List<String> log) {
        String live = "";
        for (String line : log) {
            String name = line.substring(0, line.indexOf(' '));
            if (line.endsWith("opened")) {
                assertThat(live).as("%s opened while another was live", name).isEmpty();
                live = name;
            } else if (line.endsWith("taken over")) {
                assertThat(name).isEqualTo(live);
                live = "";
            }
        }
    }

    @Test
    void aStaleTokenIsRefusedBeforeTakeover() {
        FakeConnection live = fake.open("c").expiry(60).issuedAt(100).now();
        FakeConnection stale = fake.open("c").expiry(60).issuedAt(99).on(1).now();
        assertThat(stale.isOpened()).isFalse();
        assertThat(stale.refusal()).contains("older");
        assertThat(live.takeovers()).isZero();
        assertThat(live.session().isOnline()).isTrue();
        assertThat(live.session().owner()).isSameAs(fake.owner(0));
    }

    @Test
    void anEquallyOldOrYoungerOrNoTokenTakesOver() {
        fake.open("c").expiry(60).issuedAt(100).now();
        assertThat(fake.open("c").expiry(60).issuedAt(100).now().isOpened()).isTrue();
        assertThat(fake.open("c").expiry(60).issuedAt(101).now().isOpened()).isTrue();
        assertThat(fake.open("c").expiry(60).now().isOpened()).isTrue();
        assertThat(fake.open("c").expiry(60).issuedAt(1).now().isOpened()).isTrue();
    }

    @Test
    void anOfflineSessionIsOpenToAnOlderToken() {
        fake.open("c").expiry(60).issuedAt(100).now().disconnect();
        loops.settle();
        assertThat(fake.open("c").expiry(60).issuedAt(50).now().isPresent()).isTrue();
    }

    // ---- Narrow windows ------------------------------------------------------------------------------------------

    @Test
    void aSessionThatIsEndedWhileItMovesIsOpenedAnew() {
        FakeConnection first = fake.open("c").expiry(60).now();
        first.disconnect();
        loops.settle();
        FakeConnection second = fake.open("c").expiry(60).on(1).begin();
        FakeConnection third =
                fake.open("c").expiry(60).on(2).as(fake.connection("third")).begin();
        assertThat(loops.get(0).runNext())
                .as("the claim, by which the session moves")
                .isTrue();
        Session session = first.session();
        assertThat(session.owner()).isSameAs(fake.owner(1));
        loops.get(1).run(() -> session.end("deleted"));
        loops.settle();
        assertThat(second.isOpened()).isTrue();
        assertThat(third.isOpened()).isTrue();
        assertThat(fake.broker().sessions().all()).hasSize(1).allMatch(each -> !each.hasEnded());
    }

    @Test
    void aConnectionThatLostItsSessionBeforeTheStoreAnsweredIsNotOpened() {
        FakeStore store = new FakeStore();
        FakeBroker broker = new FakeBroker(loops, store);
        FakeConnection first =
                broker.open("c").expiry(60).as(broker.connection("first")).now();
        assertThat(first.isAnswered()).as("the store has not answered").isFalse();
        FakeConnection second = broker.open("c")
                .expiry(60)
                .on(1)
                .as(broker.connection("second").withoutDelivery())
                .now();
        assertThat(first.takeovers()).isEqualTo(1);
        store.commitAll();
        loops.settle();
        assertThat(first.isOpened()).isFalse();
        assertThat(first.refusal()).contains("taken over");
        assertThat(second.isOpened()).isTrue();
        assertThat(second.isPresent()).isTrue();
    }

    @Test
    void aSessionThatCannotBeStoredIsRefused() {
        FakeStore store = new FakeStore();
        FakeBroker broker = new FakeBroker(loops, store);
        FakeConnection first = broker.open("c").expiry(60).now();
        store.failAll();
        loops.settle();
        assertThat(first.refusal()).contains("stored");
        assertThat(broker.broker().sessions().all()).allMatch(session -> !session.isOnline());
    }

    @Test
    void whatAConnectionDoesWhenItIsToldFindsThePersistentSession() {
        FakeConnection connection = fake.connection("c");
        connection.whenOpened(() -> connection
                .session()
                .subscribe(
                        FakeBroker.filter("t"),
                        new Subscription<>(
                                connection.session(), FakeBroker.filter("t").filter(), 1, false, false, 0),
                        Commit.NONE));
        fake.open("c").expiry(60).as(connection).now();
        assertThat(connection.session().isPersistent()).isTrue();
        assertThat(StoredState.of(fake.broker().store()).sessions().getFirst().subscriptions())
                .as("the subscription made within the answer is kept")
                .hasSize(1);
    }

    @Test
    void sessionsAreFoundByTenantAndClientId() {
        FakeConnection connection = fake.open("c").now();
        assertThat(fake.broker().sessions().find(FakeBroker.TENANT, "c")).contains(connection.session());
        assertThat(fake.broker().sessions().find("other", "c")).isEmpty();
        assertThat(fake.broker().sessions().find(FakeBroker.TENANT, "d")).isEmpty();
    }
}
