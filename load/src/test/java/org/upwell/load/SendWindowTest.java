// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.upwell.load.SendWindow.Answer;

class SendWindowTest {
    @Test
    void qos1IsDoneByItsPubAck() {
        SendWindow window = new SendWindow(1, 2);
        int first = window.take(10);
        int second = window.take(20);
        assertThat(window.free()).isZero();
        assertThat(window.sentNanos(second)).isEqualTo(20);
        assertThat(window.acknowledged(SendWindow.PUBACK, first, false)).isEqualTo(Answer.DONE);
        assertThat(window.acknowledged(SendWindow.PUBACK, first, false)).isEqualTo(Answer.WRONG);
        assertThat(window.acknowledged(SendWindow.PUBREC, second, false)).isEqualTo(Answer.WRONG);
        assertThat(window.unacknowledged()).isEqualTo(1);
    }

    @Test
    void qos2IsDoneByItsPubCompAlone() {
        SendWindow window = new SendWindow(2, 1);
        int id = window.take(0);
        assertThat(window.acknowledged(SendWindow.PUBCOMP, id, false)).isEqualTo(Answer.WRONG);
        assertThat(window.acknowledged(SendWindow.PUBREC, id, false)).isEqualTo(Answer.RELEASE);
        assertThat(window.acknowledged(SendWindow.PUBREC, id, false)).isEqualTo(Answer.WRONG);
        assertThat(window.acknowledged(SendWindow.PUBCOMP, id, false)).isEqualTo(Answer.DONE);
        assertThat(window.free()).isEqualTo(1);
    }

    @Test
    void aRefusingPubRecEndsTheHandshake() {
        SendWindow window = new SendWindow(2, 1);
        int id = window.take(0);
        assertThat(window.acknowledged(SendWindow.PUBREC, id, true)).isEqualTo(Answer.DONE);
    }

    @Test
    void idsTakeTurnsAndStayInRange() {
        SendWindow window = new SendWindow(1, 3);
        for (int i = 0; i < 100; i++) {
            int id = window.take(i);
            assertThat(id).isBetween(1, 3);
            assertThat(window.acknowledged(SendWindow.PUBACK, id, false)).isEqualTo(Answer.DONE);
        }
        assertThat(window.acknowledged(SendWindow.PUBACK, 0, false)).isEqualTo(Answer.WRONG);
        assertThat(window.acknowledged(SendWindow.PUBACK, 4, false)).isEqualTo(Answer.WRONG);
    }
}
