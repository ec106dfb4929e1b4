// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.chance;

/// Chance that repeats itself: what happens to a device follows from the seed, the device and a count of its own,
/// never from which thread was faster. No state. Both fields take theirs from here.
public final class Chance {
    // What is decided, so that decisions of one device do not go together.
    public static final int LOSS = 1;
    public static final int DUPLICATE = 2;
    public static final int DELAY = 3;
    public static final int REORDER = 4;
    public static final int HOPS = 5;
    public static final int SLEEPS = 6;
    public static final int OWN_WAN = 7;
    public static final int TIMEOUT = 8;
    public static final int PHASE = 9;
    /// Weather events take numbers from here on, each its own.
    public static final int FIRST_EVENT = 1_000;

    private Chance() {}

    /// From 0 to 1 exclusive.
    public static double of(long seed, int purpose, long device, long count) {
        long mixed = mix(seed ^ mix(purpose ^ mix(device ^ mix(count))));
        return (mixed >>> 11) * 0x1.0p-53;
    }

    private static long mix(long value) {
        long mixed = (value + 0x9E3779B97F4A7C15L) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 30)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }
}
