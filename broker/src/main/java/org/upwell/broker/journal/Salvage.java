// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Carries what is still needed of a segment that is being cleaned to the head of the log: messages that something
/// holds, and facts without which something dead would rise. Owned by the writer thread.
///
/// ```text
/// Rule   What is written here says how things are now, never how they were; whatever stood in the log before is
///        then overruled, whatever comes after overrules it.
/// 1.     A step, a move: while the segment exists that held the message's record at that time, and is another.
///        Messages of this segment are copied as they are now, or dead.
/// 2.     A fact of a session: as a snapshot of that session, unless a newer one stands in a later segment.
/// 3.     A removal, an emptied place: while another segment exists that may hold what would rise.
/// ```
final class Salvage {

    /// Flags of messages that say something even when nothing holds them.
    private static final int SAYS_MORE = MessageHead.CLEARS | MessageHead.PACKET_ID;

    private final MessageHead head = new MessageHead();
    private final JournalState state;
    private final Facts facts;
    private final Records records = new Records();
    private long copiedBytes;

    Salvage(JournalState state, Facts facts) {
        this.state = state;
        this.facts = facts;
    }

    long copiedBytes() {
        return copiedBytes;
    }

    /// Takes whole records of `segment`.
    ///
    /// @param offset where the first of them stands in the segment
    void take(Segment segment, byte[] array, int bytes, int offset) throws IOException {
        // What is written here shows every step taken so far; none may get to the disk before those given before it.
        facts.flushSteps();
        for (int start = 0; start < bytes; start += Input.intAt(array, start)) {
            int kind = array[start + 12];
            Input body = new Input(array, start + Frame.BYTES, start + Input.intAt(array, start));
            switch (kind) {
                case Frame.MESSAGE, Frame.SPLIT_MESSAGE -> message(segment.number, kind, body, offset + start, bytes);
                case Frame.STEPS -> steps(segment.number, body);
                case Frame.MOVED, Frame.REQUEUED -> requeued(segment.number, body);
                case Frame.SESSION, Frame.SNAPSHOT, Frame.GROUP, Frame.SUBSCRIBED, Frame.UNSUBSCRIBED ->
                    session(segment.number, body.getVarint());
                case Frame.REMOVED -> removed(segment.number, body);
                case Frame.CLEARED -> cleared(segment.number, body);
                default -> {
                    // Headers, reservations and the like are said anew in every header.
                }
            }
        }
    }

    private void message(int segment, int kind, Input body, int offset, int bytes) throws IOException {
        int from = body.position();
        int afterRecord = body.limit();
        head.readShort(body, kind);
        boolean isNewest = state.position(head.sequence) == ((long) segment << 32 | offset);
        if (!isNewest && !head.has(SAYS_MORE)) {
            return;
        }
        body.wrap(body.array(), from, afterRecord);
        head.read(body, kind);
        if (head.has(MessageHead.PACKET_ID)) {
            session(segment, head.publisher);
        }
        int contentFrom = body.position();
        String topic = null;
        if (head.has(MessageHead.PLACE) || head.has(MessageHead.CLEARS)) {
            topic = body.getString();
        }
        if (topic != null
                && head.has(MessageHead.CLEARS)
                && state.segments.anyWithin(head.oldest, head.latest, segment)) {
            facts.writeCleared(topic, head.sequence, head.oldest, head.latest);
        }
        if (isNewest) {
            copy(head, topic, body.array(), contentFrom, afterRecord, bytes);
        }
    }

    private void copy(MessageHead head, @Nullable String topic, byte[] array, int contentFrom, int contentTo, int bytes)
            throws IOException {
        int at = contentTo;
        for (int i = head.followers; i > 0 && at < bytes; i--) {
            Input more = new Input(array, at + Frame.BYTES, at + Input.intAt(array, at));
            more.getVarint();
            MessageHead.readTargets(more, head.targets);
            at = more.limit();
        }
        facts.copy(head, topic, array, contentFrom, contentTo);
        copiedBytes += state.lengthOf(head.sequence);
    }

    private void steps(int cleaned, Input body) throws IOException {
        StepSink sink = new StepSink(cleaned);
        Steps.read(body, sink);
        sink.rethrow();
    }

    /// Steps are visited without checked exceptions.
    private final class StepSink implements Steps.Visitor {
        private final int cleaned;
        private @Nullable IOException failure;

        private StepSink(int cleaned) {
            this.cleaned = cleaned;
        }

        @Override
        public void step(int kind, long number, long sequence, int segment, int packetId) {
            if (failure == null) {
                try {
                    keepStep(kind, number, sequence, segment, cleaned);
                } catch (IOException e) {
                    failure = e;
                }
            }
        }

        private void rethrow() throws IOException {
            if (failure != null) {
                throw failure;
            }
        }
    }

    private void keepStep(int kind, long number, long sequence, int segment, int cleaned) throws IOException {
        if (kind == Steps.RELEASED) {
            session(cleaned, number);
            return;
        }
        Kept kept = segment == cleaned || !state.segments.exists(segment) ? null : state.find(number);
        if (kept == null) {
            return;
        }
        boolean isQueued = kept.queue.flags(sequence) >= 0;
        if (kind == Steps.DONE && !isQueued) {
            facts.step(Steps.DONE, number, sequence, segment, 0);
        } else if (kind != Steps.DONE && isQueued && state.segmentOf(sequence) == segment) {
            keepHandshake(kind, kept, sequence, segment);
        }
    }

    private void keepHandshake(int kind, Kept kept, long sequence, int segment) throws IOException {
        int packetId = kept.packetId(sequence);
        if (kind == Steps.SENT && packetId != 0) {
            facts.step(Steps.SENT, kept.number, sequence, segment, packetId);
        } else if (kind == Steps.RECEIVED && kept.isReceived(sequence)) {
            facts.step(Steps.RECEIVED, kept.number, sequence, segment, 0);
        }
    }

    private void requeued(int cleaned, Input body) throws IOException {
        long sequence = body.getVarint();
        int segment = body.getCount();
        if (segment == cleaned || !state.segments.exists(segment)) {
            return;
        }
        long position = state.position(sequence);
        if (position == 0) {
            facts.writeRequeued(sequence, segment, 0, 0, List.of());
        } else if (JournalState.segment(position) == segment) {
            Segment holder = state.segments.get(segment);
            int offset = JournalState.offset(position);
            int bytes = state.lengthOf(sequence);
            List<MessageHead.Target> recorded = records.targets(holder, offset, bytes);
            facts.writeRequeued(sequence, segment, offset, bytes, state.currentTargets(sequence, recorded));
        }
    }

    private void session(int cleaned, long number) throws IOException {
        Kept kept = state.find(number);
        if (kept != null && kept.snapshotSegment <= cleaned) {
            facts.writeSnapshot(kept);
        }
    }

    private void removed(int cleaned, Input body) throws IOException {
        long number = body.getVarint();
        int first = body.getCount();
        int last = body.getCount();
        if (state.segments.anyWithin(first, last, cleaned)) {
            facts.writeRemoved(number, first, last);
        }
    }

    private void cleared(int cleaned, Input body) throws IOException {
        String topic = body.getString();
        long upTo = body.getVarint();
        int oldest = body.getCount();
        int latest = body.getCount();
        if (state.segments.anyWithin(oldest, latest, cleaned)) {
            facts.writeCleared(topic, upTo, oldest, latest);
        }
    }
}
