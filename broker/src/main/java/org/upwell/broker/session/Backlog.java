// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.event.DropCause;
import org.upwell.broker.message.Message;
import org.upwell.broker.owner.Loop;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Fetch;
import org.upwell.broker.store.QueuedMessage;
import org.upwell.broker.store.StoreException;

/// What waits for one recipient: its queue within its bounds, in memory or in the store. Owned by whoever owns the
/// recipient. Decides what is dropped; what a drop means is the recipient's affair.
final class Backlog {

    private static final Logger LOG = LoggerFactory.getLogger(Backlog.class);

    /// Most messages that are read back at once.
    private static final int READ_MESSAGES = 2_000;

    /// Most bytes that are read back at once, unless memory is short.
    private static final long READ_BYTES = 1 << 20;

    /// What is read back when memory is short, so that all go on.
    private static final long LEAST_READ_BYTES = 16 << 10;

    /// Messages in memory below which more are read, so that they come before they are needed.
    private static final int READ_AHEAD = READ_MESSAGES / 2;

    private static final Duration RETRY = Duration.ofSeconds(5);

    /// Most expired messages that are dropped at once: many queues may come to it in the same moment.
    static final int EXPIRED_AT_ONCE = 200;

    /// Until the next of them are.
    private static final Duration EXPIRED_PAUSE = Duration.ofMillis(100);

    /// Least time between two looks for expired messages: each costs a look at every entry.
    static final Duration EXPIRY_WATCH = Duration.ofSeconds(10);

    /// Whose messages these are.
    interface Recipient {

        Owner owner();

        /// Runs `task` where the backlog may be touched, now or later. Any thread.
        void runAsOwner(Runnable task);

        /// Whose memory it takes.
        String tenant();

        /// The number under which the store has them, 0 if it does not.
        long storeNumber();

        SessionLimits limits();

        boolean mayReceive(String topicName);

        /// A message was lost.
        ///
        /// @param topic null if the message is not in memory
        void dropped(long sequence, int qos, @Nullable String topic, DropCause cause);

        /// Messages that [#poll] had to wait for are here.
        void readable();

        /// When the first message that waits beside the backlog expires, [Message#NEVER] if none does.
        default long earliestExpiryMillis() {
            return Message.NEVER;
        }

        /// Drops what waits beside the backlog and has expired.
        default void dropExpired(long nowMillis) {}
    }

    private final Recipient recipient;
    private final SessionContext context;
    private final OutboundQueue queue = new OutboundQueue();
    private final QueueMemory.Share memory;
    /// Messages at the head that came in before the recipient's present rights were known.
    private int unchecked;
    private boolean reading;
    private boolean waitedFor;
    /// When expired messages are looked for next, [Message#NEVER] while there is no need.
    private long watchMillis = Message.NEVER;
    private int watches;
    private Loop.@Nullable Cancellation watch;
    private int notedMessages;
    private long notedBytes;

    Backlog(Recipient recipient, SessionContext context) {
        this.recipient = recipient;
        this.context = context;
        this.memory = context.queueMemory().share(recipient.tenant());
    }

    int messages() {
        return queue.size();
    }

    long bytes() {
        return queue.bytes();
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    /// Lets the broker's counters know what waits now. After each change.
    private void note() {
        context.counters().messagesWaiting.add(queue.size() - notedMessages);
        context.counters().bytesWaiting.add(queue.bytes() - notedBytes);
        notedMessages = queue.size();
        notedBytes = queue.bytes();
    }

    /// Adds a message, or drops it or older ones by the recipient's limits.
    void add(Delivery delivery) {
        SessionLimits limits = recipient.limits();
        int weight = delivery.message().weightBytes();
        if (!queue.fits(weight, limits)) {
            makeRoom(weight, limits);
        }
        boolean replaceable = delivery.sequence() != 0 && recipient.storeNumber() != 0;
        boolean hold = (!replaceable || queue.away() == 0)
                && memory.tryHold(queue.heldBytes() + weight + OutboundQueue.HELD_OVERHEAD, replaceable);
        if (!queue.fits(weight, limits) || !(hold || replaceable)) {
            drop(new OutboundQueue.Entry(delivery.sequence(), delivery.qos(), delivery), DropCause.QUEUE_FULL);
        } else {
            queue.add(delivery, hold, context.ticks().seconds());
            watchExpiry();
        }
        note();
    }

    private void makeRoom(int weight, SessionLimits limits) {
        long now = context.clock().millis();
        boolean more = true;
        while (more && !queue.fits(weight, limits)) {
            more = queue.removeExpired(now, EXPIRED_AT_ONCE, entry -> drop(entry, DropCause.EXPIRED));
        }
        boolean mayDropOldest = limits.overflow() == OverflowRule.DROP_OLDEST && weight <= limits.queueBytes();
        while (mayDropOldest && !queue.isEmpty() && !queue.fits(weight, limits)) {
            OutboundQueue.Entry oldest = pollEntry();
            if (oldest != null) {
                drop(oldest, DropCause.QUEUE_FULL);
            }
        }
    }

    /// Adds what the store kept over a restart.
    void restore(long sequence, int qos, int weightBytes, long expiresAtMillis) {
        // The store does not tell when it came, but that was before now.
        queue.addAway(
                sequence, qos, weightBytes, expiresAtMillis, -context.ticks().seconds());
        note();
    }

    /// All of it is back.
    void restored() {
        cut();
        watchExpiry();
    }

    /// The limits may have been replaced by lower ones: drops what is over them.
    void cut() {
        SessionLimits limits = recipient.limits();
        if (queue.size() <= limits.queueMessages() && queue.bytes() <= limits.queueBytes()) {
            return;
        }
        if (limits.overflow() == OverflowRule.DROP_NEWEST) {
            queue.cutNewest(limits, entry -> drop(entry, DropCause.QUEUE_FULL));
            note();
            return;
        }
        while (queue.size() > limits.queueMessages() || queue.bytes() > limits.queueBytes()) {
            OutboundQueue.Entry oldest = pollEntry();
            if (oldest != null) {
                drop(oldest, DropCause.QUEUE_FULL);
            }
        }
    }

    /// The rights or their holder changed: what waits is to be checked when its turn comes.
    void checkAll() {
        unchecked = queue.size();
    }

    /// Takes the next message; expired ones are dropped on the way ([MQTT-3.3.2-5]). Null if none waits, or if it
    /// is still being read, after which the recipient is told.
    @Nullable
    Delivery poll() {
        while (!queue.isEmpty()) {
            if (!queue.isFirstHeld()) {
                read();
                if (!queue.isFirstHeld()) {
                    waitedFor = true;
                    return null;
                }
            }
            boolean checkRights = unchecked > 0;
            OutboundQueue.Entry entry = pollEntry();
            Delivery next = entry == null ? null : entry.delivery();
            if (entry == null || next == null) {
                throw new IllegalStateException("the first message of the queue is not in memory");
            }
            DropCause cause = causeToDrop(next, checkRights);
            if (cause == null) {
                if (queue.away() > 0 && queue.size() - queue.away() < READ_AHEAD) {
                    read();
                }
                return next;
            }
            drop(entry, cause);
        }
        return null;
    }

    private OutboundQueue.@Nullable Entry pollEntry() {
        OutboundQueue.Entry entry = queue.poll();
        if (unchecked > 0) {
            unchecked--;
        }
        memory.holds(queue.heldBytes());
        note();
        return entry;
    }

    private @Nullable DropCause causeToDrop(Delivery next, boolean checkRights) {
        Message message = next.message();
        if (checkRights && !recipient.mayReceive(message.topic())) {
            return DropCause.NOT_PERMITTED;
        }
        boolean expires = message.expiresAtMillis() != Message.NEVER;
        return expires && message.isExpiredAt(context.clock().millis()) ? DropCause.EXPIRED : null;
    }

    private void drop(OutboundQueue.Entry entry, DropCause cause) {
        Delivery delivery = entry.delivery();
        recipient.dropped(
                entry.sequence(),
                entry.qos(),
                delivery == null ? null : delivery.message().topic(),
                cause);
    }

    // ---- Expiry --------------------------------------------------------------------------------------------------

    /// Sees to it that messages which expire leave the queue though nobody takes from it, as while the client is
    /// away: they would take memory and disk, and look as if they waited. To be called too when the recipient has
    /// something beside the queue that expires.
    void watchExpiry() {
        long earliest = Math.min(queue.earliestExpiryMillis(), recipient.earliestExpiryMillis());
        if (earliest < watchMillis) {
            long now = context.clock().millis();
            long due = Math.max(earliest, now + EXPIRY_WATCH.toMillis());
            if (due < watchMillis) {
                watchExpiry(due, due - now);
            }
        }
    }

    private void watchExpiry(long due, long delayMillis) {
        watchNoMore();
        watchMillis = due;
        int number = ++watches;
        watch = recipient
                .owner()
                .schedule(Duration.ofMillis(delayMillis), () -> recipient.runAsOwner(() -> dropExpired(number)));
    }

    private void watchNoMore() {
        watchMillis = Message.NEVER;
        if (watch != null) {
            watch.cancel();
            watch = null;
        }
    }

    /// @param number of the watch, since one that is taken back may be on its way already
    private void dropExpired(int number) {
        if (watch == null || number != watches) {
            return;
        }
        watchNoMore();
        long now = context.clock().millis();
        boolean more = queue.removeExpired(now, EXPIRED_AT_ONCE, entry -> drop(entry, DropCause.EXPIRED));
        recipient.dropExpired(now);
        memory.holds(queue.heldBytes());
        note();
        if (more) {
            watchExpiry(now, EXPIRED_PAUSE.toMillis());
        } else {
            watchExpiry();
        }
    }

    // ---- Reading back --------------------------------------------------------------------------------------------

    private void read() {
        if (reading) {
            return;
        }
        long bound = memory.tryHold(queue.heldBytes() + READ_BYTES, true) ? READ_BYTES : LEAST_READ_BYTES;
        long[] wanted = queue.firstAway(READ_MESSAGES, bound);
        if (wanted.length > 0) {
            reading = true;
            context.store().fetch(recipient.storeNumber(), wanted, new Reading(recipient.owner(), wanted));
        }
    }

    private final class Reading implements Fetch {
        private final Owner asking;
        private final long[] wanted;

        private Reading(Owner asking, long[] wanted) {
            this.asking = asking;
            this.wanted = wanted;
        }

        @Override
        public Owner owner() {
            return asking;
        }

        @Override
        public void fetched(List<QueuedMessage> messages) {
            // The recipient may have moved to another owner while the store was reading.
            recipient.runAsOwner(() -> {
                reading = false;
                queue.fill(
                        wanted,
                        messages,
                        entry -> LOG.warn(
                                "message {} in the queue of {} is not in the store any more",
                                entry.sequence(),
                                recipient));
                note();
                goOn();
            });
        }

        @Override
        public void failed(StoreException cause) {
            LOG.error("messages for {} cannot be read back; trying again in {}", recipient, RETRY, cause);
            asking.schedule(
                    RETRY,
                    () -> recipient.runAsOwner(() -> {
                        reading = false;
                        goOn();
                    }));
        }
    }

    private void goOn() {
        if (waitedFor) {
            waitedFor = false;
            recipient.readable();
        }
    }

    // ---- For people ----------------------------------------------------------------------------------------------

    /// Drops what waits first, at most `most` messages, and tells how many those were.
    int drop(int most, DropCause cause) {
        int dropped = 0;
        for (; dropped < most && !queue.isEmpty(); dropped++) {
            OutboundQueue.Entry oldest = pollEntry();
            if (oldest != null) {
                drop(oldest, cause);
            }
        }
        return dropped;
    }

    QueueView view(Flow flow, Drops drops) {
        int since = queue.oldestSince();
        return new QueueView(
                queue.size(),
                queue.bytes(),
                queue.isEmpty() ? 0 : age(since),
                since < 0,
                flow.inPerSecond(),
                flow.outPerSecond(),
                recipient.limits(),
                drops.snapshot());
    }

    private long age(int since) {
        return Math.max(0, context.ticks().seconds() - Math.abs(since));
    }

    /// Shows the first messages; what is away is read, and stays away.
    void peek(int most, long bytes, CompletableFuture<List<QueueOperations.Peeked>> answer) {
        List<OutboundQueue.Waiting> first = queue.first(most, bytes);
        long[] away = first.stream()
                .filter(waiting -> waiting.delivery() == null)
                .mapToLong(OutboundQueue.Waiting::sequence)
                .toArray();
        if (away.length == 0) {
            answer.complete(peeked(first, List.of()));
            return;
        }
        Owner asking = recipient.owner();
        context.store().fetch(recipient.storeNumber(), away, new Fetch() {
            @Override
            public Owner owner() {
                return asking;
            }

            @Override
            public void fetched(List<QueuedMessage> messages) {
                answer.complete(peeked(first, messages));
            }

            @Override
            public void failed(StoreException cause) {
                answer.completeExceptionally(cause);
            }
        });
    }

    private List<QueueOperations.Peeked> peeked(List<OutboundQueue.Waiting> first, List<QueuedMessage> read) {
        Map<Long, Message> bySequence = HashMap.newHashMap(read.size());
        read.forEach(each -> bySequence.put(each.sequence(), each.message()));
        List<QueueOperations.Peeked> peeked = new ArrayList<>(first.size());
        for (OutboundQueue.Waiting waiting : first) {
            Delivery held = waiting.delivery();
            Message message = held == null ? bySequence.get(waiting.sequence()) : held.message();
            // What was read may have left the queue meanwhile.
            if (message != null) {
                peeked.add(new QueueOperations.Peeked(message, waiting.qos(), age(waiting.since())));
            }
        }
        return peeked;
    }

    void clear() {
        watchNoMore();
        queue.clear();
        memory.holds(0);
        note();
    }
}
