// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

/// Memory that one connection takes for a packet whose rest has yet to come: a little of its own, which is enough for
/// most packets, and beyond that of what all such connections share. So thousands of them that begin a long packet
/// and never end it cannot fill the memory together. Owned by the connection's event loop.
///
/// Who finds nothing left is turned away, not who came first: the others' packets may be about to be complete, and
/// each of them has the connect timeout, or its keep-alive, to end by.
final class KeptBytes {

    /// What needs no share.
    static final int OWN_BYTES = 4 << 10;

    private final SharedRoom shared;
    private long taken;

    KeptBytes(SharedRoom shared) {
        this.shared = shared;
    }

    /// Raises what is taken to `bytes` in all. False if there is not as much; what was taken stays so.
    boolean tryHold(long bytes) {
        long more = bytes - OWN_BYTES - taken;
        if (more > 0) {
            if (!shared.take(more)) {
                return false;
            }
            taken += more;
        }
        return true;
    }

    /// Makes what is taken right for `bytes` in all, be that more or less. False as for [#tryHold].
    boolean tryFit(long bytes) {
        long surplus = taken - Math.max(0, bytes - OWN_BYTES);
        if (surplus <= 0) {
            return tryHold(bytes);
        }
        shared.giveBack(surplus);
        taken -= surplus;
        return true;
    }

    /// The packet is complete, the client is admitted, or the connection ended.
    void giveBack() {
        shared.giveBack(taken);
        taken = 0;
    }
}
