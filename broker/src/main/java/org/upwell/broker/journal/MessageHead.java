// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.util.ArrayList;
import java.util.List;
import org.upwell.broker.message.Message;
import org.upwell.broker.store.QueueTarget;

/// The part of a message's record that the fold needs: everything but topic, payload and properties. Reused from
/// record to record. One thread.
final class MessageHead {

    static final int RETAIN = 4;
    /// Takes its topic's retained place.
    static final int PLACE = 8;
    static final int EXPIRES = 16;
    static final int PACKET_ID = 32;
    static final int PROPERTIES = 64;
    static final int PUBLISHER = 128;
    /// Empties its topic's retained place.
    static final int CLEARS = 256;
    static final int QOS_MASK = 3;

    private static final int EXTRA = 1;
    private static final int TARGET_QOS_2 = 1;
    private static final int TARGET_RETAIN = 2;
    private static final int TARGET_IDENTIFIERS = 4;
    private static final int TARGET_PACKET_ID = 8;
    private static final int TARGET_RECEIVED = 16;
    private static final int[] NO_IDENTIFIERS = {};

    /// One queue of a message, with how far its handshake has come.
    record Target(QueueTarget queue, int packetId, boolean received) {
        Target(QueueTarget queue) {
            this(queue, 0, false);
        }
    }

    long sequence;
    int flags;
    int weightBytes;
    long expiresAtMillis;
    long publisher;
    int packetId;
    /// Segments that may hold older retained messages of the topic, from and to; 0 if none can. Of [#CLEARS].
    int oldest;
    int latest;
    /// Records with more targets that follow.
    int followers;
    final List<Target> targets = new ArrayList<>();

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /// Reads the head of a record of kind [Frame#MESSAGE] or [Frame#SPLIT_MESSAGE].
    void read(Input in, int kind) {
        followers = kind == Frame.SPLIT_MESSAGE ? in.getCount() : 0;
        sequence = in.getVarint();
        flags = in.getShort();
        weightBytes = in.getCount();
        expiresAtMillis = has(EXPIRES) ? in.getSigned() : Message.NEVER;
        publisher = has(PACKET_ID) ? in.getVarint() : 0;
        packetId = has(PACKET_ID) ? in.getShort() : 0;
        oldest = has(CLEARS) ? in.getCount() : 0;
        latest = has(CLEARS) ? in.getCount() : 0;
        targets.clear();
        readTargets(in, targets);
    }

    /// Reads only sequence and flags. [#followers] is not known then.
    void readShort(Input in, int kind) {
        if (kind == Frame.SPLIT_MESSAGE) {
            in.getCount();
        }
        sequence = in.getVarint();
        flags = in.getShort();
    }

    static void readTargets(Input in, List<Target> into) {
        int count = in.getCount();
        long session = 0;
        for (int i = 0; i < count; i++) {
            long first = in.getVarint();
            session += first >>> 1;
            int flags = (first & EXTRA) != 0 ? in.get() : 0;
            int[] identifiers = (flags & TARGET_IDENTIFIERS) != 0 ? readIdentifiers(in) : NO_IDENTIFIERS;
            int packetId = (flags & TARGET_PACKET_ID) != 0 ? in.getShort() : 0;
            int qos = (flags & TARGET_QOS_2) != 0 ? 2 : 1;
            QueueTarget queue = new QueueTarget(session, qos, (flags & TARGET_RETAIN) != 0, identifiers);
            into.add(new Target(queue, packetId, (flags & TARGET_RECEIVED) != 0));
        }
    }

    private static int[] readIdentifiers(Input in) {
        int count = in.getCount();
        if (count > in.remaining()) {
            throw new Input.MalformedException("more subscription identifiers than bytes");
        }
        int[] identifiers = new int[count];
        for (int i = 0; i < count; i++) {
            identifiers[i] = in.getCount();
        }
        return identifiers;
    }

    /// @param targets in rising order of session
    static void writeTargets(Output out, List<Target> targets, int from, int to) {
        out.putVarint(to - from);
        long session = 0;
        for (int i = from; i < to; i++) {
            Target target = targets.get(i);
            QueueTarget queue = target.queue();
            int flags = (queue.qos() == 2 ? TARGET_QOS_2 : 0)
                    | (queue.retain() ? TARGET_RETAIN : 0)
                    | (queue.subscriptionIds().length > 0 ? TARGET_IDENTIFIERS : 0)
                    | (target.packetId() != 0 ? TARGET_PACKET_ID : 0)
                    | (target.received() ? TARGET_RECEIVED : 0);
            out.putVarint((queue.session() - session) << 1 | (flags != 0 ? EXTRA : 0));
            session = queue.session();
            if (flags != 0) {
                out.put(flags);
                if ((flags & TARGET_IDENTIFIERS) != 0) {
                    out.putVarint(queue.subscriptionIds().length);
                    for (int identifier : queue.subscriptionIds()) {
                        out.putVarint(identifier);
                    }
                }
                if (target.packetId() != 0) {
                    out.putShort(target.packetId());
                }
            }
        }
    }

    /// Writes all but the targets.
    void write(Output out, int kind) {
        if (kind == Frame.SPLIT_MESSAGE) {
            out.putVarint(followers);
        }
        out.putVarint(sequence);
        out.putShort(flags);
        out.putVarint(weightBytes);
        if (has(EXPIRES)) {
            out.putSigned(expiresAtMillis);
        }
        if (has(PACKET_ID)) {
            out.putVarint(publisher);
            out.putShort(packetId);
        }
        if (has(CLEARS)) {
            out.putVarint(oldest);
            out.putVarint(latest);
        }
    }

    /// How a queue entry notes this target.
    static int entryFlags(QueueTarget queue) {
        return (queue.qos() == 2 ? SequenceQueue.QOS_2 : 0)
                | (queue.retain() ? SequenceQueue.RETAIN : 0)
                | (queue.subscriptionIds().length > 0 ? SequenceQueue.IDENTIFIERS : 0);
    }
}
