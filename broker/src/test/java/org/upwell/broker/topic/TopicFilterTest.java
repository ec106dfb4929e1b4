// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TopicFilterTest {

    @Test
    @DisplayName("[MQTT-4.7.3-1] an empty filter is refused")
    void emptyFilterIsRefused() {
        assertThatThrownBy(() -> TopicFilter.parse(""))
                .isInstanceOf(InvalidTopicException.class)
                .hasMessageContaining("empty");
    }

    @Test
    @DisplayName("[MQTT-4.7.3-2] NUL is refused")
    void nulIsRefused() {
        assertThatThrownBy(() -> TopicFilter.parse("a/\0"))
                .isInstanceOf(InvalidTopicException.class)
                .hasMessageContaining("NUL");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a#", "#a", "a/#/b", "#/", "##", "a/b#", "+#"})
    @DisplayName("[MQTT-4.7.1-1] # stands alone and last")
    void misplacedMultiLevelWildcardIsRefused(String text) {
        assertThatThrownBy(() -> TopicFilter.parse(text))
                .isInstanceOf(InvalidTopicException.class)
                .hasMessageContaining("'#'")
                .hasMessageContaining(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a+", "+a", "a/b+/c", "++", "a/+b"})
    @DisplayName("[MQTT-4.7.1-2] + stands alone in its level")
    void misplacedSingleLevelWildcardIsRefused(String text) {
        assertThatThrownBy(() -> TopicFilter.parse(text))
                .isInstanceOf(InvalidTopicException.class)
                .hasMessageContaining("'+'")
                .hasMessageContaining(text);
    }

    @Test
    void longTextsAreCutInMessages() {
        String text = "x".repeat(10_000) + "#";
        assertThatThrownBy(() -> TopicFilter.parse(text))
                .message()
                .hasSizeLessThan(200)
                .contains("xxx…");
    }

    /// The examples of MQTT 5 §4.7.1 and §4.7.2, and the corners between them.
    @ParameterizedTest
    @CsvSource({
        "sport/tennis/player1/#, sport/tennis/player1, true",
        "sport/tennis/player1/#, sport/tennis/player1/ranking, true",
        "sport/tennis/player1/#, sport/tennis/player1/score/wimbledon, true",
        "sport/#, sport, true",
        "sport/tennis/+, sport/tennis/player1, true",
        "sport/tennis/+, sport/tennis/player1/ranking, false",
        "sport/+, sport, false",
        "sport/+, sport/, true",
        "+/+, /finance, true",
        "/+, /finance, true",
        "+, /finance, false",
        "#, $SYS/monitor, false",
        "+/monitor/Clients, $SYS/monitor/Clients, false",
        "$SYS/#, $SYS, true",
        "$SYS/#, $SYS/monitor, true",
        "$SYS/monitor/+, $SYS/monitor/Clients, true",
        "a/#, a/$b, true",
        "+/#, a, true",
        "a/+/#, a, false",
        "/, /, true",
        "+, a, true",
        "//#, /, true",
        "ACCOUNTS, Accounts, false",
        "a/b, a, false",
        "a, a/b, false",
        "ab, a, false"
    })
    @DisplayName("[MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.2-1] [MQTT-4.7.3-4]")
    void matchesAsTheSpecificationSays(String filter, String topic, boolean expected) {
        assertThat(NaiveTopics.filter(filter).matches(topic)).isEqualTo(expected);
        assertThat(NaiveTopics.matches(filter, topic)).as("the naive model").isEqualTo(expected);
    }

    /// Every filter of up to three levels against every name of up to four, with a level ("z") and a `$` name that
    /// no filter writes out.
    @Test
    void matchesAndCoversAgreeWithEveryNameOfASmallWorld() {
        List<String> topics = NaiveTopics.all(List.of("a", "", "$x", "$y", "z"), 4);
        List<TopicFilter> filters = smallFilters();
        List<BitSet> matched = new ArrayList<>();
        for (TopicFilter filter : filters) {
            BitSet names = new BitSet();
            for (int i = 0; i < topics.size(); i++) {
                boolean expected = NaiveTopics.matches(filter.text(), topics.get(i));
                if (filter.matches(topics.get(i)) != expected) {
                    throw new AssertionError(filter + " matches " + topics.get(i) + " should be " + expected);
                }
                names.set(i, expected);
            }
            matched.add(names);
        }
        for (int a = 0; a < filters.size(); a++) {
            for (int b = 0; b < filters.size(); b++) {
                BitSet uncovered = (BitSet) matched.get(b).clone();
                uncovered.andNot(matched.get(a));
                if (filters.get(a).covers(filters.get(b)) != uncovered.isEmpty()) {
                    throw new AssertionError(filters.get(a) + " covers " + filters.get(b) + " should be "
                            + uncovered.isEmpty()
                            + (uncovered.isEmpty() ? "" : ", see " + topics.get(uncovered.nextSetBit(0))));
                }
            }
        }
    }

    private static List<TopicFilter> smallFilters() {
        List<String> texts = new ArrayList<>(NaiveTopics.all(List.of("a", "", "$x", "+"), 3));
        NaiveTopics.all(List.of("a", "", "$x", "+"), 2).forEach(front -> texts.add(front + "/#"));
        texts.add("/#");
        texts.add("#");
        return texts.stream().map(NaiveTopics::filter).toList();
    }

    @Test
    void aGrantForEveryFirstLevelCoversEverything() {
        assertThat(NaiveTopics.filter("+/#").covers(NaiveTopics.filter("#"))).isTrue();
        assertThat(NaiveTopics.filter("#").covers(NaiveTopics.filter("+/#"))).isTrue();
        assertThat(NaiveTopics.filter("+/read/#").covers(NaiveTopics.filter("#")))
                .isFalse();
    }

    @Test
    void emptyLevelsCount() {
        assertThat(NaiveTopics.filter("/a//").levels()).containsExactly("", "a", "", "");
    }

    @Test
    void equalityGoesByText() {
        assertThat(NaiveTopics.filter("a/+"))
                .isEqualTo(NaiveTopics.filter("a/+"))
                .hasToString("a/+");
        assertThat(NaiveTopics.filter("a/+").hashCode())
                .isEqualTo(NaiveTopics.filter("a/+").hashCode());
        assertThat(NaiveTopics.filter("a/+")).isNotEqualTo(NaiveTopics.filter("a/#"));
    }

    @ParameterizedTest
    @CsvSource({"a, false", "a/b, false", "+, true", "a/+/b, true", "#, true", "a/#, true"})
    void wildcardsAreSeen(String filter, boolean expected) {
        assertThat(NaiveTopics.filter(filter).hasWildcard()).isEqualTo(expected);
    }
}
