// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.upwell.broker.message.Message;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.testing.FakeLoops;

class MailboxTest {

    private final FakeLoops loops = new FakeLoops(2);
    private final Owner owner = new Owner("owner", loops.get(0));
    private final Owner other = new Owner("other", loops.get(1));
    private final Mailbox mailbox = new Mailbox();

    private static Delivery delivery(String topic) {
        return new Delivery(Message.of(topic, new byte[0], 1), 0, 1, false, Delivery.NO_IDS);
    }

    @Test
    void oldestComesFirst() {
        assertThat(mailbox.isEmpty()).isTrue();
        assertThat(mailbox.put(delivery("1"), owner)).as("was empty").isTrue();
        assertThat(mailbox.put(delivery("2"), other)).isFalse();
        assertThat(mailbox.put(delivery("3"), owner)).isFalse();
        assertThat(mailbox.isEmpty()).isFalse();
        List<String> read = new ArrayList<>();
        int count = mailbox.drain((each, countedFor) -> read.add(each.message().topic() + " " + countedFor));
        assertThat(count).isEqualTo(3);
        assertThat(read).containsExactly("1 owner", "2 other", "3 owner");
        assertThat(mailbox.isEmpty()).isTrue();
        assertThat(mailbox.drain((each, countedFor) -> read.add("none"))).isZero();
        assertThat(mailbox.put(delivery("4"), owner)).as("empty again").isTrue();
    }

    @Test
    void whatComesDuringADrainWaitsForTheNext() {
        mailbox.put(delivery("1"), owner);
        List<String> read = new ArrayList<>();
        mailbox.drain((each, countedFor) -> {
            read.add(each.message().topic());
            assertThat(mailbox.put(delivery("2"), owner)).isTrue();
        });
        assertThat(read).containsExactly("1");
        mailbox.drain((each, countedFor) -> read.add(each.message().topic()));
        assertThat(read).containsExactly("1", "2");
    }

    @Test
    @Timeout(30)
    void manyPutAndOneTakesWithoutLossAndInEachOnesOrder() throws InterruptedException {
        int threads = 4;
        int each = 20_000;
        List<Thread> producers = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            int number = t;
            Thread thread = new Thread(() -> {
                for (int i = 0; i < each; i++) {
                    mailbox.put(
                            new Delivery(Message.of("t", new byte[0], 1), i, number, false, Delivery.NO_IDS), owner);
                }
            });
            producers.add(thread);
            thread.start();
        }
        long[] next = new long[threads];
        int taken = 0;
        while (taken < threads * each) {
            taken += mailbox.drain((delivery, countedFor) -> {
                if (delivery.sequence() != next[delivery.qos()]++) {
                    throw new AssertionError("producer " + delivery.qos() + " out of order at " + delivery.sequence());
                }
            });
        }
        for (Thread thread : producers) {
            thread.join();
        }
        assertThat(next).containsOnly(each);
        assertThat(mailbox.isEmpty()).isTrue();
    }
}
