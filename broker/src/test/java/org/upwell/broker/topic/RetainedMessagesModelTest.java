// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.upwell.broker.message.Message;
import org.upwell.broker.testing.Seeds;

class RetainedMessagesModelTest {

    @Test
    @DisplayName("[MQTT-3.3.1-5] [MQTT-3.3.1-6] [MQTT-4.7.2-1] any history finds what a plain map would")
    void agreesWithAPlainMap() {
        Seeds.each(300, random -> {
            RetainedMessages retained = new RetainedMessages();
            Map<String, Message> model = new TreeMap<>();
            for (int i = 0; i < 60; i++) {
                change(retained, model, random);
                String filter = NaiveTopics.randomFilter(random);
                List<Message> expected = model.entrySet().stream()
                        .filter(entry -> NaiveTopics.matches(filter, entry.getKey()))
                        .map(Map.Entry::getValue)
                        .toList();
                assertThat(retained.matching(NaiveTopics.filter(filter)))
                        .as("retained messages for %s", filter)
                        .containsExactlyInAnyOrderElementsOf(expected);
                assertThat(retained.size()).isEqualTo(model.size());
            }
        });
    }

    private static void change(RetainedMessages retained, Map<String, Message> model, Random random) {
        String topic = NaiveTopics.randomTopic(random);
        switch (random.nextInt(5)) {
            case 0 -> {
                retained.put(Message.of(topic, new byte[0], 0));
                model.remove(topic);
            }
            case 1 -> {
                Message kept = model.remove(topic);
                if (kept != null) {
                    retained.removeIfSame(kept);
                }
            }
            case 2 -> retained.removeIfSame(Message.of(topic, new byte[] {1}, 0));
            default -> {
                Message message = Message.of(topic, new byte[] {(byte) random.nextInt()}, 0);
                retained.put(message);
                model.put(topic, message);
            }
        }
    }

    @Test
    void anExpiredMessageDoesNotTakeItsSuccessorAway() {
        RetainedMessages retained = new RetainedMessages();
        Message old = Message.of("a/b", new byte[] {1}, 0);
        Message fresh = Message.of("a/b", new byte[] {1}, 0);
        retained.put(old);
        retained.put(fresh);
        retained.removeIfSame(old);
        assertThat(retained.matching(NaiveTopics.filter("a/#"))).containsExactly(fresh);
        retained.removeIfSame(fresh);
        assertThat(retained.matching(NaiveTopics.filter("a/#"))).isEmpty();
        assertThat(retained.size()).isZero();
    }

    @Test
    void lookUpsBesideChangesSeeWhatIsNotChanged() throws InterruptedException {
        RetainedMessages retained = new RetainedMessages();
        Message steady = Message.of("steady/x", new byte[] {1}, 0);
        retained.put(steady);
        Thread writer = new Thread(() -> {
            Random random = new Random(7);
            for (int i = 0; i < 20_000; i++) {
                String topic = (random.nextBoolean() ? "steady/" : "") + NaiveTopics.randomTopic(random);
                retained.put(Message.of(topic, new byte[random.nextInt(2)], 0));
            }
        });
        writer.start();
        TopicFilter filter = NaiveTopics.filter("+/x");
        while (writer.isAlive()) {
            assertThat(retained.matching(filter)).contains(steady);
        }
        writer.join();
    }
}
