// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// That the judges of a run see what went wrong, each of it as what it is.
class VerifierTest {
    @Test
    void everySubscriberIsCountedForItself() {
        EverySubscriber verifier = new EverySubscriber(2, 3);
        assertThat(verifier.accept(0, 2, 0)).isTrue();
        assertThat(verifier.accept(1, 2, 0)).isTrue();
        assertThat(verifier.accept(1, 1, 0)).isTrue();
        assertThat(verifier.distinct()).isEqualTo(3);
        assertThat(verifier.duplicated()).isZero();
        assertThat(verifier.outOfOrder()).isZero();
    }

    @Test
    void everySubscriberToldTwiceIsADuplicate() {
        EverySubscriber verifier = new EverySubscriber(1, 1);
        verifier.accept(0, 7, 0);
        assertThat(verifier.accept(0, 7, 0)).isFalse();
        assertThat(verifier.duplicated()).isEqualTo(1);
        assertThat(verifier.distinct()).isEqualTo(1);
    }

    @Test
    void everySubscriberToldLateIsOutOfOrderAndNotLost() {
        EverySubscriber verifier = new EverySubscriber(1, 1);
        verifier.accept(0, 0, 1);
        verifier.accept(0, 0, 0);
        assertThat(verifier.outOfOrder()).isEqualTo(1);
        assertThat(verifier.distinct()).isEqualTo(2);
        assertThat(verifier.duplicated()).isZero();
    }

    @Test
    void whatNeverComesIsMissing() {
        EverySubscriber verifier = new EverySubscriber(1, 1);
        verifier.accept(0, 0, 0);
        verifier.accept(0, 0, 5);
        assertThat(verifier.distinct()).isEqualTo(2);
        assertThat(verifier.tracker(0, 0).missing()).isEqualTo(4);
    }

    @Test
    void aGroupGetsEachMessageOnceWhoeverGetsIt() {
        OneOfGroup verifier = new OneOfGroup(2, 1);
        assertThat(verifier.accept(0, 0, 0)).isTrue();
        assertThat(verifier.accept(1, 0, 1)).isTrue();
        assertThat(verifier.accept(0, 0, 2)).isTrue();
        assertThat(verifier.accept(1, 0, 2)).isFalse();
        assertThat(verifier.distinct()).isEqualTo(3);
        assertThat(verifier.distinctOf(0)).isEqualTo(3);
        assertThat(verifier.duplicated()).isEqualTo(1);
        assertThat(verifier.outOfOrder()).isZero();
    }

    @Test
    void aGroupsMemberThatStepsBackGotItOutOfOrder() {
        OneOfGroup verifier = new OneOfGroup(2, 2);
        verifier.accept(0, 1, 5);
        verifier.accept(0, 1, 4);
        verifier.accept(1, 1, 3);
        verifier.accept(0, 0, 1);
        assertThat(verifier.outOfOrder()).isEqualTo(1);
        assertThat(verifier.distinct()).isEqualTo(4);
    }

    @Test
    void aGroupRemembersNumbersBeyondItsFirstRoom() {
        OneOfGroup verifier = new OneOfGroup(1, 1);
        for (long i = 0; i < 200_000; i++) {
            assertThat(verifier.accept(0, 0, i)).isTrue();
        }
        assertThat(verifier.accept(0, 0, 199_999)).isFalse();
        assertThat(verifier.accept(0, 0, 63)).isFalse();
    }
}
