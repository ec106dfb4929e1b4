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

    @Test
    @DisplayName("[MQTT-2.2.1-4] [MQTT-4.4.0-1] [MQTT-4.6.0-1] no id twice, order of sending kept")
    void idsInUseAreNeverGivenAgainAndOrderIsKept() {
        Seeds.each(100, random -> {
            InFlight inFlight = new InFlight();
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
        InFlight inFlight = new InFlight();
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
        InFlight inFlight = new InFlight();
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
        InFlight inFlight = new InFlight();
        assertThat(inFlight.add(delivery(1)).stage()).isEqualTo(Stage.AWAITS_PUBACK);
        Entry entry = inFlight.add(delivery(2));
        assertThat(entry.stage()).isEqualTo(Stage.AWAITS_PUBREC);
        entry.received();
        assertThat(entry.stage()).isEqualTo(Stage.AWAITS_PUBCOMP);
        assertThat(inFlight.get(99)).isNull();
        assertThat(new InFlight().get(1)).isNull();
    }

    @Test
    void aRestoredIdIsInUse() {
        InFlight inFlight = new InFlight();
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
}
