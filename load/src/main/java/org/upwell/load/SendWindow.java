// SPDX-License-Identifier: Apache-2.0
package org.upwell.load;

/// The packet ids of one publisher and how far the handshake of each is, QoS 1 and 2. The id that is free longest
/// is used next. For one thread.
final class SendWindow {
    /// What an acknowledgement asks for.
    enum Answer {
        /// PUBREL is to be sent.
        RELEASE,
        /// The handshake is over and the id free.
        DONE,
        /// Not what this id waits for.
        WRONG
    }

    static final int PUBACK = 4;
    static final int PUBREC = 5;
    static final int PUBCOMP = 7;

    private static final byte FREE = 0;
    private static final byte SENT = 1;
    private static final byte RECEIVED = 2;

    private final int qos;
    private final byte[] states;
    private final long[] sentNanos;
    private final char[] freeIds;
    private int firstFree;
    private int free;

    SendWindow(int qos, int size) {
        this.qos = qos;
        this.states = new byte[size + 1];
        this.sentNanos = new long[size + 1];
        this.freeIds = new char[size];
        for (int i = 0; i < size; i++) {
            freeIds[i] = (char) (i + 1);
        }
        this.free = size;
    }

    int free() {
        return free;
    }

    int unacknowledged() {
        return freeIds.length - free;
    }

    /// Takes an id; one must be free.
    int take(long nanos) {
        int id = freeIds[firstFree];
        firstFree = firstFree + 1 == freeIds.length ? 0 : firstFree + 1;
        free--;
        states[id] = SENT;
        sentNanos[id] = nanos;
        return id;
    }

    /// When the message with this id was sent.
    long sentNanos(int id) {
        return sentNanos[id];
    }

    /// @param refused whether the packet carries a reason that is an error
    Answer acknowledged(int type, int id, boolean refused) {
        if (id < 1 || id >= states.length) {
            return Answer.WRONG;
        }
        byte state = states[id];
        if (isOver(type, state, refused)) {
            states[id] = FREE;
            int at = firstFree + free;
            freeIds[at >= freeIds.length ? at - freeIds.length : at] = (char) id;
            free++;
            return Answer.DONE;
        }
        if (qos == 2 && type == PUBREC && state == SENT) {
            states[id] = RECEIVED;
            return Answer.RELEASE;
        }
        return Answer.WRONG;
    }

    private boolean isOver(int type, byte state, boolean refused) {
        if (qos == 1) {
            return type == PUBACK && state == SENT;
        }
        return (type == PUBCOMP && state == RECEIVED) || (type == PUBREC && state == SENT && refused);
    }
}
