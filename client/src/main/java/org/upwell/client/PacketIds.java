// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import java.util.BitSet;

/// Which packet ids are in use: one space for PUBLISH, SUBSCRIBE and UNSUBSCRIBE ([MQTT-2.2.1-3], [MQTT3-2.3.1-2]).
/// Hands them out in rising order, so that one is used again as late as can be. Owned by one event loop.
final class PacketIds {

    static final int MAX = 65_535;

    private final BitSet used = new BitSet();
    private int last;
    private int count;

    /// A free id, now in use; 0 if there is none.
    int take() {
        if (count == MAX) {
            return 0;
        }
        int id = used.nextClearBit(last + 1);
        if (id > MAX) {
            id = used.nextClearBit(1);
        }
        last = id;
        used.set(id);
        count++;
        return id;
    }

    /// Takes this very id; false if it is in use.
    boolean take(int id) {
        if (used.get(id)) {
            return false;
        }
        used.set(id);
        count++;
        return true;
    }

    void free(int id) {
        if (used.get(id)) {
            used.clear(id);
            count--;
        }
    }
}
