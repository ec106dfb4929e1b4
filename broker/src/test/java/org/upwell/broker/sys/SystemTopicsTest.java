// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.sys;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.upwell.broker.message.Message;
import org.upwell.broker.session.Delivery;
import org.upwell.broker.store.InMemoryStore;
import org.upwell.broker.store.StoredState;
import org.upwell.broker.testing.FakeBroker;
import org.upwell.broker.testing.FakeConnection;
import org.upwell.broker.testing.FakeLoops;

class SystemTopicsTest {

    private final FakeLoops loops = new FakeLoops(2);
    private final InMemoryStore store = new InMemoryStore();
    private final FakeBroker fake = new FakeBroker(loops, store);
    private final SystemTopics topics = new SystemTopics(fake.broker(), fake.owner(0), Duration.ofSeconds(10))
            .withBroker("upwell 1")
            .withListener("tcp/1", "connections", name -> (long) name.length());

    private Map<String, String> retained(String filter) {
        Map<String, String> found = new TreeMap<>();
        for (Message message :
                fake.broker().retained().matching(FakeBroker.filter(filter).filter())) {
            found.put(message.topic(), new String(message.payload(), StandardCharsets.UTF_8));
        }
        return found;
    }

    @Test
    void theBrokerTellsItsNumbersAtOnceAndAtEachInterval() {
        FakeConnection subscriber = fake.open("s").expiry(60).now();
        fake.subscribe(subscriber, "t/#", 1);
        topics.start();
        loops.settle();
        assertThat(retained("$SYS/#"))
                .containsEntry("$SYS/broker/version", "upwell 1")
                .containsEntry("$SYS/broker/uptime", "0 seconds")
                .containsEntry("$SYS/broker/clients/total", "1")
                .containsEntry("$SYS/broker/messages/dropped", "0")
                .containsEntry("$SYS/broker/subscriptions/count", "1")
                .containsEntry("$SYS/listeners/tcp%2F1/connections", "5")
                .hasSize(39);
        assertThat(retained("$SYS/broker/clients/+")).hasSize(4);

        fake.broker().counters().messagesReceived.add(7);
        loops.advance(Duration.ofSeconds(10));
        assertThat(retained("$SYS/broker/messages/received")).containsValue("7");
        assertThat(retained("$SYS/broker/uptime")).containsValue("10 seconds");
    }

    @Test
    void whatWaitsAndHowMuchCameOfLateIsTold() {
        FakeConnection subscriber = fake.open("s").expiry(60).now();
        fake.subscribe(subscriber, "t/#", 1);
        topics.start();
        loops.settle();
        subscriber.lose();
        loops.settle();
        for (int i = 0; i < 3; i++) {
            fake.publish(0, FakeBroker.message("t/" + i, 1));
        }
        fake.publish(0, FakeBroker.retained("r", 0));
        long system = retained("$SYS/#").size();
        fake.broker().counters().messagesReceived.add(100);
        fake.broker().counters().bytesSent.add(7);
        loops.advance(Duration.ofSeconds(10));
        assertThat(retained("$SYS/broker/messages/stored")).containsValue(Long.toString(3 + 1 + system));
        assertThat(retained("$SYS/broker/store/messages/bytes")).containsValue("18");
        assertThat(retained("$SYS/broker/bytes/sent")).containsValue("7");
        // 600 a minute for a sixth of one.
        assertThat(retained("$SYS/broker/load/messages/received/1min")).containsValue("92.11");
        fake.open("s").expiry(60).now().acknowledgeAll();
        loops.advance(Duration.ofMinutes(2));
        assertThat(retained("$SYS/broker/store/messages/bytes")).containsValue("0");
        assertThat(Double.parseDouble(retained("$SYS/broker/load/messages/received/1min")
                        .values()
                        .iterator()
                        .next()))
                .isBetween(1.0, 20.0);
    }

    @Test
    void onlyWhatChangedIsPublishedAgain() {
        FakeConnection operator = fake.open("op").expiry(60).on(1).now();
        fake.subscribe(operator, "$SYS/#", 1);
        topics.start();
        loops.settle();
        int first = operator.received().size();
        loops.advance(Duration.ofSeconds(10));
        List<String> second = operator.topics().subList(first, operator.topics().size());
        assertThat(second)
                .containsExactlyInAnyOrder(
                        "$SYS/broker/uptime",
                        "$SYS/broker/retained messages/count",
                        "$SYS/broker/messages/stored",
                        "$SYS/broker/store/messages/count");
        assertThat(operator.received()).extracting(Delivery::qos).containsOnly(0);
    }

    /// [MQTT-4.7.2-1]
    @Test
    void aLeadingWildcardDoesNotMatchThem() {
        FakeConnection all = fake.open("all").now();
        fake.subscribe(all, "#", 1);
        fake.subscribe(all, "+/broker/#", 1);
        topics.start();
        loops.settle();
        assertThat(all.received()).isEmpty();
        assertThat(retained("#")).isEmpty();
    }

    @Test
    void noStoreKeepsThem() {
        topics.start();
        loops.settle();
        assertThat(StoredState.of(store).retained()).isEmpty();
    }

    @Test
    void nothingIsPublishedOnceItIsClosed() {
        topics.start();
        loops.settle();
        int timers = loops.timers();
        topics.close();
        loops.settle();
        assertThat(loops.timers()).isEqualTo(timers - 1);
    }
}
