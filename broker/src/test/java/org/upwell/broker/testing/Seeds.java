// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.testing;

import java.util.Random;

/// Runs a test once per seed and names the seed that it failed with.
public final class Seeds {

    private Seeds() {}

    /// One run.
    public interface Run {
        void with(Random random) throws Exception;
    }

    /// Runs with seeds 1 to `count`; to repeat a failure, call [#only] with the seed that it named.
    public static void each(int count, Run run) {
        for (int seed = 1; seed <= count; seed++) {
            only(seed, run);
        }
    }

    public static void only(long seed, Run run) {
        try {
            run.with(new Random(mixed(seed)));
        } catch (Exception | AssertionError e) {
            throw new AssertionError("with seed " + seed + ": " + e.getMessage(), e);
        }
    }

    /// The first numbers of generators with neighbouring seeds are nearly the same: without this every run would
    /// take the same first branch.
    private static long mixed(long seed) {
        long mixed = seed * 0x9E37_79B9_7F4A_7C15L;
        mixed = (mixed ^ (mixed >>> 32)) * 0xD6E8_FEB8_6659_FD93L;
        return mixed ^ (mixed >>> 32);
    }
}
