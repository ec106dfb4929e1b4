// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TimeWheelTest {
    private static final int DEVICES = 60;

    @Test
    void everyDeviceComesAtItsLatestDeadlineAndOnlyThen() {
        long seed = 5_22;
        Random random = new Random(seed);
        TimeWheel wheel = new TimeWheel(DEVICES, 0);
        Map<Integer, Integer> model = new TreeMap<>();
        int now = 0;
        for (int step = 0; step < 20_000; step++) {
            int device = random.nextInt(DEVICES);
            switch (random.nextInt(4)) {
                case 0 -> {
                    wheel.cancel(device);
                    model.remove(device);
                }
                case 1 -> {
                    // Up to three turns away, and sometimes in the past.
                    int tick = now - 5 + random.nextInt(random.nextBoolean() ? 20 : 25_000);
                    wheel.schedule(device, tick);
                    model.put(device, Math.max(tick, now + 1));
                }
                default -> {
                    now = advance(wheel, model, now, now + random.nextInt(300), "seed " + seed + " step " + step);
                }
            }
        }
    }

    private static int advance(TimeWheel wheel, Map<Integer, Integer> model, int from, int to, String where) {
        List<Integer> came = new ArrayList<>();
        wheel.advance(to, came::add);
        List<Integer> due = new ArrayList<>();
        for (int tick = from + 1; tick <= to; tick++) {
            int at = tick;
            model.forEach((device, deadline) -> {
                if (deadline == at) {
                    due.add(device);
                }
            });
        }
        assertThat(came).as(where).containsExactlyInAnyOrderElementsOf(due);
        due.forEach(model::remove);
        return to;
    }

    @Test
    void aCallbackMayScheduleItselfAndCancelOthersOfTheSameTick() {
        TimeWheel wheel = new TimeWheel(3, 0);
        List<Integer> came = new ArrayList<>();
        wheel.schedule(0, 5);
        wheel.schedule(1, 5);
        wheel.schedule(2, 5);
        wheel.advance(5, device -> {
            came.add(device);
            for (int other = 0; other < 3; other++) {
                wheel.cancel(other);
            }
            wheel.schedule(device, 5);
        });
        assertThat(came).hasSize(1);
        wheel.advance(6, came::add);
        assertThat(came).hasSize(2);
        assertThat(came.getFirst()).isEqualTo(came.getLast());
    }
}
