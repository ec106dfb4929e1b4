// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.upwell.access.Mac;
import org.upwell.codec.ReasonCode;

class RepeatWindowTest {

    private final RepeatWindow window = new RepeatWindow();
    private final CompletableFuture<ReasonCode> outcome = new CompletableFuture<>();

    private static NotificationId id(String uri, long boot, long sequence) {
        return new NotificationId(new Mac(0x001350050047dd92L), uri, boot, sequence);
    }

    private RepeatWindow.Claim claim(NotificationId id) {
        return window.claim(id, outcome);
    }

    private void publish(NotificationId id) {
        assertThat(claim(id)).as("%s", id).isInstanceOf(RepeatWindow.Claim.Fresh.class);
        window.settle(id, true);
    }

    @Test
    void claimIsGivenToOne() {
        claim(id("/a", 1, 1));
        assertThat(window.claim(id("/a", 1, 1), new CompletableFuture<>()))
                .isEqualTo(new RepeatWindow.Claim.UnderWay(outcome));
    }

    @Test
    void failedClaimMayBeTakenAgain() {
        claim(id("/a", 1, 1));
        window.settle(id("/a", 1, 1), false);
        publish(id("/a", 1, 1));
        assertThat(claim(id("/a", 1, 1))).isInstanceOf(RepeatWindow.Claim.Done.class);
    }

    @Test
    void sensorsBootsAndDevicesAreApart() {
        publish(id("/a", 1, 1));
        publish(id("/b", 1, 1));
        publish(id("/a", 2, 1));
        // A boot counter that went back, as after a replaced flash memory, must lose nothing.
        publish(id("/a", 0, 1));
        publish(new NotificationId(new Mac(1), "/a", 1, 1));
        assertThat(claim(id("/a", 1, 1))).isInstanceOf(RepeatWindow.Claim.Done.class);
    }

    @Test
    void firstNumberMayBeAny() {
        publish(id("/a", 1, 0));
        publish(id("/b", 1, Long.MAX_VALUE));
        assertThat(claim(id("/b", 1, Long.MAX_VALUE))).isInstanceOf(RepeatWindow.Claim.Done.class);
        assertThat(claim(id("/b", 1, 0))).isInstanceOf(RepeatWindow.Claim.Fresh.class);
    }

    @Test
    void oldestSeriesOfADeviceIsForgottenFirst() {
        for (int sensor = 0; sensor < 65; sensor++) {
            publish(id("/s" + sensor, 1, 1));
        }
        assertThat(claim(id("/s64", 1, 1))).isInstanceOf(RepeatWindow.Claim.Done.class);
        assertThat(claim(id("/s0", 1, 1))).isInstanceOf(RepeatWindow.Claim.Fresh.class);
    }

    @Test
    void onlyTheLatestBootsOfASensorAreRemembered() {
        for (int boot = 0; boot < 5; boot++) {
            publish(id("/a", boot, 1));
        }
        assertThat(claim(id("/a", 4, 1))).isInstanceOf(RepeatWindow.Claim.Done.class);
        assertThat(claim(id("/a", 1, 1))).isInstanceOf(RepeatWindow.Claim.Done.class);
        assertThat(claim(id("/a", 0, 1))).isInstanceOf(RepeatWindow.Claim.Fresh.class);
    }

    @Test
    void whatItRemembersCanBeCarriedToAnother() {
        publish(id("/a", 1, 7));
        publish(id("/a", 1, 9));
        publish(id("/b", 2, 1));
        RepeatWindow other = new RepeatWindow();
        other.merge(new Mac(0x001350050047dd92L), "/a", 1, 8, 1);
        window.forEach(other::merge);
        for (long number : new long[] {7, 8, 9}) {
            assertThat(other.claim(id("/a", 1, number), outcome)).isInstanceOf(RepeatWindow.Claim.Done.class);
        }
        assertThat(other.claim(id("/b", 2, 1), outcome)).isInstanceOf(RepeatWindow.Claim.Done.class);
        assertThat(other.claim(id("/a", 1, 6), outcome)).isInstanceOf(RepeatWindow.Claim.Fresh.class);
    }

    @Test
    void whatWasAddedTooEarlyIsFreeAgain() {
        window.add(id("/a", 1, 1));
        window.add(id("/a", 1, 2));
        window.forget(id("/a", 1, 2));
        assertThat(claim(id("/a", 1, 1))).isInstanceOf(RepeatWindow.Claim.Done.class);
        assertThat(claim(id("/a", 1, 2))).isInstanceOf(RepeatWindow.Claim.Fresh.class);
    }

    /// Against a plain set: within 64 numbers of the highest nothing is published twice, and nothing at all is
    /// lost.
    @Test
    void agreesWithASetOfNumbers() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        Map<String, Set<Long>> published = new HashMap<>();
        Map<String, Long> highest = new HashMap<>();
        for (int step = 0; step < 20_000; step++) {
            String uri = "/s" + random.nextInt(5);
            long top = highest.getOrDefault(uri, 0L);
            long number = Math.max(0, top - random.nextInt(80) + random.nextInt(20));
            boolean known = published.computeIfAbsent(uri, _ -> new HashSet<>()).contains(number);
            RepeatWindow.Claim claim = claim(id(uri, 1, number));
            if (!known) {
                assertThat(claim)
                        .as("seed %d, step %d, new %d below %d", seed, step, number, top)
                        .isInstanceOf(RepeatWindow.Claim.Fresh.class);
            } else if (top - number < 64) {
                assertThat(claim)
                        .as("seed %d, step %d, known %d below %d", seed, step, number, top)
                        .isInstanceOf(RepeatWindow.Claim.Done.class);
            }
            if (claim instanceof RepeatWindow.Claim.Fresh) {
                boolean success = random.nextInt(10) > 0;
                window.settle(id(uri, 1, number), success);
                if (success) {
                    published.get(uri).add(number);
                    highest.merge(uri, number, Math::max);
                }
            }
        }
    }

    /// The boot that was used last must be the last to be forgotten, also after a restart.
    @Test
    void orderOfUseOutlivesASnapshot() {
        RepeatWindow former = new RepeatWindow();
        Mac mac = Mac.parse("001350050047dd92");
        for (long boot = 1; boot <= 4; boot++) {
            former.add(new NotificationId(mac, "/arduino/temp?sens", boot, 1));
        }
        RepeatWindow restored = new RepeatWindow();
        former.forEach(restored::merge);
        restored.add(new NotificationId(mac, "/arduino/temp?sens", 5, 1));
        List<Long> boots = new ArrayList<>();
        restored.forEach((_, _, boot, _, _) -> boots.add(boot));
        assertThat(boots).containsExactly(2L, 3L, 4L, 5L);
    }
}
