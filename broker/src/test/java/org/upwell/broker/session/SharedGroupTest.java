// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.message.Message;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.GroupRecord;
import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.store.StoredState;
import org.upwell.broker.testing.FakeBroker;
import org.upwell.broker.testing.FakeConnection;
import org.upwell.broker.testing.FakeLoops;
import org.upwell.broker.testing.Seeds;

class SharedGroupTest {

    private static final String SHARED = "$share/g/t/#";
    private static final GroupRecord GROUP = new GroupRecord(FakeBroker.TENANT, "g", "t/#");

    private final FakeLoops loops = new FakeLoops(2);
    private final InMemoryStore store = new InMemoryStore();
    private final FakeBroker fake = new FakeBroker(loops, store);

    private FakeConnection member(String clientId, int loop, long expiry, int quota) {
        FakeConnection connection = fake.connection(clientId).withSendQuota(quota);
        fake.open(clientId).expiry(expiry).on(loop).as(connection).now();
        fake.subscribeShared(connection, SHARED, 2);
        return connection;
    }

    private void publish(int count, int qos) {
        for (int i = 0; i < count; i++) {
            fake.publish(i % 2, FakeBroker.message("t/" + i, qos));
        }
    }

    private int waiting() {
        return fake.broker().groups().all().stream()
                .mapToInt(SharedGroup::queuedMessages)
                .sum();
    }

    @Test
    @DisplayName("[MQTT-4.8.2-2] each message goes to one member, in turn")
    void messagesAreSharedOutInTurn() {
        FakeConnection a = member("a", 0, 0, 100);
        FakeConnection b = member("b", 1, 0, 100);
        FakeConnection c = member("c", 1, 0, 100);
        FakeConnection alone = fake.open("alone").now();
        fake.subscribe(alone, "t/#", 1);
        for (int qos = 0; qos < 3; qos++) {
            publish(30, qos);
        }
        assertThat(List.of(
                        a.received().size(), b.received().size(), c.received().size()))
                .containsExactly(30, 30, 30);
        assertThat(alone.received()).hasSize(90);
    }

    @Test
    void aGroupThatHasEndedKeepsNothing() {
        FakeConnection a = member("a", 0, 0, 1);
        SharedGroup group = fake.broker().groups().all().iterator().next();
        loops.get(0).run(() -> a.session().unsubscribe(SHARED, Commit.NONE));
        loops.settle();

        // As when the last member left while a message was being committed.
        loops.get(1)
                .run(() -> group.deliver(
                        new Delivery(FakeBroker.message("t/late", 2), 0, 2, false, Delivery.NO_IDS), fake.owner(1)));
        loops.settle();

        assertThat(group.queuedMessages()).isZero();
        assertThat(fake.broker().counters().messagesWaiting.sum()).isZero();
    }

    @Test
    void aMemberWithoutQuotaIsSkipped() {
        FakeConnection slow = member("slow", 0, 0, 2);
        FakeConnection quick = member("quick", 1, 0, 100);
        publish(20, 1);
        assertThat(slow.received()).hasSize(2);
        assertThat(quick.received()).hasSize(18);
        assertThat(waiting()).isZero();
    }

    @Test
    void whatNobodyCanTakeWaitsForWhoeverCan() {
        FakeConnection a = member("a", 0, 0, 1);
        FakeConnection b = member("b", 1, 0, 1);
        publish(10, 2);
        assertThat(waiting()).isEqualTo(8);
        loops.get(1).run(b::acknowledgeAll);
        loops.settle();
        assertThat(a.received()).hasSize(1);
        assertThat(b.received()).hasSize(9);
        assertThat(waiting()).isZero();
    }

    @Test
    @DisplayName("[MQTT-3.8.4-8] each member gets what its own subscription says")
    void qosAndIdentifierAreTheMembersOwn() {
        FakeConnection a = fake.open("a").now();
        fake.subscribeShared(a, SHARED, 0);
        FakeConnection b = fake.open("b").on(1).now();
        fake.subscribeShared(b, SHARED, 1);
        publish(4, 2);
        assertThat(a.received())
                .hasSize(2)
                .allSatisfy(each -> assertThat(each.qos()).isZero());
        assertThat(b.received())
                .hasSize(2)
                .allSatisfy(each -> assertThat(each.qos()).isEqualTo(1));
    }

    @Test
    @DisplayName("[MQTT-4.8.2-5] QoS 1 goes to another member when the session ends, QoS 2 does not")
    void unacknowledgedMessagesOfAnEndedSession() {
        FakeConnection a = member("a", 0, 0, 10);
        publish(3, 1);
        publish(2, 2);
        assertThat(a.received()).hasSize(5);
        FakeConnection b = member("b", 1, 0, 10);
        a.lose();
        loops.settle();
        assertThat(b.topics()).containsExactly("t/0", "t/1", "t/2");
        assertThat(b.received()).allSatisfy(each -> assertThat(each.qos()).isEqualTo(1));
    }

    @Test
    void unacknowledgedMessagesStayWithASessionThatLives() {
        FakeConnection a = member("a", 0, 60, 10);
        publish(3, 1);
        a.lose();
        loops.settle();
        FakeConnection b = member("b", 1, 0, 10);
        publish(2, 1);
        assertThat(b.received()).as("only the new ones").hasSize(2);
        FakeConnection back = fake.open("a").expiry(60).now();
        assertThat(back.session().inFlight().size()).isEqualTo(3);
    }

    @Test
    void orGoToAnotherAtOnceByOption() {
        fake.limits(new SessionLimits(100, 10_000, OverflowRule.DROP_NEWEST, 0, true));
        FakeConnection a = member("a", 0, 60, 10);
        publish(3, 1);
        FakeConnection b = member("b", 1, 0, 10);
        a.lose();
        loops.settle();
        assertThat(b.topics()).containsExactly("t/0", "t/1", "t/2");
        assertThat(a.session().inFlight().size()).isZero();
    }

    @Test
    void theGroupsQueueOutlivesTheProcess() {
        FakeConnection a = member("a", 0, 60, 2);
        publish(3, 1);
        publish(3, 2);
        a.lose();
        loops.settle();
        StoredState kept = StoredState.of(store);
        assertThat(kept.groups()).containsOnlyKeys(GROUP, GROUP.ofMember("a"));
        assertThat(queueOf(GROUP)).hasSize(4);
        assertThat(queueOf(GROUP.ofMember("a")))
                .as("what was sent moved to the member")
                .hasSize(2)
                .allSatisfy(each -> assertThat(each.packetId()).isPositive());

        FakeBroker after = new FakeBroker(loops, store);
        loops.settle();
        FakeConnection other = after.open("other").on(1).now();
        after.subscribeShared(other, SHARED, 2);
        loops.settle();
        assertThat(other.topics()).hasSize(4);
        FakeConnection back = after.open("a").expiry(60).now();
        assertThat(back.session().inFlight().size()).isEqualTo(2);
        back.acknowledgeAll();
        loops.get(1).run(other::acknowledgeAll);
        loops.settle();
        assertThat(queueOf(GROUP)).isEmpty();
        assertThat(queueOf(GROUP.ofMember("a"))).isEmpty();
    }

    private List<StoredState.StoredDelivery> queueOf(GroupRecord key) {
        StoredState.StoredGroup kept = StoredState.of(store).groups().get(key);
        return kept == null ? List.of() : kept.queue();
    }

    @Test
    @DisplayName("[MQTT-4.8.2-4] [MQTT-4.8.2-5] what a session has in flight is the group's after a restart too")
    void unacknowledgedMessagesOfASessionThatEndsAfterARestart() {
        FakeConnection a = member("a", 0, 60, 10);
        publish(2, 1);
        publish(2, 2);
        FakeBroker after = new FakeBroker(loops, store);
        loops.settle();
        FakeConnection b = after.open("b").on(1).now();
        after.subscribeShared(b, SHARED, 2);
        assertThat(b.topics()).as("they are with a").isEmpty();
        // It never comes back for them.
        Session gone = after.broker().sessions().find(FakeBroker.TENANT, "a").orElseThrow();
        gone.owner().run(() -> gone.end("expired"));
        loops.settle();
        assertThat(b.topics()).containsExactly("t/0", "t/1");
        assertThat(b.received()).extracting(Delivery::qos).containsExactly(1, 1);
        assertThat(a.received()).hasSize(4);
        loops.get(1).run(b::acknowledgeAll);
        loops.settle();
        assertThat(queueOf(GROUP)).isEmpty();
        assertThat(queueOf(GROUP.ofMember("a"))).isEmpty();
        new FakeBroker(loops, store);
        assertThat(StoredState.of(store).groups()).doesNotContainKey(GROUP.ofMember("a"));
    }

    @Test
    void aMemberThatComesBackAfterARestartHasItsOwnAndNoOtherIsGivenIt() {
        member("a", 0, 60, 10);
        publish(2, 1);
        publish(2, 2);
        FakeBroker after = new FakeBroker(loops, store);
        loops.settle();
        FakeConnection back = after.open("a").expiry(60).now();
        assertThat(back.session().inFlight().inOrder())
                .extracting(entry -> entry.delivery().message().topic() + " " + entry.qos())
                .containsExactly("t/0 1", "t/1 1", "t/0 2", "t/1 2");
        FakeConnection b = after.open("b").on(1).now();
        after.subscribeShared(b, SHARED, 2);
        back.acknowledgeOne();
        back.session().owner().run(() -> back.session().end("over"));
        loops.settle();
        assertThat(b.topics()).containsExactly("t/1");
        assertThat(queueOf(GROUP.ofMember("a"))).isEmpty();
    }

    /// The process ended between the end of the session and the return of what it had.
    @Test
    void whatAnEndedSessionLeftBehindIsFoundAtTheNextStart() {
        FakeConnection a = member("a", 0, 60, 10);
        member("b", 1, 60, 0).disconnect();
        publish(2, 1);
        publish(1, 2);
        store.removeSession(a.session().storeNumber(), Commit.NONE);
        FakeBroker after = new FakeBroker(loops, store);
        loops.settle();
        FakeConnection back = after.open("b").expiry(60).on(1).now();
        assertThat(back.topics()).containsExactly("t/0", "t/1");
        assertThat(queueOf(GROUP.ofMember("a"))).isEmpty();
    }

    @Test
    void aSessionsOwnCopyAndItsCopyOfAGroupAreKeptApart() {
        FakeConnection a = member("a", 0, 60, 10);
        fake.subscribe(a, "t/#", 1);
        publish(1, 1);
        assertThat(a.received()).hasSize(2);
        a.acknowledgeOne();
        FakeBroker after = new FakeBroker(loops, store);
        loops.settle();
        FakeConnection back = after.open("a").expiry(60).now();
        assertThat(back.session().inFlight().inOrder()).hasSize(1);
        assertThat(back.session()
                        .inFlight()
                        .inOrder()
                        .getFirst()
                        .delivery()
                        .message()
                        .topic())
                .isEqualTo("t/0");
    }

    @Test
    void aMemberThatLosesItsRightsAndHasThemBackGoesOn() {
        FakeConnection a = member("a", 0, 0, 10);
        fake.allowSubscriptions(false);
        publish(2, 1);
        assertThat(a.received()).isEmpty();
        assertThat(waiting()).isEqualTo(2);
        fake.allowSubscriptions(true);
        publish(1, 1);
        assertThat(a.topics()).containsExactly("t/0", "t/1", "t/0");
    }

    @Test
    void aMemberThatLosesTheRightBeforeItsClientIsAnsweredGetsNothing() {
        member("a", 0, 60, 10).lose();
        loops.settle();
        FakeConnection again = fake.connection("a").withoutDelivery();
        fake.open("a").expiry(60).as(again).now();

        fake.allowSubscriptions(false);
        loops.get(0).run(() -> {
            again.session().startDelivery();
            again.pump();
        });
        publish(2, 1);

        assertThat(again.received()).isEmpty();
        assertThat(waiting()).isEqualTo(2);
    }

    @Test
    void theGroupEndsWithItsLastMember() {
        FakeConnection a = member("a", 0, 60, 1);
        publish(3, 1);
        loops.get(0).run(() -> a.session().unsubscribe(SHARED, Commit.NONE));
        loops.settle();
        assertThat(fake.broker().groups().all()).isEmpty();
        assertThat(fake.broker().subscriptions().size()).isZero();
        assertThat(StoredState.of(store).groups()).as("what was sent").containsOnlyKeys(GROUP.ofMember("a"));
        a.session().owner().run(() -> a.session().end("over"));
        loops.settle();
        assertThat(StoredState.of(store).groups()).isEmpty();
    }

    @Test
    void theLimitsAreTheLargestOfTheMembers() {
        fake.limits(new SessionLimits(6, 1_000, OverflowRule.DROP_OLDEST, 0));
        FakeConnection large = member("large", 0, 60, 0);
        fake.limits(new SessionLimits(3, 10_000, OverflowRule.DROP_NEWEST, 0));
        FakeConnection small = member("small", 1, 60, 0);
        SharedGroup group = fake.broker().groups().all().iterator().next();
        assertThat(group.limits().queueMessages()).isEqualTo(6);
        assertThat(group.limits().queueBytes()).isEqualTo(10_000);
        assertThat(group.limits().overflow()).isEqualTo(OverflowRule.DROP_NEWEST);
        small.session().owner().run(() -> small.session().end("over"));
        loops.settle();
        assertThat(group.limits().queueBytes()).isEqualTo(1_000);
        assertThat(group.limits().overflow()).isEqualTo(OverflowRule.DROP_OLDEST);
        fake.limits(new SessionLimits(2, 20, OverflowRule.DROP_NEWEST, 0));
        fake.broker().accessChanged(key -> true);
        loops.settle();
        assertThat(group.limits().queueMessages()).isEqualTo(2);
        publish(5, 1);
        assertThat(waiting()).isEqualTo(2);
        assertThat(large.received()).isEmpty();
    }

    @Test
    void theLimitHoldsForTheGroupAsAWhole() {
        fake.limits(new SessionLimits(5, 10_000, OverflowRule.DROP_NEWEST, 0));
        member("a", 0, 60, 1);
        publish(10, 1);
        assertThat(waiting()).isEqualTo(5);
        assertThat(fake.broker().counters().droppedBy(DropCause.QUEUE_FULL)).isEqualTo(4);
    }

    @Test
    void twoTenantsGroupsOfOneNameNeverMeet() {
        FakeConnection a = member("a", 0, 0, 10);
        fake.subscribeShared(a, "$share/h/t/#", 1);
        publish(2, 1);
        assertThat(a.received()).as("two groups, two copies").hasSize(4);
    }

    /// Members come, go, acknowledge, lose connections; in the end everything was acknowledged by somebody, and at
    /// QoS 2 sent to one member only.
    @Test
    void nothingIsLostWhateverMembersDo() {
        Seeds.each(300, random -> new History(random).run());
    }

    private static final class History {
        private final FakeLoops loops = new FakeLoops(3);
        private final InMemoryStore store = new InMemoryStore();
        private final Random random;
        private final FakeBroker fake;
        private final Map<Integer, FakeConnection> online = new HashMap<>();
        private final Map<String, List<String>> sentTo = new HashMap<>();
        private int published;

        private History(Random random) {
            this.random = random;
            this.fake = new FakeBroker(loops, store);
        }

        private void run() {
            // One member stays and takes nothing until the end, so that the group never ends.
            FakeConnection anchor = fake.connection("anchor").withSendQuota(0);
            fake.open("anchor").expiry(1000).as(anchor).now();
            fake.subscribeShared(anchor, SHARED, 2);
            for (int i = 0; i < 60; i++) {
                step();
            }
            online.values().forEach(FakeConnection::lose);
            loops.settle(random);
            online.values().forEach(this::note);
            for (int i = 0; i < 4; i++) {
                // Each comes back for what it holds, then ends for good.
                FakeConnection back = fake.connection("m" + i).withSendQuota(100);
                fake.open("m" + i).expiry(0).on(i % 3).as(back).now();
                note(back);
                fake.loops().get(i % 3).run(back::acknowledgeAll);
                loops.settle(random);
                note(back);
                back.disconnect();
                loops.settle(random);
            }
            FakeConnection last = fake.connection("last").withSendQuota(10_000);
            fake.open("last").as(last).now();
            fake.subscribeShared(last, SHARED, 2);
            loops.settle(random);
            loops.get(0).run(last::acknowledgeAll);
            loops.settle(random);
            note(last);
            Set<String> arrived = new HashSet<>(sentTo.keySet());
            for (int i = 0; i < published; i++) {
                int qos = i % 2 + 1;
                String topic = "t/" + i;
                assertThat(arrived).contains(topic);
                if (qos == 2) {
                    assertThat(new HashSet<>(sentTo.getOrDefault(topic, List.of())))
                            .as(topic)
                            .hasSize(1);
                }
            }
            StoredState.of(store)
                    .groups()
                    .values()
                    .forEach(group -> assertThat(group.queue()).isEmpty());
        }

        private void note(FakeConnection connection) {
            for (String topic : connection.topics()) {
                sentTo.computeIfAbsent(topic, key -> new ArrayList<>()).add(connection.toString());
            }
        }

        private void step() {
            int who = random.nextInt(4);
            FakeConnection connection = online.get(who);
            switch (random.nextInt(6)) {
                case 0 -> {
                    if (connection == null) {
                        FakeConnection fresh = fake.connection("m" + who).withSendQuota(1 + random.nextInt(4));
                        boolean persistent = random.nextBoolean();
                        fake.open("m" + who)
                                .expiry(persistent ? 500 : 0)
                                .on(who % 3)
                                .as(fresh)
                                .now();
                        fake.subscribeShared(fresh, SHARED, 2);
                        online.put(who, fresh);
                    }
                }
                case 1 -> {
                    if (connection != null) {
                        online.remove(who);
                        connection.lose();
                        loops.settle(random);
                        note(connection);
                    }
                }
                case 2 -> {
                    if (connection != null) {
                        loops.get(who % 3).run(connection::acknowledgeOne);
                        loops.settle(random);
                    }
                }
                default -> {
                    int qos = published % 2 + 1;
                    Message message = FakeBroker.message("t/" + published++, qos);
                    int loop = random.nextInt(3);
                    loops.get(loop).run(() -> fake.route(loop, message));
                    if (random.nextBoolean()) {
                        loops.settle(random);
                    }
                }
            }
        }
    }
}
