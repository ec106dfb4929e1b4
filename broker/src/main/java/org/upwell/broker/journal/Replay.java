// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.upwell.broker.message.Message;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.StoreException;
import org.upwell.broker.store.SubscriptionRecord;

/// Folds the records of a log, in the order in which they stand, into a [JournalState]. One thread.
///
/// Cleaning moves records to the head of the log, so a fact may stand before the record that creates its session:
/// facts about an unknown number wait in a session without a record, and are dropped at the end if none came.
final class Replay {

    /// Expiry of [#attributes] for a message that does not expire.
    private static final long NEVER_SECONDS = (1L << 35) - 1;

    final JournalState state;
    private final Records records = new Records();
    private final MessageHead head = new MessageHead();
    /// What repair had to leave out.
    private final List<Gap> gaps = new ArrayList<>();
    private final List<MessageHead.Target> moreTargets = new ArrayList<>();
    private long splitSequence;
    private int splitLeft;

    /// Segments that the newest header names.
    final Set<Integer> expected = new HashSet<>();
    final Set<Integer> cleaned = new HashSet<>();
    /// Segments whose cleaning was under way: of some of their messages there is a newer copy.
    final Set<Integer> halfCleaned = new HashSet<>();
    long reservedSequences = 1;
    long nextNumber = 1;

    private record Gap(int segment, int from, int to) {}

    long records() {
        return count;
    }

    private long count;

    Replay(JournalState state) {
        this.state = state;
    }

    /// @param body the record's body, of a message at least the head and, if it concerns a retained place, the
    ///     topic
    void apply(int kind, Input body, Segment segment, int offset, int length) throws IOException {
        count++;
        switch (kind) {
            case Frame.HEADER -> header(body, segment);
            case Frame.MESSAGE, Frame.SPLIT_MESSAGE -> message(kind, body, segment, offset, length);
            case Frame.MORE_TARGETS -> moreTargets(body, length);
            case Frame.STEPS -> Steps.read(body, this::step);
            case Frame.MOVED -> moved(body);
            case Frame.REQUEUED -> requeued(body);
            case Frame.SESSION, Frame.SNAPSHOT, Frame.GROUP -> definition(kind, body, segment, length);
            case Frame.REMOVED -> removed(body.getVarint());
            case Frame.SUBSCRIBED -> subscribed(body.getVarint(), SessionFacts.readSubscription(body));
            case Frame.UNSUBSCRIBED -> {
                Kept of = state.findOrCreate(body.getVarint());
                of.removeSubscription(body.getString());
            }
            case Frame.CLEARED -> state.clearPlace(body.getString(), body.getVarint());
            case Frame.RESERVED -> reservedSequences = Math.max(reservedSequences, body.getVarint());
            case Frame.SYNCED -> segment.markBytes += length;
            // Nothing is known of what stood here.
            case Frame.GAP -> gaps.add(new Gap(segment.number, offset, offset + length));
            case Frame.CLEANED -> cleaned.add(body.getCount());
            default -> throw new Input.MalformedException("unknown kind of record " + kind);
        }
    }

    private void header(Input body, Segment segment) {
        long format = body.getVarint();
        if (format > Frame.FORMAT) {
            throw new StoreException("the journal was written by a newer version: " + segment + " has format " + format
                    + ", this version reads up to " + Frame.FORMAT);
        }
        expected.clear();
        cleaned.clear();
        int segmentCount = body.getCount();
        int number = 0;
        for (int i = 0; i < segmentCount; i++) {
            number += body.getCount();
            expected.add(number);
        }
        reservedSequences = Math.max(reservedSequences, body.getVarint());
        nextNumber = Math.max(nextNumber, body.getVarint());
    }

    // ---- Messages ------------------------------------------------------------------------------------------------

    private void message(int kind, Input body, Segment segment, int offset, int length) throws IOException {
        head.read(body, kind);
        long sequence = head.sequence;
        reservedSequences = Math.max(reservedSequences, sequence + 1);
        long old = state.position(sequence);
        if (old == 0) {
            state.add(sequence, segment.number, offset, length);
        } else {
            // A copy, made when the earlier record's segment was being cleaned: it says all anew.
            state.hold(sequence);
            leaveQueues(sequence, old);
            halfCleaned.add(JournalState.segment(old));
            state.relocate(sequence, segment.number, offset, length);
            state.messages.find(sequence);
        }
        state.messages.set(JournalState.ATTRIBUTES, attributes(head.weightBytes, head.expiresAtMillis));
        enter(sequence, head.targets);
        if (head.has(MessageHead.PLACE)) {
            state.takePlace(body.getString(), sequence);
        } else if (head.has(MessageHead.CLEARS)) {
            state.clearPlace(body.getString(), sequence);
        }
        if (head.has(MessageHead.PACKET_ID)) {
            state.findOrCreate(head.publisher).addInbound(head.packetId);
        }
        if (head.followers == 0) {
            state.release(sequence);
        } else {
            splitSequence = sequence;
            splitLeft = head.followers;
        }
    }

    private void moreTargets(Input body, int length) {
        long sequence = body.getVarint();
        if (splitLeft == 0 || sequence != splitSequence) {
            throw new Input.MalformedException("more queues of message " + sequence + " stand alone");
        }
        moreTargets.clear();
        MessageHead.readTargets(body, moreTargets);
        state.extend(sequence, length);
        enter(sequence, moreTargets);
        if (--splitLeft == 0) {
            state.release(sequence);
        }
    }

    private void enter(long sequence, List<MessageHead.Target> targets) {
        for (MessageHead.Target each : targets) {
            Kept into = state.findOrCreate(each.queue().session());
            if (!into.isRemoved) {
                state.enqueue(into, sequence, MessageHead.entryFlags(each.queue()));
                handshake(into, sequence, each);
            }
        }
    }

    private static void handshake(Kept of, long sequence, MessageHead.Target target) {
        if (target.packetId() != 0) {
            of.sent(sequence, target.packetId());
        }
        if (target.received()) {
            of.received(sequence);
        }
    }

    /// Takes a message out of all queues.
    private void leaveQueues(long sequence, long position) throws IOException {
        Segment segment = state.segments.get(JournalState.segment(position));
        int offset = JournalState.offset(position);
        for (MessageHead.Target each : records.targets(segment, offset, state.lengthOf(sequence))) {
            leave(each.queue().session(), sequence);
        }
        for (QueueTarget each : state.movedTargets(sequence)) {
            leave(each.session(), sequence);
        }
    }

    private void leave(long session, long sequence) {
        Kept holder = state.find(session);
        if (holder != null) {
            state.dequeue(holder, sequence);
        }
    }

    private void step(int kind, long session, long sequence, int segment, int packetId) {
        Kept of = state.find(session);
        if (of == null) {
            return;
        }
        switch (kind) {
            case Steps.DONE -> state.dequeue(of, sequence);
            case Steps.RELEASED -> of.removeInbound(packetId);
            case Steps.SENT -> {
                if (of.queue.flags(sequence) >= 0) {
                    of.sent(sequence, packetId);
                }
            }
            default -> {
                if (of.queue.flags(sequence) >= 0) {
                    of.received(sequence);
                }
            }
        }
    }

    private void moved(Input body) {
        long sequence = body.getVarint();
        body.getVarint(); // The segment of the message, for cleaning.
        Kept from = state.find(body.getVarint());
        moreTargets.clear();
        MessageHead.readTargets(body, moreTargets);
        if (from == null || from.queue.flags(sequence) < 0) {
            return;
        }
        state.hold(sequence);
        state.dequeue(from, sequence);
        enterMoved(sequence);
        state.release(sequence);
    }

    private void requeued(Input body) throws IOException {
        long sequence = body.getVarint();
        int number = body.getCount();
        int offset = body.getCount();
        int bytes = body.getCount();
        moreTargets.clear();
        MessageHead.readTargets(body, moreTargets);
        Segment segment = state.segments.find(number);
        long position = state.position(sequence);
        if (segment == null || (position == 0 && bytes == 0)) {
            return;
        }
        if (position == 0 && isLost(number, offset, offset + bytes)) {
            return;
        }
        if (position == 0) {
            // It left the last queue that its record names, and the move into another was cleaned away.
            revive(sequence, segment, offset, bytes);
        } else if (JournalState.segment(position) == number) {
            state.hold(sequence);
            leaveQueues(sequence, position);
        } else {
            return;
        }
        enterMoved(sequence);
        state.release(sequence);
    }

    private boolean isLost(int segment, int from, int to) {
        for (Gap each : gaps) {
            if (each.segment == segment && each.from < to && from < each.to) {
                return true;
            }
        }
        return false;
    }

    /// Takes a message up again whose record is still there; held, as if in a queue.
    private void revive(long sequence, Segment segment, int offset, int bytes) throws IOException {
        byte[] array = records.read(segment, offset, bytes);
        head.read(new Input(array, Frame.BYTES, Input.intAt(array, 0)), array[12]);
        state.add(sequence, segment.number, offset, bytes);
        state.messages.set(JournalState.ATTRIBUTES, attributes(head.weightBytes, head.expiresAtMillis));
    }

    private void enterMoved(long sequence) {
        for (MessageHead.Target each : moreTargets) {
            Kept into = state.findOrCreate(each.queue().session());
            if (!into.isRemoved) {
                state.enqueueMoved(into, sequence, each.queue());
                handshake(into, sequence, each);
            }
        }
    }

    // ---- Sessions ------------------------------------------------------------------------------------------------

    private void definition(int kind, Input body, Segment segment, int length) {
        Kept of = state.findOrCreate(body.getVarint());
        nextNumber = Math.max(nextNumber, of.number + 1);
        if (of.isRemoved) {
            return;
        }
        boolean isFirst = !of.isKnown();
        of.definedIn(segment.number);
        if (kind == Frame.GROUP) {
            of.group = SessionFacts.readGroup(body);
        } else {
            of.session = SessionFacts.readSession(body);
        }
        if (kind == Frame.SNAPSHOT) {
            List<SubscriptionRecord> subscriptions = SessionFacts.readSubscriptions(body);
            List<Integer> packetIds = new ArrayList<>();
            int packetIdCount = body.getCount();
            for (int i = 0; i < packetIdCount; i++) {
                packetIds.add(body.getShort());
            }
            of.replace(subscriptions, packetIds);
        }
        if (isFirst || kind != Frame.SESSION) {
            state.snapshotAt(of, segment.number, length);
        }
    }

    private void removed(long number) {
        Kept gone = state.findOrCreate(number);
        nextNumber = Math.max(nextNumber, number + 1);
        state.dropQueue(gone);
        gone.isRemoved = true;
        gone.session = null;
        gone.group = null;
    }

    private void subscribed(long number, SubscriptionRecord subscription) {
        state.findOrCreate(number).put(subscription);
    }

    /// Drops what belongs to numbers that are not known at the end of the log.
    void finish() {
        for (long number : state.numbers()) {
            Kept each = state.find(number);
            if (each != null && (each.isRemoved || !each.isKnown())) {
                state.remove(each);
            }
        }
    }

    // ---- What recovery tells of a message without reading it -----------------------------------------------------

    /// Packs weight and expiry into one positive number.
    private static long attributes(int weightBytes, long expiresAtMillis) {
        long seconds = expiresAtMillis == Message.NEVER
                ? NEVER_SECONDS
                : Math.clamp(expiresAtMillis / 1000 + (expiresAtMillis % 1000 > 0 ? 1 : 0), 0, NEVER_SECONDS - 1);
        return seconds << 28 | weightBytes;
    }

    static int weightBytes(long attributes) {
        return (int) attributes & 0xFFF_FFFF;
    }

    static long expiresAtMillis(long attributes) {
        long seconds = attributes >>> 28;
        return seconds == NEVER_SECONDS ? Message.NEVER : seconds * 1000;
    }
}
