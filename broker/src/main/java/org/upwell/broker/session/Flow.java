// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// How many messages came in for one recipient and went out during the last minute. Owned as the recipient is.
///
/// Counts by steps of [#STEP_SECONDS] in a ring that is made with the first message, as most sessions idle.
final class Flow {

    static final int STEP_SECONDS = 10;

    /// Full steps that a rate is taken over: a minute.
    private static final int STEPS = 60 / STEP_SECONDS;

    private static final int RING = STEPS + 1;

    private final Ticks ticks;
    private int @Nullable [] ins;
    private int @Nullable [] outs;
    private long last;

    Flow(Ticks ticks) {
        this.ticks = ticks;
        this.last = ticks.seconds() / STEP_SECONDS;
    }

    private long now() {
        return ticks.seconds() / STEP_SECONDS;
    }

    void in() {
        int[] counts = ins;
        if (counts == null || last != now()) {
            counts = current(true);
        }
        counts[(int) (last % RING)]++;
    }

    void out() {
        int[] counts = outs;
        if (counts == null || last != now()) {
            counts = current(false);
        }
        counts[(int) (last % RING)]++;
    }

    void inAndOut() {
        in();
        out();
    }

    private int[] current(boolean in) {
        int[] comings = ins == null ? new int[RING] : ins;
        int[] goings = outs == null ? new int[RING] : outs;
        ins = comings;
        outs = goings;
        long now = now();
        if (now - last >= RING || now < last) {
            Arrays.fill(comings, 0);
            Arrays.fill(goings, 0);
        } else {
            for (long step = last + 1; step <= now; step++) {
                comings[(int) (step % RING)] = 0;
                goings[(int) (step % RING)] = 0;
            }
        }
        last = now;
        return in ? comings : goings;
    }

    /// Messages per second that came in during the last full minute.
    double inPerSecond() {
        return perSecond(current(true));
    }

    /// Messages per second that went out.
    double outPerSecond() {
        return perSecond(current(false));
    }

    /// The present step is not over, so it does not count.
    private double perSecond(int[] counts) {
        long sum = 0;
        for (int count : counts) {
            sum += count;
        }
        return (double) (sum - counts[(int) (last % RING)]) / (STEPS * STEP_SECONDS);
    }
}
