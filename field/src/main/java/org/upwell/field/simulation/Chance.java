// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.simulation;

/// Chance that follows from a seed and a number. No state.
final class Chance {
    private Chance() {}

    /// From 0 to 1 exclusive; the finalizer of SplitMix64.
    static double of(long seed, long number) {
        long mixed = seed + number * 0x9E3779B97F4A7C15L;
        mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return ((mixed ^ (mixed >>> 31)) >>> 11) * 0x1.0p-53;
    }
}
