// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.util.Arrays;

/// Holds what devices made against what readers got, number by number: a bit for each notification. Safe for all
/// threads.
///
/// The numbers of a device count up from 1 without gaps for as long as the field runs, so what is missing shows.
public final class DeliveryLedger implements MeshListener {
    /// @param made by devices
    /// @param delivered of these, to a reader, at least once
    /// @param lost of these, neither delivered nor given up by the device itself
    /// @param dropped of these, given up by the device itself and not delivered
    /// @param duplicated deliveries beyond the first
    /// @param strange deliveries of what no device of this field made
    public record Balance(long made, long delivered, long lost, long dropped, long duplicated, long strange) {
        @Override
        public String toString() {
            return "sent=" + made + " delivered=" + delivered + " lost=" + lost + " duplicated=" + duplicated
                    + (dropped == 0 ? "" : " dropped=" + dropped) + (strange == 0 ? "" : " strange=" + strange);
        }
    }

    private static final long[] NOTHING = {};

    private final int[] made;
    private final long[][] delivered;
    private final long[][] dropped;
    private long duplicated;
    private long strange;

    public DeliveryLedger(int devices) {
        made = new int[devices];
        delivered = new long[devices][];
        dropped = new long[devices][];
        Arrays.fill(delivered, NOTHING);
        Arrays.fill(dropped, NOTHING);
    }

    @Override
    public synchronized void onMade(int device, int sequence) {
        made[device] = Math.max(made[device], sequence);
    }

    @Override
    public synchronized void onDropped(int device, int sequence) {
        set(dropped, device, sequence);
    }

    /// A reader got one.
    public synchronized void onDelivered(long device, long sequence) {
        // It was made before it was sent, so what is beyond that is nobody's.
        if (device < 0 || device >= made.length || sequence < 1 || sequence > made[(int) device]) {
            strange++;
        } else if (!set(delivered, (int) device, (int) sequence)) {
            duplicated++;
        }
    }

    public synchronized Balance balance() {
        long sum = 0;
        long got = 0;
        long gone = 0;
        for (int device = 0; device < made.length; device++) {
            sum += made[device];
            long[] had = delivered[device];
            for (int i = 0; i < had.length; i++) {
                got += Long.bitCount(had[i]);
            }
            for (int i = 0; i < dropped[device].length; i++) {
                gone += Long.bitCount(dropped[device][i] & ~(i < had.length ? had[i] : 0));
            }
        }
        return new Balance(sum, got, sum - got - gone, gone, duplicated, strange);
    }

    /// False if it was set before.
    private static boolean set(long[][] all, int device, int sequence) {
        int word = (sequence - 1) >> 6;
        if (word >= all[device].length) {
            all[device] = Arrays.copyOf(all[device], word + 1 + word / 2);
        }
        long bit = 1L << ((sequence - 1) & 63);
        boolean isNew = (all[device][word] & bit) == 0;
        all[device][word] |= bit;
        return isNew;
    }
}
