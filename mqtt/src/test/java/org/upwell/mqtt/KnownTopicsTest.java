// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.topic.TopicFilter;

class KnownTopicsTest {

    private final KnownTopics known = new KnownTopics();

    /// Allows QoS 0 and 1 without retain on every topic, and counts how often it is asked.
    private static final class Counting implements Permissions {
        private int asked;

        @Override
        public boolean isEmpty() {
            return false;
        }

        @Override
        public boolean mayPublish(String topicName, int qos, boolean retain) {
            asked++;
            return qos < 2 && !retain;
        }

        @Override
        public int grantedQos(TopicFilter filter, int requestedQos) {
            return -1;
        }

        @Override
        public boolean mayReceive(String topicName) {
            return false;
        }
    }

    @Test
    void aNameIsKnownAfterItWasNotedAndNoOtherStringWithTheSameLetters() {
        String name = "a/b";
        assertThat(known.isValid(name)).isFalse();

        known.noteValid(name);

        assertThat(known.isValid(name)).isTrue();
        assertThat(known.isValid("xa/b".substring(1))).isFalse();
    }

    @Test
    void aLongNameIsNotKept() {
        String longName = "n".repeat(257);
        known.noteValid(longName);
        assertThat(known.isValid(longName)).isFalse();
    }

    @Test
    void aRightIsAskedForOnceForEachKindOfMessage() {
        Counting permissions = new Counting();
        String name = "a/b";
        assertThat(known.mayPublish(permissions, name, 0, false)).isTrue();
        known.noteValid(name);
        permissions.asked = 0;

        for (int i = 0; i < 5; i++) {
            assertThat(known.mayPublish(permissions, name, 0, false)).isTrue();
            assertThat(known.mayPublish(permissions, name, 1, false)).isTrue();
        }
        assertThat(permissions.asked).isEqualTo(2);
        assertThat(known.mayPublish(permissions, name, 2, false)).isFalse();
        assertThat(known.mayPublish(permissions, name, 0, true)).isFalse();
        assertThat(known.mayPublish(permissions, name, 1, true)).isFalse();
    }

    @Test
    void aNameThatNobodyCheckedIsAskedForEachTime() {
        Counting permissions = new Counting();
        String name = "a/b";

        known.mayPublish(permissions, name, 0, false);
        known.mayPublish(permissions, name, 0, false);

        assertThat(permissions.asked).isEqualTo(2);
    }

    @Test
    void otherRightsForgetWhatWasAllowed() {
        String name = "a/b";
        Counting permissions = new Counting();
        known.mayPublish(permissions, name, 0, false);
        known.noteValid(name);
        assertThat(known.mayPublish(permissions, name, 0, false)).isTrue();

        assertThat(known.mayPublish(Permissions.NONE, name, 0, false)).isFalse();
    }
}
