// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MatchCacheTest {

    private static final String MANY = "many";

    private final MatchCache<Object> cache = new MatchCache<>();

    private static Matches<Object> matches(String topicName, int targets, long version) throws InvalidTopicException {
        List<Subscription<Object>> subscriptions = new ArrayList<>();
        for (int i = 0; i < targets; i++) {
            subscriptions.add(new Subscription<>(new Object(), TopicFilter.parse(topicName), 0, false, false, 0));
        }
        return Matches.of(topicName, subscriptions, version);
    }

    @Test
    void aResultIsFoundByItsNameAndVersion() throws InvalidTopicException {
        Matches<Object> kept = matches("a", 1, 5);
        cache.keep(kept);

        assertThat(cache.find("a", 5)).isSameAs(kept);
        assertThat(cache.find("a", 6)).isNull();
        assertThat(cache.find("b", 5)).isNull();
    }

    @Test
    void ofNamesThatFallTogetherTheLastTwoAreKept() throws InvalidTopicException {
        // The three have the same hash.
        List<String> names = List.of("AaAa", "AaBB", "BBAa");
        for (String name : names) {
            cache.keep(matches(name, 1, 1));
        }

        assertThat(cache.find(names.get(0), 1)).isNull();
        assertThat(cache.find(names.get(1), 1)).isNotNull();
        assertThat(cache.find(names.get(2), 1)).isNotNull();
    }

    @Test
    void resultsWithManyTargetsAreKeptUntilTheyAreTooMany() throws InvalidTopicException {
        int names = 0;
        while (cache.find(MANY + 0, 1) != null || names == 0) {
            cache.keep(matches(MANY + names, 10_000, 1));
            names++;
        }

        assertThat(names).isEqualTo(51);
        cache.keep(matches(MANY, 10_000, 1));
        assertThat(cache.find(MANY, 1)).isNotNull();
    }

    @Test
    void aResultThatIsKeptAgainCountsOnce() throws InvalidTopicException {
        for (int i = 0; i < 100; i++) {
            cache.keep(matches(MANY, 10_000, i));
        }

        assertThat(cache.find(MANY, 99)).isNotNull();
    }
}
