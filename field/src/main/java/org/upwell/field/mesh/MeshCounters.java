// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.util.concurrent.atomic.AtomicLong;

/// What the devices of one thread have done. That thread writes, any may read.
final class MeshCounters {
    final AtomicLong registered = new AtomicLong();
    final AtomicLong readings = new AtomicLong();
    final AtomicLong alerts = new AtomicLong();
    final AtomicLong acknowledged = new AtomicLong();
    final AtomicLong dropped = new AtomicLong();
    final AtomicLong lostInTheAir = new AtomicLong();
    final DelayHistogram delays = new DelayHistogram();
}
