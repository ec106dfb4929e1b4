// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.observation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.upwell.access.Mac;

@Timeout(30)
class ObservationStoreTest {

    private static final Mac ONE = new Mac(1);
    private static final Mac TWO = new Mac(2);

    @TempDir
    private Path directory;

    private ObservationStore open(int perDevice, long bytes) throws IOException {
        return ObservationStore.open(directory.resolve("observations"), new ObservationStore.Limits(perDevice, bytes));
    }

    private static void add(ObservationStore store, String tenant, Mac device, int from, int to) {
        for (int i = from; i <= to; i++) {
            byte[] json = ("{\"v\":" + i + "}").getBytes(StandardCharsets.UTF_8);
            store.add(tenant, device, List.of(json)).toCompletableFuture().join();
        }
    }

    private static List<String> of(ObservationStore store, String tenant, Mac device) {
        return store.of(tenant, device).stream()
                .map(json -> new String(json, StandardCharsets.UTF_8))
                .toList();
    }

    @Test
    void theNewestOfEachTenantsDeviceStayAlsoOverARestart() throws IOException {
        try (ObservationStore store = open(3, 1 << 20)) {
            add(store, "a", ONE, 1, 5);
            add(store, "a", TWO, 1, 1);
            add(store, "b", ONE, 9, 9);
        }
        try (ObservationStore store = open(3, 1 << 20)) {
            assertThat(of(store, "a", ONE)).containsExactly("{\"v\":3}", "{\"v\":4}", "{\"v\":5}");
            assertThat(of(store, "a", TWO)).hasSize(1);
            assertThat(of(store, "b", ONE)).containsExactly("{\"v\":9}");
            assertThat(of(store, "b", TWO)).isEmpty();
            add(store, "a", ONE, 6, 6);
            assertThat(of(store, "a", ONE)).endsWith("{\"v\":6}").hasSize(3);
        }
    }

    /// Each costs 7 bytes, and 128 for keeping it.
    private static final long COST = 135;

    @Test
    void theOldestOfTheLargestTenantGoWhenThereAreTooManyBytes() throws IOException {
        try (ObservationStore store = open(1_000, COST * 4)) {
            add(store, "a", ONE, 1, 1);
            add(store, "b", ONE, 1, 2);
            add(store, "b", TWO, 1, 3);
            assertThat(of(store, "a", ONE)).hasSize(1);
            assertThat(of(store, "b", ONE)).isEmpty();
            assertThat(of(store, "b", TWO)).hasSize(3);
            add(store, "a", TWO, 1, 1);
            assertThat(of(store, "b", TWO)).containsExactly("{\"v\":2}", "{\"v\":3}");
            assertThat(of(store, "a", ONE)).hasSize(1);
        }
    }

    /// Many writers and a file that is written anew again and again: each writer's own order holds, in memory and
    /// after a restart, and nothing comes twice.
    @Test
    void writersAtOnceLoseAndRepeatNothing() throws Exception {
        int writers = 4;
        int each = 200;
        List<String> expected = IntStream.rangeClosed(1, each)
                .mapToObj(i -> "{\"v\":" + i + "}")
                .toList();
        try (ObservationStore store = open(each, 64 << 20)) {
            List<Thread> threads = IntStream.range(0, writers)
                    .mapToObj(writer -> Thread.ofVirtual().start(() -> add(store, "a", new Mac(writer), 1, each)))
                    .toList();
            for (Thread thread : threads) {
                thread.join();
            }
        }
        try (ObservationStore store = open(each, 64 << 20)) {
            for (int writer = 0; writer < writers; writer++) {
                assertThat(of(store, "a", new Mac(writer))).isEqualTo(expected);
            }
        }
    }

    @Test
    void whatCannotBeWrittenIsNotKept() throws IOException {
        ObservationStore store = open(10, 1 << 20);
        store.close();
        CompletableFuture<?> outcome =
                store.add("a", ONE, List.of(new byte[] {'{', '}'})).toCompletableFuture();
        assertThat(outcome).isCompletedExceptionally();
        assertThat(of(store, "a", ONE)).isEmpty();
    }
}
