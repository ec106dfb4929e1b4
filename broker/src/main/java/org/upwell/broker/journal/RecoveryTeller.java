// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.upwell.broker.store.Recovery;
import org.upwell.broker.store.Recovery.QueueEntry;
import org.upwell.broker.store.Recovery.StoredSession;

/// Tells a state that was just read, and then lets go of what only this needed. One thread.
final class RecoveryTeller {

    private final JournalState state;
    private final Entry entry = new Entry();

    RecoveryTeller(JournalState state) {
        this.state = state;
    }

    void tell(Recovery into) throws IOException {
        long[] numbers = state.numbers();
        for (long number : numbers) {
            Kept kept = kept(number);
            if (kept.group != null) {
                into.group(number, kept.group);
            } else if (kept.session != null) {
                into.session(new StoredSession(
                        number, kept.session, List.copyOf(kept.subscriptions()), kept.inboundPacketIds()));
            }
        }
        for (long number : numbers) {
            Kept kept = kept(number);
            entry.kept = kept;
            kept.queue.forEach((sequence, flags) -> {
                entry.move(sequence, flags);
                into.queued(number, entry);
            });
        }
        tellRetained(into);
        state.messages.narrow(JournalState.ATTRIBUTES);
    }

    private Kept kept(long number) {
        Kept kept = state.find(number);
        if (kept == null) {
            throw new IllegalStateException("session " + number + " went away");
        }
        return kept;
    }

    private void tellRetained(Recovery into) throws IOException {
        List<Long> sequences = new ArrayList<>(state.places.size());
        state.places.values().forEach(place -> sequences.add(place.sequence));
        sequences.sort(Comparator.comparingLong(state::position));
        Records records = new Records();
        MessageHead head = new MessageHead();
        for (long sequence : sequences) {
            long position = state.position(sequence);
            Segment segment = state.segments.get(JournalState.segment(position));
            byte[] array = records.read(segment, JournalState.offset(position), state.lengthOf(sequence));
            Input body = new Input(array, Frame.BYTES, Input.intAt(array, 0));
            head.read(body, array[12]);
            into.retained(sequence, MessageContent.read(body, head.flags, head.expiresAtMillis));
        }
    }

    private final class Entry implements QueueEntry {
        private Kept kept = new Kept(0);
        private long sequence;
        private int flags;
        private long attributes;

        private void move(long toSequence, int toFlags) {
            sequence = toSequence;
            flags = toFlags;
            attributes = state.attributes(toSequence);
        }

        @Override
        public long sequence() {
            return sequence;
        }

        @Override
        public int qos() {
            return (flags & SequenceQueue.QOS_2) != 0 ? 2 : 1;
        }

        @Override
        public int weightBytes() {
            return Replay.weightBytes(attributes);
        }

        @Override
        public long expiresAtMillis() {
            return Replay.expiresAtMillis(attributes);
        }

        @Override
        public int packetId() {
            return kept.packetId(sequence);
        }

        @Override
        public boolean received() {
            return kept.isReceived(sequence);
        }
    }
}
