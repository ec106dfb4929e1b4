// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class RecentMessagesTest {

    private static final InetSocketAddress DEVICE = new InetSocketAddress("127.1.2.3", 4849);
    private static final InetSocketAddress NEIGHBOUR = new InetSocketAddress("127.1.2.3", 4850);
    private static final byte[] NOTHING_YET = {};
    private static final int MESSAGES = 100;
    private static final long MAX_BYTES = MESSAGES * RecentMessages.MESSAGE_BYTES;

    private int seconds = Integer.MAX_VALUE - 100; // passes the largest number on the way
    private final RecentMessages recent = new RecentMessages(3, MAX_BYTES, Duration.ofSeconds(247), () -> seconds);

    private static byte[] confirmable(int messageId, int last) {
        return new byte[] {0x40, 2, (byte) (messageId >> 8), (byte) messageId, (byte) 0xff, (byte) last};
    }

    private static byte[] acknowledgement(int messageId) {
        return new byte[] {0x60, 0x44, (byte) (messageId >> 8), (byte) messageId};
    }

    private byte @Nullable [] see(InetSocketAddress peer, byte[] datagram) {
        return recent.see(peer, datagram, datagram.length);
    }

    @Test
    @Tag("RFC7252-4.5")
    void aRepeatIsToldWhatTheFirstCopyWas() {
        byte[] message = confirmable(0x8001, 1);
        assertThat(see(DEVICE, message)).isNull();
        assertThat(see(DEVICE, message.clone())).isEqualTo(NOTHING_YET);
        recent.answered(DEVICE, acknowledgement(0x8001));
        assertThat(see(DEVICE, message.clone())).isEqualTo(acknowledgement(0x8001));
    }

    /// The library has left it unanswered; the next copy may be answered.
    @Test
    void aConfirmableResponseIsNewUntilItIsAnswered() {
        byte[] response = confirmable(7, 1);
        response[1] = 0x45;
        assertThat(see(DEVICE, response)).isNull();
        assertThat(see(DEVICE, response.clone())).isNull();
        recent.answered(DEVICE, acknowledgement(7));
        assertThat(see(DEVICE, response.clone())).isEqualTo(acknowledgement(7));
        byte[] nonConfirmable = confirmable(8, 1);
        nonConfirmable[0] = 0x50;
        nonConfirmable[1] = 0x45;
        assertThat(see(DEVICE, nonConfirmable)).isNull();
        assertThat(see(DEVICE, nonConfirmable.clone())).isEqualTo(NOTHING_YET);
    }

    @Test
    void nonConfirmablesRepeatToo() {
        byte[] message = confirmable(7, 1);
        message[0] = 0x50;
        assertThat(see(DEVICE, message)).isNull();
        assertThat(see(DEVICE, message.clone())).isEqualTo(NOTHING_YET);
    }

    @Test
    void anotherPeerOrAnotherIdIsNew() {
        assertThat(see(DEVICE, confirmable(7, 1))).isNull();
        assertThat(see(NEIGHBOUR, confirmable(7, 1))).isNull();
        assertThat(see(DEVICE, confirmable(8, 1))).isNull();
    }

    @Test
    void anotherMessageUnderAnIdThatWasUsedIsNew() {
        assertThat(see(DEVICE, confirmable(7, 1))).isNull();
        recent.answered(DEVICE, acknowledgement(7));
        assertThat(see(DEVICE, confirmable(7, 2))).isNull();
        assertThat(see(DEVICE, confirmable(7, 2))).isEqualTo(NOTHING_YET);
    }

    @Test
    void acknowledgementsAndWhatIsTooShortAreNotRemembered() {
        assertThat(see(DEVICE, acknowledgement(7))).isNull();
        assertThat(see(DEVICE, acknowledgement(7))).isNull();
        assertThat(see(DEVICE, new byte[] {0x40, 2, 0})).isNull();
        assertThat(recent.size()).isZero();
        recent.answered(DEVICE, acknowledgement(7));
        recent.answered(DEVICE, new byte[2]);
        assertThat(recent.size()).isZero();
    }

    @Test
    void aRequestOfOursDoesNotTakeTheAnswersPlace() {
        assertThat(see(DEVICE, confirmable(7, 1))).isNull();
        recent.answered(DEVICE, confirmable(7, 9));
        assertThat(see(DEVICE, confirmable(7, 1))).isEqualTo(NOTHING_YET);
    }

    @Test
    void ofEachPeerTheNewestFewAreKept() {
        for (int id = 1; id <= 4; id++) {
            assertThat(see(DEVICE, confirmable(id, 1))).isNull();
        }
        assertThat(see(DEVICE, confirmable(2, 1))).isEqualTo(NOTHING_YET);
        assertThat(see(DEVICE, confirmable(1, 1))).isNull();
    }

    @Test
    void whatIsTooOldIsNewAgainAndItsPeerForgotten() {
        assertThat(see(DEVICE, confirmable(1, 1))).isNull();
        seconds += 247;
        assertThat(see(DEVICE, confirmable(1, 1))).isEqualTo(NOTHING_YET);
        recent.sweep();
        assertThat(recent.size()).isEqualTo(1);
        seconds += 1;
        assertThat(see(NEIGHBOUR, confirmable(2, 1))).isNull();
        recent.sweep();
        assertThat(recent.size()).isEqualTo(1);
        assertThat(see(DEVICE, confirmable(1, 1))).isNull();
    }

    /// Strangers must not fill the memory, nor make us forget at once what others sent.
    @Test
    void aFloodFromManyAddressesIsForgottenOldestFirst() {
        byte[] answer = acknowledgement(1);
        for (int i = 0; i < 40 * MESSAGES; i++) {
            InetSocketAddress stranger = new InetSocketAddress("127.2.0." + i % 250, 1 + i / 250);
            assertThat(see(stranger, confirmable(1, 1))).isNull();
            recent.answered(stranger, answer);
            assertThat(recent.size()).isLessThanOrEqualTo(MESSAGES + 1);
            assertThat(see(stranger, confirmable(1, 1))).isEqualTo(answer);
            if (i % 20 == 0) {
                assertThat(see(DEVICE, confirmable(i, 1))).isNull();
            } else if (i % 20 == 19) {
                assertThat(see(DEVICE, confirmable(i - 19, 1))).isEqualTo(NOTHING_YET);
                recent.answered(DEVICE, acknowledgement(i - 19));
                assertThat(see(DEVICE, confirmable(i - 19, 1))).isEqualTo(acknowledgement(i - 19));
            }
        }
    }
}
