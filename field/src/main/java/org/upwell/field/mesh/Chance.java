// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

/// Chance that repeats itself: what happens to a device follows from the seed, the device and a count of its own,
/// never from which thread was faster. No state.
final class Chance {
    // What is decided, so that decisions of one device do not go together.
    static final int LOSS = 1;
    static final int DUPLICATE = 2;
    static final int DELAY = 3;
    static final int REORDER = 4;
    static final int HOPS = 5;
    static final int SLEEPS = 6;
    static final int OWN_WAN = 7;
    static final int TIMEOUT = 8;
    static final int PHASE = 9;
    static final int MISBEHAVES = 10;
    /// Weather events take numbers from here on, each its own.
    static final int FIRST_EVENT = 1_000;

    private Chance() {}

    /// From 0 to 1 exclusive.
    static double of(long seed, int purpose, long device, long count) {
        long mixed = mix(seed ^ mix(purpose ^ mix(device ^ mix(count))));
        return (mixed >>> 11) * 0x1.0p-53;
    }

    private static long mix(long value) {
        long mixed = (value + 0x9E3779B97F4A7C15L) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 30)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }
}
