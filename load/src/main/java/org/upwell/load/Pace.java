// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

import java.time.Duration;

/// How fast and how long.
///
/// @param rate messages per second of all publishers together, 0: as fast as the windows allow
/// @param credit whether a publisher waits for its slowest subscriber
/// @param warmUp before what is measured
public record Pace(double rate, boolean credit, Duration warmUp, Duration measured) {

    public Pace {
        if (!(rate >= 0 && rate <= 1e9)) {
            throw new IllegalArgumentException("a rate is 0 to 1000000000 messages per second");
        }
        if (warmUp.isNegative() || measured.isNegative() || measured.isZero()) {
            throw new IllegalArgumentException("measuring takes some time");
        }
    }
}
