// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.concurrent.DefaultEventExecutor;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The small parts, without a network.
@Timeout(20)
class PartsTest {

    @Test
    void packetIdsRiseAndComeBackLate() {
        PacketIds ids = new PacketIds();
        assertThat(ids.take()).isEqualTo(1);
        assertThat(ids.take()).isEqualTo(2);
        ids.free(1);
        assertThat(ids.take()).isEqualTo(3);
        assertThat(ids.take(4)).isTrue();
        assertThat(ids.take(4)).isFalse();
        assertThat(ids.take()).isEqualTo(5);
    }

    @Test
    void packetIdsAreNeverGivenTwice() {
        long seed = 5;
        Random random = new Random(seed);
        PacketIds ids = new PacketIds();
        TreeSet<Integer> used = new TreeSet<>();
        for (int i = 0; i < 300_000; i++) {
            if (random.nextInt(100) < 60) {
                int id = ids.take();
                assertThat(id == 0).as("seed %d", seed).isEqualTo(used.size() == PacketIds.MAX);
                assertThat(id == 0 || used.add(id))
                        .as("seed %d, step %d", seed, i)
                        .isTrue();
            } else if (!used.isEmpty()) {
                Integer some = used.ceiling(1 + random.nextInt(used.last()));
                ids.free(some);
                used.remove(some);
            }
        }
        while (used.size() < PacketIds.MAX) {
            used.add(ids.take());
        }
        assertThat(ids.take()).isZero();
        assertThat(used.first()).isEqualTo(1);
        assertThat(used.last()).isEqualTo(65_535);
    }

    @Test
    void delaysDoubleUpToTheLargestAndVaryByHalf() {
        Reconnect reconnect = new Reconnect(Duration.ofMillis(100), Duration.ofSeconds(1), false);
        Backoff backoff = new Backoff(reconnect, new Random(1));
        long[] steps = {100, 200, 400, 800, 1000, 1000, 1000};
        for (long step : steps) {
            assertThat(backoff.nextDelay()).isBetween(Duration.ofMillis(step / 2), Duration.ofMillis(step));
        }
    }

    @Test
    void onlyAConnectionThatLastedStartsTheDelaysAnew() {
        Reconnect reconnect = new Reconnect(Duration.ofMillis(100), Duration.ofSeconds(1), false);
        Backoff backoff = new Backoff(reconnect, new Random(1));
        for (int i = 0; i < 6; i++) {
            backoff.nextDelay();
        }
        backoff.onConnectionEnded(Duration.ofMillis(10));
        assertThat(backoff.nextDelay()).isGreaterThanOrEqualTo(Duration.ofMillis(500));
        backoff.onConnectionEnded(Duration.ofSeconds(1));
        assertThat(backoff.nextDelay()).isLessThanOrEqualTo(Duration.ofMillis(100));
    }

    @Test
    void whatFollowsOnStagesKeepsTheirOrder() throws Exception {
        DefaultEventExecutor owner = new DefaultEventExecutor();
        long seed = 11;
        List<Integer> followed = Collections.synchronizedList(new ArrayList<>());
        InOrder<Integer> order = new InOrder<>(owner, (item, fault) -> {
            assertThat(owner.inEventLoop()).isTrue();
            followed.add(fault == null ? item : -item);
        });
        List<CompletableFuture<Void>> stages = new ArrayList<>();
        Random random = new Random(seed);
        for (int i = 0; i < 1000; i++) {
            CompletableFuture<Void> stage = new CompletableFuture<>();
            if (random.nextInt(4) == 0) {
                stage.complete(null);
            }
            stages.add(stage);
            int item = i;
            owner.submit(() -> order.add(item, stage)).get();
        }
        Collections.shuffle(stages, random);
        for (CompletableFuture<Void> stage : stages) {
            stage.complete(null);
        }
        CompletableFuture<Void> failed = CompletableFuture.failedFuture(new IOException("no"));
        owner.submit(() -> order.add(1000, failed)).get();
        owner.submit(() -> {}).get();

        assertThat(followed).hasSize(1001).last().isEqualTo(-1000);
        assertThat(followed.subList(0, 1000)).as("seed %d", seed).isSorted();
        owner.shutdownGracefully(0, 1, TimeUnit.SECONDS).get();
    }

    @Test
    void roomIsGivenBackExactly() {
        Outstanding room = new Outstanding(3, 100);
        assertThat(room.tryAdd(60)).isTrue();
        assertThat(room.tryAdd(60)).isFalse();
        assertThat(room.tryAdd(40)).isTrue();
        assertThat(room.tryAdd(1)).isFalse();
        room.remove(60);
        assertThat(room.tryAdd(1)).isTrue();
        assertThat(room.tryAdd(1)).isTrue();
        assertThat(room.tryAdd(1)).isFalse();
        assertThat(room.messages()).isEqualTo(3);
    }

    @Test
    void secretsAreNotShown() {
        assertThat(Credentials.of("user", "secret").toString()).contains("user").doesNotContain("secret");
        assertThat(ClientOptions.builder("h", 1)
                        .credentials(Credentials.of("user", "secret").always())
                        .build()
                        .toString())
                .doesNotContain("secret");
    }
}
