// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.time.Duration;

/// What the mesh does to every datagram, up and down alike.
///
/// @param minHops from a NIC to its access point; each NIC keeps its number
/// @param maxHops the same
/// @param perHop delay of one hop on average; each datagram takes half to three halves of it
/// @param loss share of datagrams that never come, 0 to 1
/// @param duplicates share that come twice
/// @param reorders share that are overtaken, by being held for three times their delay and a tenth of a second
public record Air(int minHops, int maxHops, Duration perHop, double loss, double duplicates, double reorders) {
    /// A wire.
    public static final Air CLEAR = new Air(1, 1, Duration.ZERO, 0, 0, 0);

    public Air {
        if (minHops < 0 || maxHops < minHops || maxHops > 64) {
            throw new IllegalArgumentException("hops go from 0 to 64, the lesser number first");
        }
        if (perHop.isNegative() || perHop.compareTo(Duration.ofSeconds(60)) > 0) {
            throw new IllegalArgumentException("a hop takes from 0 to 60 s");
        }
        checkShare("loss", loss);
        checkShare("duplicates", duplicates);
        checkShare("reorders", reorders);
    }

    public Air withLoss(double share) {
        return new Air(minHops, maxHops, perHop, share, duplicates, reorders);
    }

    static void checkShare(String name, double share) {
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException(name + " is a share from 0 to 1, not " + share);
        }
    }
}
