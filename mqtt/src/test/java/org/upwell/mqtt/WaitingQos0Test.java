// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.upwell.broker.message.Message;
import org.upwell.broker.message.MessageProperties;
import org.upwell.broker.message.UserProperty;
import org.upwell.broker.session.Delivery;

class WaitingQos0Test {

    private static final int MESSAGE_BYTES = 1_000;
    private static final long OWN = 100L * MESSAGE_BYTES;

    private final SharedRoom room = new SharedRoom(2 * OWN);

    private static Delivery message() {
        byte[] payload = new byte[MESSAGE_BYTES - WaitingQos0.MESSAGE_OVERHEAD];
        return new Delivery(Message.of("", payload, 0), 0, 0, false, Delivery.NO_IDS);
    }

    private static int fill(WaitingQos0 waiting) {
        int count = 0;
        while (waiting.offer(message(), OWN)) {
            count++;
        }
        return count;
    }

    @Test
    void aBurstForOneConnectionBorrowsWhatNobodyElseNeeds() {
        int taken = fill(new WaitingQos0(room));

        long pieces = 2 * OWN / WaitingQos0.BORROWED_AT_ONCE;
        assertThat(taken).isEqualTo((OWN + pieces * WaitingQos0.BORROWED_AT_ONCE) / MESSAGE_BYTES);
    }

    @Test
    void everyConnectionKeepsItsOwnRoomHoweverMuchOthersBorrowed() {
        fill(new WaitingQos0(room));

        assertThat(fill(new WaitingQos0(room))).isBetween((int) (OWN / MESSAGE_BYTES), (int) (OWN * 2 / MESSAGE_BYTES));
        assertThat(fill(new WaitingQos0(room))).isEqualTo((int) (OWN / MESSAGE_BYTES));
    }

    @Test
    void oneConnectionBorrowsNoMoreThanItsMultiple() {
        SharedRoom vast = new SharedRoom(Long.MAX_VALUE / 2);

        long most = OWN + WaitingQos0.MOST_BORROWED * OWN;
        assertThat((long) fill(new WaitingQos0(vast)) * MESSAGE_BYTES)
                .isBetween(most - WaitingQos0.BORROWED_AT_ONCE, most);
    }

    @Test
    void aConnectionThatNeverCatchesUpKeepsNoMoreThanItNeeds() {
        SharedRoom vast = new SharedRoom(8 * OWN);
        WaitingQos0 slow = new WaitingQos0(vast);
        int count = fill(slow);
        for (int i = 0; i < count - 10; i++) {
            slow.poll();
        }
        for (int i = 0; i < count; i++) {
            slow.offer(message(), OWN);
            slow.poll();
        }

        assertThat(slow.isEmpty()).isFalse();
        assertThat(vast.take(8 * OWN - 2 * WaitingQos0.BORROWED_AT_ONCE)).isTrue();
    }

    @Test
    void whatWasBorrowedIsGivenBackOnceNothingWaits() {
        WaitingQos0 first = new WaitingQos0(room);
        int count = fill(first);
        for (int i = 0; i < count; i++) {
            assertThat(first.poll()).isNotNull();
        }
        assertThat(first.poll()).isNull();
        assertThat(room.take(2 * OWN)).isTrue();
    }

    @Test
    void whatWasBorrowedIsGivenBackWhenTheConnectionEnds() {
        WaitingQos0 first = new WaitingQos0(room);
        fill(first);

        first.clear();

        assertThat(first.isEmpty()).isTrue();
        assertThat(room.take(2 * OWN)).isTrue();
    }

    @Test
    void messagesCountForWhatTheyTakeInMemory() {
        SharedRoom none = new SharedRoom(0);
        WaitingQos0 small = new WaitingQos0(none);
        long count = 0;
        while (small.offer(new Delivery(Message.of("t", new byte[0], 0), 0, 0, false, Delivery.NO_IDS), OWN)) {
            count++;
        }
        assertThat(count).as("without payload").isLessThanOrEqualTo(OWN / 100);

        List<UserProperty> pairs = Collections.nCopies(1_000, new UserProperty("", ""));
        MessageProperties properties = new MessageProperties(0, null, null, new byte[0], pairs);
        Message wordy = new Message("t", new byte[0], 0, false, Message.NEVER, properties, null);
        assertThat(new WaitingQos0(none).offer(new Delivery(wordy, 0, 0, false, Delivery.NO_IDS), OWN))
                .as("1,000 user properties, each some 100 bytes on the heap")
                .isFalse();
    }

    @Test
    void messagesLeaveInTheirOrder() {
        WaitingQos0 waiting = new WaitingQos0(room);
        Delivery one = message();
        Delivery two = message();
        waiting.offer(one, OWN);
        waiting.offer(two, OWN);

        assertThat(waiting.poll()).isSameAs(one);
        assertThat(waiting.poll()).isSameAs(two);
    }
}
