// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.mesh;

import java.util.Arrays;

/// One deadline for each of many devices, in twelve bytes each: a hashed wheel whose slots are lists linked through
/// arrays (Varghese and Lauck, 1987, scheme 6). A deadline more than a turn away is passed over until its turn
/// comes. Within a tick devices come in the reverse order of their scheduling. Owned by one thread.
final class TimeWheel {
    /// Told when a device's deadline has come; may schedule it anew.
    interface Due {
        void onDue(int device);
    }

    private static final int SLOTS = 8_192;
    private static final int NONE = -1;

    private final int[] heads = new int[SLOTS];
    private final int[] next;
    private final int[] previous;
    private final int[] deadlines;
    private int now;

    /// @param devices numbered from 0
    /// @param now the tick that counts as past
    TimeWheel(int devices, int now) {
        this.next = new int[devices];
        this.previous = new int[devices];
        this.deadlines = new int[devices];
        this.now = now;
        Arrays.fill(heads, NONE);
        Arrays.fill(deadlines, NONE);
    }

    /// In the place of the device's present deadline, if it has one. What is past comes at the next tick.
    void schedule(int device, int tick) {
        int deadline = Math.max(tick, now + 1);
        if (deadlines[device] == deadline) {
            return;
        }
        cancel(device);
        int slot = deadline & (SLOTS - 1);
        int head = heads[slot];
        next[device] = head;
        // The head of a slot points back to the slot itself.
        previous[device] = -2 - slot;
        if (head != NONE) {
            previous[head] = device;
        }
        heads[slot] = device;
        deadlines[device] = deadline;
    }

    void cancel(int device) {
        if (deadlines[device] == NONE) {
            return;
        }
        deadlines[device] = NONE;
        int after = next[device];
        int before = previous[device];
        if (before >= 0) {
            next[before] = after;
        } else {
            heads[-2 - before] = after;
        }
        if (after != NONE) {
            previous[after] = before;
        }
    }

    /// Brings everything that is due up to and including the tick.
    void advance(int tick, Due due) {
        while (now < tick) {
            now++;
            int slot = now & (SLOTS - 1);
            // Callbacks schedule for later ticks only, so they never add to this one, but they may cut what follows.
            for (int device = find(heads[slot]); device != NONE; device = find(heads[slot])) {
                cancel(device);
                due.onDue(device);
            }
        }
    }

    /// The first in the list, from here on, whose turn it is.
    private int find(int from) {
        int device = from;
        while (device != NONE && deadlines[device] != now) {
            device = next[device];
        }
        return device;
    }
}
