// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

/// At full rate, looks at the sockets as seldom as the broker does not notice: before it can have worked off a
/// quarter of what is on its way, by the rate at which messages come. Owned by the loop.
final class AdaptiveCoalescing implements Runnable {
    private static final long LONGEST_NANOS = 250_000;
    private static final long SHORTEST_NANOS = 20_000;

    /// Share of the newest rate in the average.
    private static final double WEIGHT = 0.3;

    private final DeliveryRun run;
    private final Coalescing coalescing;
    private long lastNanos = System.nanoTime();
    private long lastDistinct;
    private double perNano;

    AdaptiveCoalescing(DeliveryRun run, Coalescing coalescing) {
        this.run = run;
        this.coalescing = coalescing;
    }

    @Override
    public void run() {
        long now = System.nanoTime();
        long distinct = run.distinct();
        if (now - lastNanos < 1_000_000) {
            return;
        }
        double rate = (double) (distinct - lastDistinct) / (now - lastNanos);
        perNano = perNano == 0 ? rate : perNano * (1 - WEIGHT) + rate * WEIGHT;
        lastNanos = now;
        lastDistinct = distinct;
        long outstanding = Math.clamp(run.expected() - distinct, 0, run.mostOutstanding());
        long pause = perNano == 0 ? 0 : (long) (outstanding / perNano / 4);
        coalescing.pause(pause < SHORTEST_NANOS ? 0 : Math.min(pause, LONGEST_NANOS));
    }
}
