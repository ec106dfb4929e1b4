// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TopicCacheTest {

    private final TopicCache cache = new TopicCache();

    private String findOrKeep(String topic) {
        ByteBuf in = Unpooled.wrappedBuffer(new byte[1], topic.getBytes(StandardCharsets.UTF_8));
        int length = in.readableBytes() - 1;
        String found = cache.find(in, 1, length);
        if (found != null) {
            return found;
        }
        // A string of its own, as the decoder makes one.
        String read = in.toString(1, length, StandardCharsets.UTF_8);
        cache.keep(in, 1, length, read);
        return read;
    }

    @Test
    void givesTheSameStringForTheSameBytes() {
        String first = findOrKeep("tenant/read/000102030405");

        assertThat(findOrKeep("tenant/read/000102030405")).isSameAs(first);
        assertThat(findOrKeep("tenant/read/000102030406"))
                .isEqualTo("tenant/read/000102030406")
                .isNotSameAs(first);
    }

    @Test
    void neverGivesAnotherTopicHoweverSlotsCollide() {
        long seed = 7;
        Random random = new Random(seed);
        for (int i = 0; i < 50_000; i++) {
            String topic = "t/" + "é".repeat(random.nextInt(3)) + random.nextInt(40) + "x".repeat(random.nextInt(5));
            String found = findOrKeep(topic);

            assertThat(found).as("seed %d, step %d", seed, i).isEqualTo(topic);
            assertThat(findOrKeep(topic)).isSameAs(found);
        }
    }

    @Test
    void keepsNoLongTopics() {
        String topic = "a".repeat(257);

        assertThat(findOrKeep(topic)).isEqualTo(topic);
        assertThat(findOrKeep(topic)).isNotSameAs(findOrKeep(topic));
    }
}
