// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.testing.FakeBroker;
import org.upwell.broker.testing.FakeConnection;
import org.upwell.broker.testing.FakeLoops;

/// Who learns of what a session lost, when, and how often.
class LossesTest {

    private final FakeLoops loops = new FakeLoops(2);
    private final InMemoryStore store = new InMemoryStore();
    private final FakeBroker fake =
            new FakeBroker(loops, store, new SessionLimits(1, 1_000, OverflowRule.DROP_NEWEST, 0));

    /// What came below `$SYS`, as `topic=payload`.
    private static List<String> views(FakeConnection connection) {
        List<String> views = new ArrayList<>();
        for (Delivery delivery : connection.received()) {
            Message message = delivery.message();
            if (message.topic().startsWith("$SYS")) {
                views.add(message.topic() + "=" + new String(message.payload(), StandardCharsets.US_ASCII));
            }
        }
        return views;
    }

    private void publish(int count) {
        for (int i = 0; i < count; i++) {
            fake.publish(1, FakeBroker.message("t/" + i, 1));
        }
    }

    /// One whose quota and queue are full, so that all that follows is lost.
    private FakeConnection stalled(String clientId) {
        FakeConnection connection = fake.open(clientId)
                .expiry(60)
                .as(fake.connection(clientId).withSendQuota(1))
                .now();
        fake.subscribe(connection, "t/#", 1);
        publish(2);
        return connection;
    }

    @Test
    void aSessionIsShownItsOwnLossesAndNobodyElses() {
        FakeConnection stalled = stalled("c");
        FakeConnection other = fake.open("other").on(1).now();
        fake.subscribe(stalled, "$SYS/session/dropped/#", 1);
        fake.subscribe(other, "$SYS/session/#", 1);
        fake.subscribe(other, "$SYS/#", 1);

        publish(1);

        assertThat(views(stalled)).containsExactly("$SYS/session/dropped=1", "$SYS/session/dropped/queue-full=1");
        assertThat(views(other)).containsExactly("$SYS/clients/acme/c/dropped=1");
    }

    @Test
    void eachChangeIsShownAtMostOnceASecondAndTheLastOneAlways() {
        FakeConnection stalled = stalled("c");
        fake.subscribe(stalled, "$SYS/session/dropped", 0);

        publish(5);
        assertThat(views(stalled)).containsExactly("$SYS/session/dropped=1");
        loops.advance(Duration.ofMillis(999));
        assertThat(views(stalled)).hasSize(1);
        loops.advance(Duration.ofMillis(1));
        assertThat(views(stalled)).containsExactly("$SYS/session/dropped=1", "$SYS/session/dropped=5");
        loops.advance(Duration.ofSeconds(10));
        assertThat(views(stalled)).hasSize(2);
        publish(1);
        assertThat(views(stalled)).hasSize(3).last().isEqualTo("$SYS/session/dropped=6");
    }

    @Test
    void aNewSubscriptionIsShownWhatIsLostAlready() {
        FakeConnection stalled = stalled("c");
        assertThat(stalled.session()
                        .ownView(FakeBroker.filter("$SYS/session/dropped").filter()))
                .extracting(message -> new String(message.payload(), StandardCharsets.US_ASCII))
                .containsExactly("0");
        publish(3);
        assertThat(stalled.session().ownView(FakeBroker.filter("$SYS/#").filter()))
                .extracting(Message::topic)
                .containsExactly("$SYS/session/dropped", "$SYS/session/dropped/queue-full");
        assertThat(stalled.session().ownView(FakeBroker.filter("#").filter())).isEmpty();
    }

    @Test
    void whatIsLostWhileNobodyIsThereIsShownOnReturn() {
        FakeConnection stalled = stalled("c");
        fake.subscribe(stalled, "$SYS/session/dropped", 1);
        stalled.lose();
        loops.settle();
        publish(4);
        loops.advance(Duration.ofSeconds(5));

        FakeConnection back = fake.open("c").expiry(60).on(1).now();

        assertThat(views(back)).containsExactly("$SYS/session/dropped=4");
    }

    @Test
    void operatorsSeeTheTotalAsARetainedMessageUntilTheSessionEnds() {
        FakeConnection operator = fake.open("operator").on(1).now();
        fake.subscribe(operator, "$SYS/clients/#", 1);
        FakeConnection stalled = stalled("a/b");
        publish(3);
        loops.advance(Duration.ofSeconds(1));

        String topic = "$SYS/clients/acme/a%2Fb/dropped";
        assertThat(views(operator)).containsExactly(topic + "=1", topic + "=3");
        assertThat(fake.broker().retained().matching(FakeBroker.filter(topic).filter()))
                .singleElement()
                .satisfies(message -> assertThat(message.payload()).asString().isEqualTo("3"));

        stalled.session().owner().run(() -> stalled.session().end("done"));
        loops.settle();
        assertThat(fake.broker().retained().size()).isZero();
        assertThat(views(operator)).hasSize(3).last().isEqualTo(topic + "=");
    }

    @Test
    void viewsAreKeptByNoStoreButCountsAre() {
        FakeConnection stalled = stalled("c");
        fake.subscribe(stalled, "$SYS/session/dropped", 1);
        publish(3);
        loops.advance(Duration.ofSeconds(2));

        FakeBroker after = new FakeBroker(loops, store, SessionLimits.DEFAULT);
        assertThat(after.broker().retained().size()).isZero();
        loops.settle();
        assertThat(after.broker()
                        .retained()
                        .matching(
                                FakeBroker.filter("$SYS/clients/acme/c/dropped").filter()))
                .hasSize(1);
        assertThat(views(after.open("c").expiry(60).now())).containsExactly("$SYS/session/dropped=3");
    }

    @Test
    void aViewThatDidNotGetThroughIsNoLossAndIsShownAgain() {
        FakeConnection stalled = stalled("c");
        fake.subscribe(stalled, "$SYS/session/dropped", 0);
        publish(1);
        Delivery view = stalled.received().getLast();

        stalled.session().owner().run(() -> stalled.session().drop(view, DropCause.QOS_0_PRESSURE));
        loops.advance(Duration.ofSeconds(3));

        assertThat(stalled.session().drops().total()).isEqualTo(1);
        assertThat(views(stalled)).containsExactly("$SYS/session/dropped=1", "$SYS/session/dropped=1");
    }

    @Test
    void lossesAreCountedByTenantAndCause() {
        stalled("c");
        publish(3);
        assertThat(fake.broker().counters().dropped()).isEqualTo(3);
        assertThat(fake.broker().counters().droppedByTenant().tenants()).containsExactly("acme");
        assertThat(fake.broker().counters().droppedByTenant().of("acme", DropCause.QUEUE_FULL))
                .isEqualTo(3);
        assertThat(fake.broker().counters().droppedByTenant().of("acme", DropCause.EXPIRED))
                .isZero();
    }

    @Test
    void anyClientIdIsOneLevelOfATopic() {
        assertThat(Losses.topicFor(new SessionKey("t", "a+#/%\u00e9 b-._~9Z")))
                .isEqualTo("$SYS/clients/t/a%2B%23%2F%25%C3%A9%20b-._~9Z/dropped");
    }
}
