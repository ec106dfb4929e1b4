// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.store.QueueTarget;

/// The fold of the facts in the log: sessions and groups with their queues, where each message lies, and the
/// retained places. Owned by the writer thread (before it starts, by the thread that recovers). Does no I/O.
///
/// ```text
/// Idea   A queue is an ordered set of sequences; a table says per sequence where the message's record lies and by
///        how many queues and places it is held. What is held by none is dead, wherever its record lies.
/// 1.     The segments' live bytes are the lengths of the records of messages that are held, and of the newest
///        snapshots of sessions.
/// 2.     How a message is to be sent stands in its record and, but for subscription identifiers, in the queue's
///        entry; for a message that was moved, in `moved`.
/// ```
final class JournalState {

    private static final int POSITION = 0;
    private static final int EXTENT = 1;
    /// Only while the log is read.
    static final int ATTRIBUTES = 2;

    final Segments segments = new Segments();
    final Map<String, Place> places = new HashMap<>();
    /// Three numbers per message while the log is read, then two.
    final SequenceTable messages;
    private final LongMap<Kept> kept = new LongMap<>();
    private final LongMap<List<QueueTarget>> moved = new LongMap<>();

    JournalState() {
        messages = new SequenceTable(3);
    }

    // ---- Sessions and groups -------------------------------------------------------------------------------------

    @Nullable
    Kept find(long number) {
        return number > 0 ? kept.get(number) : null;
    }

    Kept findOrCreate(long number) {
        Kept found = kept.get(number);
        if (found == null) {
            found = new Kept(number);
            kept.put(number, found);
        }
        return found;
    }

    long[] numbers() {
        return kept.sortedKeys();
    }

    int count() {
        return kept.size();
    }

    /// Forgets a session or group with its queue.
    void remove(Kept gone) {
        dropQueue(gone);
        kept.remove(gone.number);
    }

    /// Empties a queue.
    void dropQueue(Kept gone) {
        // The visitor must not change the queue, so the entries are taken out first.
        long[] sequences = new long[gone.queue.count()];
        int[] next = {0};
        gone.queue.forEach((sequence, flags) -> sequences[next[0]++] = sequence);
        for (long sequence : sequences) {
            dequeue(gone, sequence);
        }
        segments.live(gone.snapshotSegment, -gone.snapshotBytes);
        gone.snapshotBytes = 0;
    }

    /// Notes where the newest record lies that says all about a session or group.
    void snapshotAt(Kept of, int segment, int bytes) {
        segments.live(of.snapshotSegment, -of.snapshotBytes);
        of.snapshotSegment = segment;
        of.snapshotBytes = bytes;
        segments.live(segment, bytes);
        of.definedIn(segment);
    }

    // ---- Messages ------------------------------------------------------------------------------------------------

    /// Takes a message that nothing holds yet but the caller: [#release] must follow.
    void add(long sequence, int segment, int offset, int length) {
        messages.add(sequence);
        messages.set(POSITION, (long) segment << 32 | offset);
        messages.set(EXTENT, (long) length << 32 | 1);
        segments.live(segment, length);
    }

    private void forget() {
        segments.live((int) (messages.get(POSITION) >>> 32), -(messages.get(EXTENT) >>> 32));
        messages.remove();
    }

    void hold(long sequence) {
        if (!messages.find(sequence)) {
            throw new IllegalStateException("message " + sequence + " is not known");
        }
        messages.set(EXTENT, messages.get(EXTENT) + 1);
    }

    void release(long sequence) {
        if (!messages.find(sequence)) {
            throw new IllegalStateException("message " + sequence + " is not known");
        }
        long extent = messages.get(EXTENT) - 1;
        messages.set(EXTENT, extent);
        if ((int) extent == 0) {
            forget();
        }
    }

    /// Notes that the newest record of a message lies elsewhere now.
    void relocate(long sequence, int segment, int offset, int length) {
        if (messages.find(sequence)) {
            segments.live((int) (messages.get(POSITION) >>> 32), -(messages.get(EXTENT) >>> 32));
            messages.set(POSITION, (long) segment << 32 | offset);
            messages.set(EXTENT, (long) length << 32 | (int) messages.get(EXTENT));
            segments.live(segment, length);
        }
    }

    /// The bytes of what follows a message's record and belongs to it.
    void extend(long sequence, int more) {
        if (messages.find(sequence)) {
            messages.set(EXTENT, messages.get(EXTENT) + ((long) more << 32));
            segments.live((int) (messages.get(POSITION) >>> 32), more);
        }
    }

    /// Segment and offset of a message's newest record, 0 if nothing holds it.
    long position(long sequence) {
        return messages.find(sequence) ? messages.get(POSITION) : 0;
    }

    /// The segment of a message's newest record, 0 if nothing holds it.
    int segmentOf(long sequence) {
        return segment(position(sequence));
    }

    int lengthOf(long sequence) {
        return messages.find(sequence) ? (int) (messages.get(EXTENT) >>> 32) : 0;
    }

    /// What was noted for recovery of a message that is held.
    long attributes(long sequence) {
        return messages.find(sequence) ? messages.get(ATTRIBUTES) : 0;
    }

    static int segment(long position) {
        return (int) (position >>> 32);
    }

    static int offset(long position) {
        return (int) position;
    }

    // ---- Queues --------------------------------------------------------------------------------------------------

    /// Puts a known message into a queue, or changes how it is there. Its handshake begins anew.
    void enqueue(Kept into, long sequence, int flags) {
        if (into.queue.put(sequence, flags)) {
            hold(sequence);
        } else {
            into.forgetHandshake(sequence);
        }
    }

    /// Puts a message into a queue otherwise than its record says.
    void enqueueMoved(Kept into, long sequence, QueueTarget target) {
        forgetMoved(into.number, sequence);
        List<QueueTarget> targets = moved.get(sequence);
        if (targets == null) {
            targets = new ArrayList<>(1);
            moved.put(sequence, targets);
        }
        targets.add(target);
        enqueue(into, sequence, MessageHead.entryFlags(target) | SequenceQueue.MOVED);
    }

    private void forgetMoved(long number, long sequence) {
        List<QueueTarget> targets = moved.get(sequence);
        if (targets != null && targets.removeIf(each -> each.session() == number) && targets.isEmpty()) {
            moved.remove(sequence);
        }
    }

    /// Takes a message out of a queue. False if it was not there.
    boolean dequeue(Kept from, long sequence) {
        int flags = from.queue.remove(sequence);
        if (flags < 0) {
            return false;
        }
        from.forgetHandshake(sequence);
        if ((flags & SequenceQueue.MOVED) != 0) {
            forgetMoved(from.number, sequence);
        }
        release(sequence);
        return true;
    }

    /// How a message that was moved is to be sent.
    @Nullable
    QueueTarget movedTarget(long number, long sequence) {
        List<QueueTarget> targets = moved.get(sequence);
        if (targets != null) {
            for (QueueTarget each : targets) {
                if (each.session() == number) {
                    return each;
                }
            }
        }
        return null;
    }

    List<QueueTarget> movedTargets(long sequence) {
        List<QueueTarget> targets = moved.get(sequence);
        return targets == null ? List.of() : List.copyOf(targets);
    }

    /// The queues that hold a message now, given those that its record names: in rising order of session, with how
    /// far each is.
    List<MessageHead.Target> currentTargets(long sequence, List<MessageHead.Target> recorded) {
        List<MessageHead.Target> current = new ArrayList<>();
        for (MessageHead.Target each : recorded) {
            Kept holder = find(each.queue().session());
            int flags = holder == null ? -1 : holder.queue.flags(sequence);
            if (holder != null && flags >= 0 && (flags & SequenceQueue.MOVED) == 0) {
                current.add(current(holder, sequence, each.queue()));
            }
        }
        for (QueueTarget each : movedTargets(sequence)) {
            Kept holder = find(each.session());
            if (holder != null) {
                current.add(current(holder, sequence, each));
            }
        }
        current.sort((a, b) -> Long.compare(a.queue().session(), b.queue().session()));
        return current;
    }

    private static MessageHead.Target current(Kept holder, long sequence, QueueTarget target) {
        return new MessageHead.Target(target, holder.packetId(sequence), holder.isReceived(sequence));
    }

    // ---- Retained places -----------------------------------------------------------------------------------------

    /// Puts a known message into its topic's place unless a later one is there. False if so.
    boolean takePlace(String topic, long sequence) {
        Place place = places.get(topic);
        if (place == null) {
            places.put(topic, new Place(sequence));
            hold(sequence);
            return true;
        }
        if (place.sequence == sequence) {
            return true;
        }
        if (place.sequence > sequence) {
            place.olderIn(segmentOf(sequence));
            return false;
        }
        place.olderIn(segmentOf(place.sequence));
        release(place.sequence);
        place.sequence = sequence;
        hold(sequence);
        return true;
    }

    /// Empties a topic's place unless a message later than `upTo` is there. Returns what was there, its range
    /// complete, or null if nothing changed.
    @Nullable
    Place clearPlace(String topic, long upTo) {
        Place place = places.get(topic);
        if (place == null || place.sequence > upTo) {
            return null;
        }
        place.olderIn(segmentOf(place.sequence));
        release(place.sequence);
        places.remove(topic);
        return place;
    }

    boolean isInPlace(String topic, long sequence) {
        Place place = places.get(topic);
        return place != null && place.sequence == sequence;
    }
}
