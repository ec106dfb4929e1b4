// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.hdlc;

import org.jspecify.annotations.Nullable;

/// Gathers what stands on the line between two pauses. The firmware parses only after a pause without a byte, so two
/// frames closer together than that become one block, which is no frame. Owned by one thread, no clock of its own.
public final class QuietGap {
    private static final int CAPACITY = 2 * (Frame.MAX_LENGTH + 2);

    private final byte[] buffer = new byte[CAPACITY];
    private int count;
    private boolean overflown;

    public void append(byte[] bytes, int from, int length) {
        int taken = Math.min(length, CAPACITY - count);
        System.arraycopy(bytes, from, buffer, count, taken);
        count += taken;
        overflown |= taken < length;
    }

    public boolean isEmpty() {
        return count == 0;
    }

    /// Forgets what was gathered, as a restart does.
    public void clear() {
        count = 0;
        overflown = false;
    }

    /// Hands what was gathered to the secondary and starts anew.
    public byte @Nullable [] end(HdlcSecondary secondary) {
        int length = overflown ? 0 : count;
        clear();
        return secondary.receive(buffer, 0, length);
    }
}
