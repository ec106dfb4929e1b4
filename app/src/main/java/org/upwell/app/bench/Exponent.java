// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.bench;

/// The power of `n` with which a cost grows: 1 is linear, 0 does not grow, 2 is quadratic.
final class Exponent {
    private Exponent() {}

    /// The slope of the straight line that is nearest to the points where both axes are logarithmic, by least
    /// squares. A point whose cost is no positive number is passed over.
    ///
    /// @return NaN of fewer than two points
    static double of(long[] n, double[] cost) {
        int count = 0;
        double meanX = 0;
        double meanY = 0;
        for (int i = 0; i < n.length; i++) {
            if (isTold(n[i], cost[i])) {
                count++;
                meanX += (Math.log((double) n[i]) - meanX) / count;
                meanY += (Math.log(cost[i]) - meanY) / count;
            }
        }
        double together = 0;
        double alone = 0;
        for (int i = 0; i < n.length; i++) {
            if (isTold(n[i], cost[i])) {
                double x = Math.log((double) n[i]) - meanX;
                together += x * (Math.log(cost[i]) - meanY);
                alone += x * x;
            }
        }
        return alone == 0 ? Double.NaN : together / alone;
    }

    /// As above, of the last two points alone: what a fixed cost hides among small numbers shows here.
    static double ofLast(long[] n, double[] cost) {
        long[] lastN = new long[2];
        double[] lastCost = new double[2];
        int found = 0;
        for (int i = n.length - 1; i >= 0 && found < 2; i--) {
            if (isTold(n[i], cost[i])) {
                lastN[found] = n[i];
                lastCost[found] = cost[i];
                found++;
            }
        }
        return of(lastN, lastCost);
    }

    static boolean isTold(long n, double cost) {
        return n > 0 && cost > 0 && Double.isFinite(cost);
    }
}
