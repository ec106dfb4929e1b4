// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopicNameTest {

    @Test
    @DisplayName("[MQTT-4.7.3-1] an empty name is refused")
    void emptyNameIsRefused() {
        assertThatThrownBy(() -> TopicName.check("", 64))
                .isInstanceOf(InvalidTopicException.class)
                .hasMessageContaining("empty");
    }

    @Test
    @DisplayName("[MQTT-4.7.3-2] NUL is refused")
    void nulIsRefused() {
        assertThatThrownBy(() -> TopicName.check("a\0", 64))
                .isInstanceOf(InvalidTopicException.class)
                .hasMessage("topic name contains NUL at position 1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"+", "#", "a/+", "a/b#", "a+b/c"})
    @DisplayName("[MQTT-3.3.2-2] [MQTT-4.7.0-1] wildcards are refused")
    void wildcardsAreRefused(String name) {
        assertThatThrownBy(() -> TopicName.check(name, 64))
                .isInstanceOf(InvalidTopicException.class)
                .hasMessageContaining("wildcard");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "a", "a/b", "//", "$SYS/x", "Äpfel/\uD83D\uDE00", " "})
    void everythingElseIsAllowed(String name) {
        assertThatCode(() -> TopicName.check(name, 64)).doesNotThrowAnyException();
    }

    @Test
    void levelsAreBounded() {
        assertThatCode(() -> TopicName.check("a/b/c", 3)).doesNotThrowAnyException();
        assertThatThrownBy(() -> TopicName.check("a/b/c/", 3))
                .isInstanceOf(InvalidTopicException.class)
                .hasMessageContaining("4 levels")
                .hasMessageContaining("3");
    }
}
