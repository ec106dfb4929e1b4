// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class TallyTest {
    private final Tally tally = new Tally(Map.of("a", "one", "b", "two"));

    @Test
    void everythingDeliveredOnceToItsOwnerIsThePromiseKept() {
        tally.sent(key("a", 1));
        tally.sent(key("b", 1));
        tally.delivered("one", key("a", 1), true);
        tally.delivered("two", key("b", 1), true);

        assertThat(tally.summary()).isEqualTo(new Tally.Summary(2, 2, 0, 0, 0, Set.of()));
        assertThat(tally.summary().isKept()).isTrue();
        assertThat(tally.summary()).hasToString("sent=2 delivered=2 lost=0 duplicated=0");
    }

    @Test
    void whatDidNotArriveIsLostEvenIfSomethingElseArrivedTwice() {
        tally.sent(key("a", 1));
        tally.sent(key("a", 2));
        tally.sent(key("b", 1));
        tally.delivered("one", key("a", 1), true);
        tally.delivered("one", key("a", 1), true);
        tally.delivered("two", key("b", 1), true);

        assertThat(tally.summary()).hasToString("sent=3 delivered=2 lost=1 duplicated=1");
        assertThat(tally.summary().isKept()).isFalse();
    }

    @Test
    void deliveryToSomebodyElseIsAstrayAndNotDelivered() {
        tally.sent(key("a", 1));
        tally.delivered("two", key("a", 1), true);

        assertThat(tally.summary()).isEqualTo(new Tally.Summary(1, 0, 1, 0, 1, Set.of("a", "b")));
    }

    @Test
    void deviceThatOnlyAlarmedIsSilent() {
        tally.sent(key("a", 1));
        tally.delivered("one", key("a", 1), false);

        assertThat(tally.summary().silent()).containsExactly("a", "b");
        assertThat(tally.summary().isKept()).isFalse();
    }

    @Test
    void deliveryMayBeHeardOfBeforeTheSending() {
        tally.delivered("one", key("a", 1), true);
        tally.sent(key("a", 1));

        assertThat(tally.summary().lost()).isZero();
    }

    @Test
    @Timeout(value = 10, unit = TimeUnit.SECONDS)
    void waitingEndsWithTheLastDelivery() throws Exception {
        tally.sent(key("a", 1));
        Thread subscriber = Thread.ofVirtual().start(() -> tally.delivered("one", key("a", 1), true));

        tally.awaitDelivery(Duration.ofMinutes(1).toNanos());

        assertThat(tally.summary().lost()).isZero();
        subscriber.join();
    }

    @Test
    @Timeout(value = 10, unit = TimeUnit.SECONDS)
    void waitingEndsWithItsTime() throws Exception {
        tally.sent(key("a", 1));

        tally.awaitDelivery(1);

        assertThat(tally.summary().lost()).isEqualTo(1);
    }

    private static Tally.Key key(String mac, long number) {
        return new Tally.Key(mac, number);
    }
}
