// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

/// Steps of handshakes in the body of one [Frame#STEPS] record: each names its session, and its message with the
/// segment that held the message's record at that time, as differences to the step before. One thread.
///
/// A step need not be kept once that segment is gone: a message copied later was copied with the step taken.
final class Steps {

    /// Acknowledged, dropped or expired: out of the queue.
    static final int DONE = 0;
    static final int SENT = 1;
    static final int RECEIVED = 2;
    /// The session's own packet id was released. Names no message.
    static final int RELEASED = 3;

    private static final int KIND = 3;
    private static final int SAME_SEGMENT = 4;
    private static final int SHIFT = 3;

    /// Takes one step.
    interface Visitor {
        /// @param packetId of [#SENT] and [#RELEASED], else 0
        void step(int kind, long session, long sequence, int segment, int packetId);
    }

    private final Output out = new Output(1 << 12);
    private long sequence;
    private int segment;

    boolean isEmpty() {
        return out.position() == 0;
    }

    int bytes() {
        return out.position();
    }

    void add(int kind, long session, long ofSequence, int inSegment, int packetId) {
        if (kind == RELEASED) {
            out.putVarint(session << SHIFT | SAME_SEGMENT | RELEASED);
            out.putShort(packetId);
            return;
        }
        boolean same = inSegment == segment;
        out.putVarint(session << SHIFT | (same ? SAME_SEGMENT : 0) | kind);
        if (!same) {
            out.putSigned(inSegment - segment);
        }
        out.putSigned(ofSequence - sequence);
        if (kind == SENT) {
            out.putShort(packetId);
        }
        sequence = ofSequence;
        segment = inSegment;
    }

    /// Writes the body and begins anew.
    void drainTo(Output into) {
        into.putBytes(out.array(), 0, out.position());
        out.position(0);
        sequence = 0;
        segment = 0;
    }

    static void read(Input in, Visitor visitor) {
        long sequence = 0;
        int segment = 0;
        while (in.remaining() > 0) {
            long first = in.getVarint();
            int kind = (int) first & KIND;
            long session = first >>> SHIFT;
            if (kind == RELEASED) {
                visitor.step(kind, session, 0, 0, in.getShort());
                continue;
            }
            if ((first & SAME_SEGMENT) == 0) {
                segment += (int) in.getSigned();
            }
            sequence += in.getSigned();
            visitor.step(kind, session, sequence, segment, kind == SENT ? in.getShort() : 0);
        }
    }
}
