// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.upwell.broker.message.Message;
import org.upwell.broker.session.InFlight.Entry;
import org.upwell.broker.session.InFlight.Stage;
import org.upwell.broker.testing.Seeds;

class InFlightModelTest {

    private static Delivery delivery(int qos) {
        return new Delivery(Message.of("t", new byte[0], qos), 0, qos, false, Delivery.NO_IDS);
    }

    private static InFlight inFlight() {
        return new InFlight(QueueMemory.ofHeap(), "acme");
    }

    @Test
    @DisplayName("[MQTT-2.2.1-4] [MQTT-4.4.0-1] [MQTT-4.6.0-1] no id twice, order of sending kept")
    void idsInUseAreNeverGivenAgainAndOrderIsKept() {
        Seeds.each(100, random -> {
            InFlight inFlight = inFlight();
            List<Entry> model = new ArrayList<>();
            if (random.nextBoolean()) {
                // As after a restart, near the end of the ids.
                int packetId = 65_520 + random.nextInt(16);
                inFlight.restore(new InFlight.Sent(5, 2, packetId, false), 9, null);
                model.add(inFlight.inOrder().getFirst());
                assertThat(inFlight.away()).containsOnly(Map.entry(9L, List.of(5L)));
            }
            int bound = 1 + random.nextInt(60);
            for (int i = 0; i < 400; i++) {
                if (model.size() < bound && random.nextInt(5) < 3) {
                    Entry added = inFlight.add(delivery(1 + random.nextInt(2)));
                    assertThat(added.packetId()).isBetween(1, 65_535);
                    assertThat(model).extracting(Entry::packetId).doesNotContain(added.packetId());
                    model.add(added);
                } else if (!model.isEmpty()) {
                    // Clients acknowledge in any order at QoS 2 across ids; some ids stay open for long.
                    Entry gone = model.remove(random.nextInt(model.size()));
                    inFlight.remove(gone);
                    assertThat(inFlight.get(gone.packetId())).isNull();
                    inFlight.remove(gone);
                }
                assertThat(inFlight.size()).isEqualTo(model.size());
                assertThat(inFlight.inOrder()).isEqualTo(model);
                for (Entry each : model) {
                    assertThat(inFlight.get(each.packetId())).isSameAs(each);
                }
            }
        });
    }

    @Test
    void idsWrapAt65535AndPassOverThoseInUse() {
        InFlight inFlight = inFlight();
        Entry first = inFlight.add(delivery(1));
        Entry second = inFlight.add(delivery(1));
        assertThat(first.packetId()).isEqualTo(1);
        assertThat(second.packetId()).isEqualTo(2);
        inFlight.remove(second);
        for (int expected = 3; expected <= 65_535; expected++) {
            Entry entry = inFlight.add(delivery(1));
            assertThat(entry.packetId()).isEqualTo(expected);
            inFlight.remove(entry);
        }
        assertThat(inFlight.add(delivery(1)).packetId()).as("1 is still open").isEqualTo(2);
        assertThat(inFlight.get(1)).isSameAs(first);
    }

    @Test
    void allIdsCanBeInUseAtOnceAndNoMore() {
        InFlight inFlight = inFlight();
        Set<Integer> ids = new HashSet<>();
        for (int i = 0; i < 65_535; i++) {
            ids.add(inFlight.add(delivery(1)).packetId());
        }
        assertThat(ids).hasSize(65_535).doesNotContain(0);
        assertThatThrownBy(() -> inFlight.add(delivery(1))).isInstanceOf(IllegalStateException.class);
        Entry freed = inFlight.get(4_711);
        assertThat(freed).isNotNull();
        if (freed != null) {
            inFlight.remove(freed);
        }
        assertThat(inFlight.add(delivery(1)).packetId()).isEqualTo(4_711);
    }

    @Test
    void stagesFollowTheHandshake() {
        InFlight inFlight = inFlight();
        assertThat(inFlight.add(delivery(1)).stage()).isEqualTo(Stage.AWAITS_PUBACK);
        Entry entry = inFlight.add(delivery(2));
        assertThat(entry.stage()).isEqualTo(Stage.AWAITS_PUBREC);
        entry.received();
        assertThat(entry.stage()).isEqualTo(Stage.AWAITS_PUBCOMP);
        assertThat(inFlight.get(99)).isNull();
        assertThat(inFlight().get(1)).isNull();
    }

    @Test
    void memoryBoundsWhatIsNotAcknowledged() {
        long bound = 8 * InFlight.OWN_BYTES;
        QueueMemory memory = new QueueMemory(bound, bound, bound);
        InFlight inFlight = new InFlight(memory, "acme");
        List<Entry> sent = new ArrayList<>();
        while (inFlight.hasRoom()) {
            sent.add(inFlight.add(new Delivery(Message.of("t", new byte[64 << 10], 1), 0, 1, false, Delivery.NO_IDS)));
        }
        assertThat(sent.size() * (64L << 10)).isBetween(2 * InFlight.OWN_BYTES, bound);

        InFlight other = new InFlight(memory, "acme");
        other.add(delivery(1));
        assertThat(other.hasRoom()).as("what is its own").isTrue();
        sent.forEach(inFlight::remove);
        assertThat(inFlight.hasRoom()).isTrue();
        assertThat(memory.taken()).isZero();
    }

    @Test
    void aRestoredIdIsInUse() {
        InFlight inFlight = inFlight();
        inFlight.restore(new InFlight.Sent(2, 2, 3, true), 9, null);
        inFlight.restore(new InFlight.Sent(1, 2, 1, false), 8, null);
        assertThat(inFlight.inOrder())
                .as("as they were sent")
                .extracting(Entry::packetId)
                .containsExactly(1, 3);
        assertThat(inFlight.add(delivery(2)).packetId()).isEqualTo(4);
        assertThat(inFlight.restore(new InFlight.Sent(3, 2, 3, false), 9, null)).isFalse();
        assertThat(inFlight.size()).isEqualTo(3);
    }

    @Test
    @DisplayName("[MQTT-4.6.0-1] what a restart brings back is sent in the order in which it was sent first")
    void restoredMessagesAreInTheOrderOfTheirSending() {
        // QoS 2 with a lower sequence waited for its commit, and two copies of one message have one sequence.
        assertThat(restored(2, 5, 1, 6, 3, 7, 16, 9, 15, 9)).containsExactly(1, 2, 3, 15, 16);
        assertThat(restored(65_534, 5, 65_535, 6, 2, 7, 1, 8))
                .as("ids began anew")
                .containsExactly(65_534, 65_535, 1, 2);
        assertThat(restored(1, 5, 65_535, 6, 2, 7)).as("at the first of them").containsExactly(65_535, 1, 2);
        assertThat(restored(5, 1, 60_001, 60_000, 60_000, 60_001))
                .as("one is open for long")
                .containsExactly(5, 60_000, 60_001);
    }

    @Test
    @DisplayName("[MQTT-4.6.0-1] what is sent after a restart comes behind what it brought back, at each return")
    void whatIsSentAfterARestartStaysBehind() {
        InFlight inFlight = inFlight();
        inFlight.restore(new InFlight.Sent(1, 2, 10, false), 8, null);
        inFlight.restore(new InFlight.Sent(1, 2, 20, false), 9, null);
        assertThat(inFlight.inOrder()).extracting(Entry::packetId).containsExactly(10, 20);
        assertThat(inFlight.add(delivery(1)).packetId()).isEqualTo(21);
        assertThat(inFlight.inOrder()).extracting(Entry::packetId).containsExactly(10, 20, 21);
    }

    /// @param sent packet ids, each with the sequence of its message
    private static List<Integer> restored(int... sent) {
        InFlight inFlight = inFlight();
        for (int i = 0; i < sent.length; i += 2) {
            inFlight.restore(new InFlight.Sent(sent[i + 1], 2, sent[i], false), 9, null);
        }
        int added = inFlight.add(delivery(1)).packetId();
        List<Integer> ids =
                new ArrayList<>(inFlight.inOrder().stream().map(Entry::packetId).toList());
        assertThat(ids.removeLast()).as("sent last").isEqualTo(added);
        return ids;
    }
}
