// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.message.Message;
import org.upwell.broker.store.Append;
import org.upwell.broker.store.GroupRecord;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.SessionRecord;
import org.upwell.broker.store.StoreFullException;
import org.upwell.broker.store.SubscriptionRecord;

/// Takes the facts that the broker tells: folds each into the state and writes it to the log, if it changed
/// anything. Owned by the writer thread.
///
/// Steps of handshakes are gathered and written as one record at the end of a group, or before a record that must
/// not overtake them. New messages may: no step can concern them yet.
final class Facts {

    private static final int MAX_STEP_BYTES = 1 << 16;
    private static final int MAX_GUARDS = 100_000;
    private static final Comparator<MessageHead.Target> BY_SESSION =
            Comparator.comparingLong(target -> target.queue().session());

    /// A place that was emptied lately, so that an older message that comes late does not fill it.
    private record Guard(long sequence, int segment) {}

    private final JournalState state;
    private final Log log;
    private final Spares spares;
    private final MessageWriter messages;
    private final Steps steps = new Steps();
    private boolean isReleasePending;
    private final MessageHead head = new MessageHead();
    private final List<MessageHead.Target> targets = new ArrayList<>();
    private final Map<String, Guard> guards = new LinkedHashMap<>();

    Facts(JournalState state, Log log, Spares spares, Tuning tuning) {
        this.state = state;
        this.log = log;
        this.spares = spares;
        this.messages = new MessageWriter(log, tuning);
    }

    // ---- Sessions and groups -------------------------------------------------------------------------------------

    void putSession(long number, SessionRecord session) throws IOException {
        flushSteps();
        Kept kept = state.find(number);
        int start = log.position();
        Output out = log.begin(Frame.SESSION);
        out.putVarint(number);
        SessionFacts.writeSession(out, session);
        int length = log.position() - start;
        int segment = JournalState.segment(log.end(start));
        if (kept == null) {
            kept = state.findOrCreate(number);
            state.snapshotAt(kept, segment, length);
        }
        kept.definedIn(segment);
        kept.session = session;
    }

    void putGroup(long number, GroupRecord group) throws IOException {
        if (state.find(number) == null) {
            flushSteps();
            Kept kept = state.findOrCreate(number);
            kept.group = group;
            writeSnapshot(kept);
        }
    }

    /// Writes all about a session or group but its queue.
    void writeSnapshot(Kept kept) throws IOException {
        int start = log.position();
        SessionRecord session = kept.session;
        GroupRecord group = kept.group;
        if (session != null) {
            Output out = log.begin(Frame.SNAPSHOT);
            out.putVarint(kept.number);
            SessionFacts.writeSession(out, session);
            SessionFacts.writeSubscriptions(out, kept.subscriptions());
            out.putVarint(kept.inboundPacketIds().size());
            kept.inboundPacketIds().forEach(out::putShort);
        } else if (group != null) {
            Output out = log.begin(Frame.GROUP);
            out.putVarint(kept.number);
            SessionFacts.writeGroup(out, group);
        } else {
            throw new IllegalStateException(kept.number + " is neither session nor group");
        }
        int length = log.position() - start;
        state.snapshotAt(kept, JournalState.segment(log.end(start)), length);
    }

    void remove(long number) throws IOException {
        Kept kept = state.find(number);
        if (kept != null) {
            flushSteps();
            writeRemoved(number, kept.firstDefinition, kept.lastDefinition);
            state.remove(kept);
        }
    }

    void writeRemoved(long number, int firstDefinition, int lastDefinition) throws IOException {
        int start = log.position();
        Output out = log.begin(Frame.REMOVED);
        out.putVarint(number);
        out.putVarint(firstDefinition);
        out.putVarint(lastDefinition);
        log.end(start);
    }

    void subscribed(long number, SubscriptionRecord subscription) throws IOException {
        Kept kept = state.find(number);
        if (kept != null) {
            int start = log.position();
            Output out = log.begin(Frame.SUBSCRIBED);
            out.putVarint(number);
            SessionFacts.writeSubscription(out, subscription);
            log.end(start);
            kept.put(subscription);
        }
    }

    void unsubscribed(long number, String filter) throws IOException {
        Kept kept = state.find(number);
        if (kept != null && kept.removeSubscription(filter)) {
            int start = log.position();
            Output out = log.begin(Frame.UNSUBSCRIBED);
            out.putVarint(number);
            out.putString(filter);
            log.end(start);
        }
    }

    // ---- Messages ------------------------------------------------------------------------------------------------

    /// @throws StoreFullException if there is no room for it; nothing has changed then
    void append(long sequence, Append append) throws IOException {
        Message message = append.message();
        collectTargets(append.targets());
        int place = append.retained() ? placeFlag(message, sequence) : 0;
        Kept publisher = append.packetId() == 0 ? null : state.find(append.publisher());
        if (targets.isEmpty() && place == 0 && publisher == null) {
            return;
        }
        checkRoom(message);
        if (publisher != null && isReleasePending) {
            // The release may be of the same packet id.
            flushSteps();
        }
        fillHead(sequence, append, place | (publisher == null ? 0 : MessageHead.PACKET_ID));
        long position = messages.write(head, targets, out -> MessageContent.write(out, message));
        fold(sequence, position, place == MessageHead.PLACE ? message.topic() : null);
        if (publisher != null) {
            publisher.addInbound(append.packetId());
        }
    }

    /// What a retained message does to its topic's place: nothing if a later one was there first.
    private int placeFlag(Message message, long sequence) {
        if (message.payload().length > 0) {
            return mayTakePlace(message, sequence) ? MessageHead.PLACE : 0;
        }
        return clears(message, sequence) ? MessageHead.CLEARS : 0;
    }

    private void fillHead(long sequence, Append append, int flags) {
        Message message = append.message();
        head.sequence = sequence;
        head.flags = MessageContent.flags(message) | flags;
        head.weightBytes = message.weightBytes();
        head.expiresAtMillis = message.expiresAtMillis();
        head.publisher = append.publisher();
        head.packetId = append.packetId();
        if (head.has(MessageHead.CLEARS)) {
            Place cleared = clearPlace(message.topic(), sequence);
            head.oldest = cleared == null ? 0 : cleared.oldest;
            head.latest = cleared == null ? 0 : cleared.latest;
        }
    }

    private void fold(long sequence, long position, @Nullable String placeTopic) {
        state.add(sequence, JournalState.segment(position), JournalState.offset(position), messages.length());
        for (int i = 0; i < targets.size(); i++) {
            QueueTarget target = targets.get(i).queue();
            Kept into = state.find(target.session());
            if (into != null) {
                state.enqueue(into, sequence, MessageHead.entryFlags(target));
            }
        }
        if (placeTopic != null) {
            state.takePlace(placeTopic, sequence);
        }
        state.release(sequence);
    }

    private void collectTargets(List<QueueTarget> all) {
        targets.clear();
        boolean isSorted = true;
        long last = 0;
        for (int i = 0; i < all.size(); i++) {
            QueueTarget target = all.get(i);
            if (state.find(target.session()) != null) {
                targets.add(new MessageHead.Target(target));
                isSorted &= target.session() >= last;
                last = target.session();
            }
        }
        if (!isSorted) {
            targets.sort(BY_SESSION);
        }
    }

    private void checkRoom(Message message) {
        long bound = MessageContent.boundBytes(message);
        for (int i = 0; i < targets.size(); i++) {
            bound += 16 + 5L * targets.get(i).queue().subscriptionIds().length;
        }
        if (!log.hasRoomFor(bound) && !spares.mayTake()) {
            throw new StoreFullException("no space on disk for another message");
        }
    }

    private boolean mayTakePlace(Message message, long sequence) {
        Place place = state.places.get(message.topic());
        if (place != null) {
            return place.sequence < sequence;
        }
        Guard guard = guards.get(message.topic());
        return guard == null || guard.sequence < sequence;
    }

    private boolean clears(Message message, long sequence) {
        Place place = state.places.get(message.topic());
        if (place == null) {
            guard(message.topic(), sequence);
        }
        return place != null && place.sequence < sequence;
    }

    private void guard(String topic, long sequence) {
        int segment = log.current().number;
        // The oldest come first. Two segments last much longer than a message can be late.
        while (!guards.isEmpty()) {
            Entry<String, Guard> first = guards.entrySet().iterator().next();
            if (first.getValue().segment + 2 > segment && guards.size() < MAX_GUARDS) {
                break;
            }
            guards.remove(first.getKey());
        }
        Guard before = guards.remove(topic);
        long later = before == null ? sequence : Math.max(before.sequence, sequence);
        guards.put(topic, new Guard(later, segment));
    }

    private @Nullable Place clearPlace(String topic, long upTo) {
        Place cleared = state.clearPlace(topic, upTo);
        guard(topic, upTo);
        return cleared;
    }

    void retainedExpired(String topic, long sequence) throws IOException {
        if (state.isInPlace(topic, sequence)) {
            Place cleared = clearPlace(topic, sequence);
            if (cleared != null) {
                writeCleared(topic, sequence, cleared.oldest, cleared.latest);
            }
        }
    }

    void writeCleared(String topic, long upTo, int oldest, int latest) throws IOException {
        int start = log.position();
        Output out = log.begin(Frame.CLEARED);
        out.putString(topic);
        out.putVarint(upTo);
        out.putVarint(oldest);
        out.putVarint(latest);
        log.end(start);
    }

    /// A copy of a message at the head of the log, as it is held now.
    ///
    /// @param recorded as read from its record, with the queues of all records that follow it
    /// @param topic of a retained message
    void copy(MessageHead recorded, @Nullable String topic, byte[] array, int from, int to) throws IOException {
        long sequence = recorded.sequence;
        boolean holdsPlace = topic != null && state.isInPlace(topic, sequence);
        recorded.flags &= ~(MessageHead.PLACE | MessageHead.CLEARS | MessageHead.PACKET_ID);
        recorded.flags |= holdsPlace ? MessageHead.PLACE : 0;
        List<MessageHead.Target> current = state.currentTargets(sequence, recorded.targets);
        long position = messages.write(recorded, current, out -> out.putBytes(array, from, to - from));
        state.relocate(sequence, JournalState.segment(position), JournalState.offset(position), messages.length());
    }

    // ---- Steps ---------------------------------------------------------------------------------------------------

    void acknowledged(long number, long sequence) throws IOException {
        Kept kept = state.find(number);
        if (kept != null && kept.queue.flags(sequence) >= 0) {
            int segment = state.segmentOf(sequence);
            state.dequeue(kept, sequence);
            step(Steps.DONE, number, sequence, segment, 0);
        }
    }

    void sent(long number, long sequence, int packetId) throws IOException {
        Kept kept = state.find(number);
        if (kept != null && kept.queue.flags(sequence) >= 0) {
            kept.sent(sequence, packetId);
            step(Steps.SENT, number, sequence, state.segmentOf(sequence), packetId);
        }
    }

    void received(long number, long sequence) throws IOException {
        Kept kept = state.find(number);
        if (kept != null && kept.queue.flags(sequence) >= 0) {
            kept.received(sequence);
            step(Steps.RECEIVED, number, sequence, state.segmentOf(sequence), 0);
        }
    }

    void released(long number, int packetId) throws IOException {
        Kept kept = state.find(number);
        if (kept != null && kept.removeInbound(packetId)) {
            isReleasePending = true;
            step(Steps.RELEASED, number, 0, 0, packetId);
        }
    }

    /// Notes a step, to be written with the next that are.
    void step(int kind, long number, long sequence, int segment, int packetId) throws IOException {
        steps.add(kind, number, sequence, segment, packetId);
        if (steps.bytes() > MAX_STEP_BYTES) {
            flushSteps();
        }
    }

    /// Encodes the steps noted so far.
    void flushSteps() throws IOException {
        if (!steps.isEmpty()) {
            int start = log.position();
            steps.drainTo(log.begin(Frame.STEPS));
            isReleasePending = false;
            log.end(start);
        }
    }

    void moved(long from, QueueTarget to, long sequence) throws IOException {
        Kept source = state.find(from);
        if (source == null || source.queue.flags(sequence) < 0) {
            return;
        }
        Kept into = state.find(to.session());
        if (into == null) {
            acknowledged(from, sequence);
            // Moves are waited for, and keep their order with all else.
            flushSteps();
            return;
        }
        flushSteps();
        int start = log.position();
        Output out = log.begin(Frame.MOVED);
        out.putVarint(sequence);
        out.putVarint(state.segmentOf(sequence));
        out.putVarint(from);
        MessageHead.writeTargets(out, List.of(new MessageHead.Target(to)), 0, 1);
        log.end(start);
        state.hold(sequence);
        state.dequeue(source, sequence);
        state.enqueueMoved(into, sequence, to);
        state.release(sequence);
    }

    /// @param segment where the message's record lies
    /// @param offset in that segment
    /// @param bytes of the record with those that follow it; 0 if the message is dead, its place unknown
    void writeRequeued(long sequence, int segment, int offset, int bytes, List<MessageHead.Target> current)
            throws IOException {
        flushSteps();
        int start = log.position();
        Output out = log.begin(Frame.REQUEUED);
        out.putVarint(sequence);
        out.putVarint(segment);
        out.putVarint(offset);
        out.putVarint(bytes);
        MessageHead.writeTargets(out, current, 0, current.size());
        log.end(start);
    }

    void writeReserved(long firstFree) throws IOException {
        int start = log.position();
        log.begin(Frame.RESERVED).putVarint(firstFree);
        log.end(start);
    }

    void writeCleaned(int segment) throws IOException {
        flushSteps();
        int start = log.position();
        log.begin(Frame.CLEANED).putVarint(segment);
        log.end(start);
    }
}
