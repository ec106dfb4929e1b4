// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.upwell.broker.store.StoreException;
import org.upwell.broker.testing.Seeds;

class InboundPacketIdsTest {

    private final InboundPacketIds ids = new InboundPacketIds();

    @Test
    @DisplayName("[MQTT-4.3.3-10] an id is taken once until it is released")
    void anIdIsTakenOnceUntilItIsReleased() {
        assertThat(ids.isTaken(7)).isFalse();
        assertThat(ids.take(7)).isTrue();
        assertThat(ids.take(7)).isFalse();
        assertThat(ids.isTaken(7)).isTrue();
        assertThat(ids.isCommitted(7)).isFalse();
        ids.commit(7);
        assertThat(ids.isCommitted(7)).isTrue();
        assertThat(ids.release(7)).isTrue();
        assertThat(ids.release(7)).isFalse();
        assertThat(ids.isCommitted(7)).isFalse();
        assertThat(ids.take(7)).isTrue();
        assertThat(ids.isCommitted(7)).as("the new message is not").isFalse();
    }

    @Test
    void aCommitThatComesAfterTheReleaseLeavesNoMark() {
        ids.take(7);
        ids.release(7);
        ids.commit(7);
        assertThat(ids.isCommitted(7)).isFalse();
        ids.take(7);
        assertThat(ids.isCommitted(7)).isFalse();
    }

    private static InboundPacketIds.Outcome telling(List<String> told, String name) {
        return new InboundPacketIds.Outcome() {
            @Override
            public void committed() {
                told.add(name);
            }

            @Override
            public void refused(StoreException cause) {
                told.add(name + ": " + cause.getMessage());
            }
        };
    }

    @Test
    void whoWaitsForAMessageThatIsRefusedIsToldAndTheIdIsFree() {
        List<String> told = new ArrayList<>();
        ids.take(7);
        ids.await(7, telling(told, "repeat"));
        ids.refuse(7, new StoreException("full"));
        assertThat(told).containsExactly("repeat: full");
        assertThat(ids.isTaken(7)).isFalse();
        ids.refuse(7, new StoreException("full"));
        assertThat(told).hasSize(1);
    }

    @Test
    void whoWaitsForACommitIsToldOnceAndNotAfterARelease() {
        List<String> told = new ArrayList<>();
        ids.take(7);
        ids.await(7, telling(told, "first"));
        ids.await(7, telling(told, "second"));
        assertThat(told).isEmpty();
        ids.commit(7);
        ids.commit(7);
        assertThat(told).containsExactly("second");
        ids.await(7, telling(told, "third"));
        assertThat(told).containsExactly("second", "third");
        ids.release(7);
        ids.take(7);
        ids.await(7, telling(told, "of the released one"));
        ids.release(7);
        ids.take(7);
        ids.commit(7);
        assertThat(told).containsExactly("second", "third");
    }

    @Test
    void agreesWithPlainSets() {
        Seeds.each(100, random -> {
            InboundPacketIds tried = new InboundPacketIds();
            Set<Integer> taken = new TreeSet<>();
            Set<Integer> committed = new TreeSet<>();
            for (int i = 0; i < 200; i++) {
                int id = random.nextInt(4) == 0 ? 65_535 : 1 + random.nextInt(6);
                switch (random.nextInt(3)) {
                    case 0 -> assertThat(tried.take(id)).isEqualTo(taken.add(id));
                    case 1 -> {
                        tried.commit(id);
                        if (taken.contains(id)) {
                            committed.add(id);
                        }
                    }
                    default -> {
                        assertThat(tried.release(id)).isEqualTo(taken.remove(id));
                        committed.remove(id);
                    }
                }
                assertThat(tried.isTaken(id)).isEqualTo(taken.contains(id));
                assertThat(tried.isCommitted(id)).isEqualTo(committed.contains(id));
                assertThat(tried.size()).isEqualTo(taken.size());
            }
        });
    }
}
