// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SharedFilterTest {

    @ParameterizedTest
    @CsvSource({
        "$share/g/a/b, g, a/b",
        "$share/g/#, g, #",
        "$share/g//a, g, /a",
        "$share/g//, g, /",
        "$share/a b/+, a b, +",
        "$share/$share/$share/x, $share, $share/x"
    })
    @DisplayName("[MQTT-4.8.2-1] [MQTT-4.8.2-2] share name and filter come apart and together again")
    void sharedFilterIsParsed(String text, String shareName, String filter) throws InvalidTopicException {
        SharedFilter parsed = SharedFilter.parse(text);
        assertThat(parsed.isShared()).isTrue();
        assertThat(parsed.shareName()).isEqualTo(shareName);
        assertThat(parsed.filter().text()).isEqualTo(filter);
        assertThat(parsed.text()).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "$share", "$shared/g/a", "share/g/a", "/$share/g/a"})
    void otherFiltersAreNotShared(String text) throws InvalidTopicException {
        SharedFilter parsed = SharedFilter.parse(text);
        assertThat(parsed.isShared()).isFalse();
        assertThat(parsed.shareName()).isNull();
        assertThat(parsed.text()).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"$share/", "$share/g", "$share//a", "$share/g/", "$share/+/a", "$share/g#/a", "$share/g/a#"})
    @DisplayName("[MQTT-4.8.2-1] [MQTT-4.8.2-2] bad share names and missing filters are refused")
    void badSharedFiltersAreRefused(String text) {
        assertThatThrownBy(() -> SharedFilter.parse(text)).isInstanceOf(InvalidTopicException.class);
    }

    @Test
    @DisplayName("[MQTT-4.7.3-2] NUL is refused in the share name too")
    void nulIsRefused() {
        assertThatThrownBy(() -> SharedFilter.parse("$share/g\0/a"))
                .isInstanceOf(InvalidTopicException.class)
                .hasMessageContaining("NUL");
    }
}
