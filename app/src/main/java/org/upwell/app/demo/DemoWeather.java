// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.demo;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.field.simulation.SimulatedField;

/// What the field of a demo lives through: a loss of 5 %, every NIC at another address once in a minute, and one
/// access point after the other out for a while, first after a third of the demo. One run is one second; run by one
/// thread.
final class DemoWeather implements Runnable {
    static final Duration STEP = Duration.ofSeconds(1);
    static final int ACCESS_POINTS = 4;

    private static final Logger log = LoggerFactory.getLogger(DemoWeather.class);
    private static final long SEED = 5;
    private static final double LOSS = 0.05;
    private static final int SECONDS_BETWEEN_MOVES = 60;
    private static final int USUAL_CYCLE_SECONDS = 90;
    private static final int LONGEST_OUTAGE_SECONDS = 20;

    private final SimulatedField field;
    private final List<String> macs;
    private final PrintWriter out;
    private final int cycleSeconds;
    private final int outageSeconds;
    private final RandomGenerator random =
            RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    private int second;
    private double moves;

    DemoWeather(SimulatedField field, DemoSettings settings, PrintWriter out) {
        this.field = field;
        this.macs = SimulatedField.macs(1, settings.devices());
        this.out = out;
        int third = settings.length()
                .map(length -> (int) Math.max(2, length.toSeconds() / 3))
                .orElse(USUAL_CYCLE_SECONDS);
        this.cycleSeconds = Math.min(third, USUAL_CYCLE_SECONDS);
        this.outageSeconds = Math.min(LONGEST_OUTAGE_SECONDS, Math.max(1, cycleSeconds / 2));
        setLoss(field, LOSS);
    }

    /// A fine day again.
    static void clear(SimulatedField field) {
        setLoss(field, 0);
    }

    @Override
    public void run() {
        second++;
        // Demos with few devices move one now and then.
        moves += (double) macs.size() / SECONDS_BETWEEN_MOVES;
        for (; moves >= 1; moves--) {
            move(macs.get(random.nextInt(macs.size())));
        }
        int outage = second / cycleSeconds;
        int accessPoint = outage % ACCESS_POINTS;
        if (outage > 0 && second % cycleSeconds == 0) {
            out.println("-- access point " + (accessPoint + 1) + " is out for " + outageSeconds + " s");
            field.loss(accessPoint, 1, SEED);
        } else if (outage > 0 && second % cycleSeconds == outageSeconds) {
            out.println("-- access point " + (accessPoint + 1) + " is back");
            field.loss(accessPoint, LOSS, SEED);
        }
    }

    private void move(String mac) {
        try {
            field.changeAddress(mac);
        } catch (IOException e) {
            log.warn("{} stays where it is", mac, e);
        }
    }

    private static void setLoss(SimulatedField field, double share) {
        for (int i = 0; i < ACCESS_POINTS; i++) {
            field.loss(i, share, SEED);
        }
    }
}
