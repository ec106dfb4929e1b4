// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.message.Message;
import org.upwell.broker.store.QueuedMessage;

/// The messages of QoS 1 and 2 that wait for one recipient, oldest first. Messages in flight are not in it. Owned
/// by whoever owns the recipient.
///
/// ```text
/// Idea   A full queue is the common case behind a dead radio link, and there are many queues: an entry takes some
///        25 bytes in arrays, and its message is let go once the queue holds more than memory allows; the store then
///        reads it back before its turn comes. The second when it came is kept with it: sequence numbers would tell
///        only of what the store has, and only with a table of their times in each store.
/// 1.     Entries lie in chunks, oldest first. An entry is *held* (its delivery is in memory) or *away* (it is not,
///        and the store has it under its sequence).
/// 2.     Behind an entry that is away all that come later are away too, but for those read back: what is in memory
///        is what is needed first.
/// ```
final class OutboundQueue {

    /// What a message takes in memory besides what it weighs: a small one mostly that.
    static final int HELD_OVERHEAD = 200;

    private static final int FIRST_CHUNK = 16;
    private static final int CHUNK = 256;

    /// Seconds since the epoch that stand for [Message#NEVER], and for what expires later than an `int` can tell
    /// (in 2038): when that has expired shows in the message itself, when its turn comes.
    private static final int NEVER = Integer.MAX_VALUE;

    private static final class Chunk {
        private final long[] sequences;
        private final int[] weights;
        private final int[] expirySeconds;
        private final int[] since;
        private final byte[] qos;
        /// Null while all entries of the chunk are away.
        private @Nullable Delivery @Nullable [] held;
        private int first;
        private int end;
        private @Nullable Chunk next;

        private Chunk(int capacity) {
            sequences = new long[capacity];
            weights = new int[capacity];
            expirySeconds = new int[capacity];
            since = new int[capacity];
            qos = new byte[capacity];
        }

        private @Nullable Delivery held(int place) {
            return held == null ? null : held[place];
        }

        private void hold(int place, @Nullable Delivery delivery) {
            if (held == null && delivery != null) {
                held = new @Nullable Delivery[sequences.length];
            }
            if (held != null) {
                held[place] = delivery;
            }
        }

        private void move(int from, int to) {
            sequences[to] = sequences[from];
            weights[to] = weights[from];
            expirySeconds[to] = expirySeconds[from];
            since[to] = since[from];
            qos[to] = qos[from];
            hold(to, held(from));
        }
    }

    /// An entry as seen from outside.
    ///
    /// @param delivery null if its message is away
    record Entry(long sequence, int qos, @Nullable Delivery delivery) {}

    /// Takes entries that leave the queue.
    interface Removal {
        void removed(Entry entry);
    }

    private @Nullable Chunk head;
    private @Nullable Chunk tail;
    private int size;
    private int away;
    private long bytes;
    private long heldBytes;
    /// No entry expires before this second; may be too early.
    private int earliestExpiry = NEVER;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    long bytes() {
        return bytes;
    }

    /// Bytes that those messages take that are in memory.
    long heldBytes() {
        return heldBytes;
    }

    /// Number of entries whose message is not in memory.
    int away() {
        return away;
    }

    boolean fits(int weight, SessionLimits limits) {
        return size < limits.queueMessages() && bytes + weight <= limits.queueBytes();
    }

    /// Appends a message.
    ///
    /// @param hold false to leave its message to the store
    /// @param now seconds since the epoch
    void add(Delivery delivery, boolean hold, int now) {
        Message message = delivery.message();
        add(delivery.sequence(), delivery.qos(), message.weightBytes(), seconds(message.expiresAtMillis()), now);
        if (hold) {
            Chunk last = last();
            last.hold(last.end - 1, delivery);
            heldBytes += message.weightBytes() + HELD_OVERHEAD;
            away--;
        }
    }

    /// Appends an entry whose message is away.
    ///
    /// @param since seconds since the epoch when it came; less than 0: it came before that second
    void addAway(long sequence, int qos, int weight, long expiresAtMillis, int since) {
        add(sequence, qos, weight, seconds(expiresAtMillis), since);
    }

    private void add(long sequence, int qos, int weight, int expiry, int since) {
        Chunk last = tail;
        if (last == null || last.end == last.sequences.length) {
            Chunk fresh = new Chunk(last == null ? FIRST_CHUNK : CHUNK);
            if (last == null) {
                head = fresh;
            } else {
                last.next = fresh;
            }
            tail = fresh;
            last = fresh;
        }
        int place = last.end++;
        last.sequences[place] = sequence;
        last.weights[place] = weight;
        last.expirySeconds[place] = expiry;
        last.since[place] = since;
        last.qos[place] = (byte) qos;
        size++;
        away++;
        bytes += weight;
        earliestExpiry = Math.min(earliestExpiry, expiry);
    }

    /// Rounded up, so that nothing expires early.
    private static int seconds(long millis) {
        return millis == Message.NEVER ? NEVER : (int) Math.min(NEVER, Math.max(0, (millis + 999) / 1000));
    }

    private Chunk last() {
        if (tail == null) {
            throw new IllegalStateException("the queue is empty");
        }
        return tail;
    }

    /// True if the queue is not empty and its first message is in memory.
    boolean isFirstHeld() {
        return head != null && size > 0 && head.held(head.first) != null;
    }

    /// Takes the first entry out; null if there is none.
    @Nullable
    Entry poll() {
        Chunk chunk = head;
        if (chunk == null || size == 0) {
            return null;
        }
        int place = chunk.first++;
        Entry entry = forget(chunk, place);
        if (chunk.first == chunk.end) {
            head = chunk.next;
            if (head == null) {
                tail = null;
                earliestExpiry = NEVER;
            }
        }
        return entry;
    }

    private Entry forget(Chunk chunk, int place) {
        Delivery delivery = chunk.held(place);
        int weight = chunk.weights[place];
        size--;
        bytes -= weight;
        if (delivery == null) {
            away--;
        } else {
            heldBytes -= weight + HELD_OVERHEAD;
            chunk.hold(place, null);
        }
        return new Entry(chunk.sequences[place], chunk.qos[place], delivery);
    }

    /// When an entry may expire first, in milliseconds; [Message#NEVER] if none does.
    long earliestExpiryMillis() {
        return earliestExpiry == NEVER ? Message.NEVER : earliestExpiry * 1000L;
    }

    /// Takes out what has expired. Cheap while nothing can have.
    ///
    /// @param most entries at once
    /// @return true if there may be more
    boolean removeExpired(long nowMillis, int most, Removal removal) {
        if (earliestExpiryMillis() > nowMillis) {
            return false;
        }
        int before = size;
        int earliest = earliestExpiry;
        earliestExpiry = NEVER;
        sweep(
                (chunk, place) -> {
                    boolean expired =
                            chunk.expirySeconds[place] != NEVER && chunk.expirySeconds[place] * 1000L <= nowMillis;
                    boolean leaves = expired && before - size < most;
                    if (!leaves) {
                        earliestExpiry = Math.min(earliestExpiry, chunk.expirySeconds[place]);
                    }
                    return leaves;
                },
                () -> before - size >= most,
                removal);
        if (before - size < most) {
            return false;
        }
        // The rest was not looked at.
        earliestExpiry = size == 0 ? NEVER : earliest;
        return size > 0;
    }

    private interface Condition {
        boolean holds(Chunk chunk, int place);
    }

    /// Takes out all entries for which `condition` holds.
    private void sweep(Condition condition, Removal removal) {
        sweep(condition, () -> false, removal);
    }

    /// Takes out entries for which `condition` holds.
    ///
    /// @param enough looks at no further chunk once this is true
    private void sweep(Condition condition, BooleanSupplier enough, Removal removal) {
        Chunk before = null;
        for (Chunk chunk = head; chunk != null; chunk = chunk.next) {
            int kept = chunk.first;
            for (int place = chunk.first; place < chunk.end; place++) {
                if (condition.holds(chunk, place)) {
                    removal.removed(forget(chunk, place));
                } else {
                    if (kept != place) {
                        chunk.move(place, kept);
                        chunk.hold(place, null);
                    }
                    kept++;
                }
            }
            chunk.end = kept;
            if (chunk.first < chunk.end) {
                before = chunk;
            } else if (before == null) {
                head = chunk.next;
            } else {
                before.next = chunk.next;
            }
            if (chunk.next != null && enough.getAsBoolean()) {
                return;
            }
        }
        tail = before;
    }

    /// Takes out what no longer fits, newest first, as if it were added now to an empty queue.
    void cutNewest(SessionLimits limits, Removal removal) {
        long[] kept = new long[2];
        sweep(
                (chunk, place) -> {
                    int weight = chunk.weights[place];
                    boolean fits = kept[0] < limits.queueMessages() && kept[1] + weight <= limits.queueBytes();
                    if (fits) {
                        kept[0]++;
                        kept[1] += weight;
                    }
                    return !fits;
                },
                removal);
    }

    /// The sequences of the first entries that are away, in order of the queue.
    ///
    /// @param bound most bytes of messages; one is named however large it is
    long[] firstAway(int most, long bound) {
        long[] sequences = new long[Math.min(most, away)];
        int count = 0;
        long total = 0;
        for (Chunk chunk = head; chunk != null && count < sequences.length; chunk = chunk.next) {
            for (int place = chunk.first; place < chunk.end && count < sequences.length; place++) {
                if (chunk.held(place) != null) {
                    continue;
                }
                total += chunk.weights[place];
                if (count > 0 && total > bound) {
                    return Arrays.copyOf(sequences, count);
                }
                sequences[count++] = chunk.sequences[place];
            }
        }
        return Arrays.copyOf(sequences, count);
    }

    /// Puts messages back to their entries, as read for [#firstAway]. An entry that was asked for and not found is
    /// taken out: the store says that it is no longer in this queue.
    ///
    /// @param asked in order of the queue
    /// @param found those of them that the store has
    void fill(long[] asked, List<QueuedMessage> found, Removal missing) {
        Map<Long, QueuedMessage> bySequence = HashMap.newHashMap(found.size());
        found.forEach(each -> bySequence.put(each.sequence(), each));
        Set<Long> notFound = HashSet.newHashSet(asked.length - found.size());
        for (long sequence : asked) {
            if (!bySequence.containsKey(sequence)) {
                notFound.add(sequence);
            }
        }
        for (Chunk chunk = head; chunk != null && !bySequence.isEmpty(); chunk = chunk.next) {
            for (int place = chunk.first; place < chunk.end && !bySequence.isEmpty(); place++) {
                QueuedMessage read = chunk.held(place) == null ? bySequence.remove(chunk.sequences[place]) : null;
                if (read != null) {
                    hold(chunk, place, read);
                }
            }
        }
        if (!notFound.isEmpty()) {
            sweep((chunk, place) -> chunk.held(place) == null && notFound.contains(chunk.sequences[place]), missing);
        }
    }

    private void hold(Chunk chunk, int place, QueuedMessage read) {
        chunk.hold(
                place,
                new Delivery(read.message(), read.sequence(), chunk.qos[place], read.retain(), read.subscriptionIds()));
        heldBytes += chunk.weights[place] + HELD_OVERHEAD;
        away--;
    }

    /// An entry for people to look at.
    ///
    /// @param since as for [#addAway]
    /// @param delivery null if its message is away
    record Waiting(
            long sequence, int qos, int since, @Nullable Delivery delivery) {}

    /// The first entries.
    ///
    /// @param bound most bytes of messages; one entry is told however large its message is
    List<Waiting> first(int most, long bound) {
        List<Waiting> entries = new ArrayList<>(Math.min(most, size));
        long total = 0;
        for (Chunk chunk = head; chunk != null && entries.size() < most; chunk = chunk.next) {
            for (int place = chunk.first; place < chunk.end && entries.size() < most; place++) {
                total += chunk.weights[place];
                if (total > bound && !entries.isEmpty()) {
                    return entries;
                }
                entries.add(
                        new Waiting(chunk.sequences[place], chunk.qos[place], chunk.since[place], chunk.held(place)));
            }
        }
        return entries;
    }

    /// When the first entry came, as for [#addAway]; 0 if there is none.
    int oldestSince() {
        return head == null || size == 0 ? 0 : head.since[head.first];
    }

    void clear() {
        head = null;
        tail = null;
        size = 0;
        away = 0;
        bytes = 0;
        heldBytes = 0;
        earliestExpiry = NEVER;
    }
}
