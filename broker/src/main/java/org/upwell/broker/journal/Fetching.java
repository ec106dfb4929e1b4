// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.broker.message.Message;
import org.upwell.broker.owner.Owner;
import org.upwell.broker.store.Fetch;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.QueuedMessage;
import org.upwell.broker.store.StoreException;

/// One fetch: made on the writer thread, which knows where the messages lie, then read and answered on a reader's.
/// Reads in order of place, neighbours together.
final class Fetching implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(Fetching.class);
    /// Bytes between two messages that are rather read than skipped.
    private static final int MAX_GAP = 8 << 10;
    private static final int MAX_RUN = 1 << 20;
    /// Of a message with very many queues only so much is read at first.
    private static final int FIRST_READ = 64 << 10;
    private static final int[] NO_IDENTIFIERS = {};

    /// A message to be read.
    ///
    /// @param bytes of its record with those that follow
    /// @param moved how it is to be sent, if its record does not say
    private record Item(
            int index,
            long sequence,
            Segment segment,
            int offset,
            int bytes,
            int flags,
            @Nullable QueueTarget moved) {

        private int wanted() {
            boolean needsAll = (flags & SequenceQueue.IDENTIFIERS) != 0 && moved == null;
            return needsAll ? bytes : Math.min(bytes, FIRST_READ);
        }
    }

    private final long number;
    private final Fetch fetch;
    private final List<Item> items = new ArrayList<>();
    private final Records records = new Records();
    private final MessageHead head = new MessageHead();

    Fetching(long number, Fetch fetch) {
        this.number = number;
        this.fetch = fetch;
    }

    /// Writer thread.
    void resolve(JournalState state, long[] sequences) {
        Kept kept = state.find(number);
        if (kept == null) {
            return;
        }
        for (long sequence : sequences) {
            int flags = sequence > 0 ? kept.queue.flags(sequence) : -1;
            if (flags >= 0) {
                long position = state.position(sequence);
                Segment segment = state.segments.get(JournalState.segment(position));
                segment.pins++;
                items.add(new Item(
                        items.size(),
                        sequence,
                        segment,
                        JournalState.offset(position),
                        state.lengthOf(sequence),
                        flags,
                        (flags & SequenceQueue.MOVED) == 0 ? null : state.movedTarget(number, sequence)));
            }
        }
    }

    /// Writer thread. True if some of it is not in a file yet.
    boolean needs(Log log) {
        for (Item each : items) {
            if (log.isBuffered(each.segment.number, each.offset)) {
                return true;
            }
        }
        return false;
    }

    /// Writer thread, once it was read: the files may be written over again.
    void unpin() throws IOException {
        for (Item each : items) {
            Spares.unpin(each.segment);
        }
    }

    /// Reader's thread.
    @Override
    public void run() {
        try {
            List<QueuedMessage> messages = readAll();
            answer(() -> fetch.fetched(messages));
        } catch (IOException e) {
            fail(new StoreException("queued messages cannot be read: " + e, e));
        } catch (StoreException e) {
            fail(e);
        } catch (RuntimeException e) {
            fail(new StoreException("queued messages cannot be read: " + e, e));
        }
    }

    void fail(StoreException cause) {
        LOG.error("queued messages of session {} cannot be read", number, cause);
        answer(() -> fetch.failed(cause));
    }

    private void answer(Runnable call) {
        Owner owner = fetch.owner();
        try {
            if (owner == null) {
                call.run();
            } else {
                owner.execute(call);
            }
        } catch (RuntimeException e) {
            LOG.debug("the owner of session {} takes no messages any more", number, e);
        }
    }

    private List<QueuedMessage> readAll() throws IOException {
        QueuedMessage[] found = new QueuedMessage[items.size()];
        List<Item> sorted = new ArrayList<>(items);
        sorted.sort((a, b) -> a.segment != b.segment
                ? Integer.compare(a.segment.number, b.segment.number)
                : Integer.compare(a.offset, b.offset));
        int next = 0;
        while (next < sorted.size()) {
            next = readRun(sorted, next, found);
        }
        return Arrays.asList(found);
    }

    /// Reads neighbours with one call. Returns the index of the first that is not one of them.
    private int readRun(List<Item> sorted, int from, QueuedMessage[] found) throws IOException {
        Item first = sorted.get(from);
        int end = first.offset + first.wanted();
        int to = from + 1;
        while (to < sorted.size()) {
            Item next = sorted.get(to);
            int nextEnd = Math.max(end, next.offset + next.wanted());
            if (next.segment != first.segment || next.offset > end + MAX_GAP || nextEnd - first.offset > MAX_RUN) {
                break;
            }
            end = nextEnd;
            to++;
        }
        byte[] array = new byte[end - first.offset];
        int read = first.segment.file.read(ByteBuffer.wrap(array), first.offset);
        for (int i = from; i < to; i++) {
            Item item = sorted.get(i);
            int start = item.offset - first.offset;
            found[item.index] = decode(item, array, start, Math.min(read - start, item.wanted()));
        }
        return to;
    }

    private QueuedMessage decode(Item item, byte[] array, int start, int available) throws IOException {
        if (available >= Frame.BYTES
                && Input.intAt(array, start) > available
                && Input.intAt(array, start) <= item.bytes) {
            byte[] whole = records.read(item.segment, item.offset, item.bytes);
            return decode(item, whole, 0);
        }
        records.check(item.segment, item.offset, array, start, available);
        return decode(item, array, start);
    }

    private QueuedMessage decode(Item item, byte[] array, int start) throws IOException {
        Input body = new Input(array, start + Frame.BYTES, start + Input.intAt(array, start));
        int kind = array[start + 12];
        if (kind != Frame.MESSAGE && kind != Frame.SPLIT_MESSAGE) {
            throw Records.damaged(item.segment, item.offset);
        }
        head.read(body, kind);
        if (head.sequence != item.sequence) {
            throw Records.damaged(item.segment, item.offset);
        }
        int[] identifiers = identifiers(item);
        Message message = MessageContent.read(body, head.flags, head.expiresAtMillis);
        return new QueuedMessage(
                item.sequence,
                message,
                (item.flags & SequenceQueue.QOS_2) != 0 ? 2 : 1,
                (item.flags & SequenceQueue.RETAIN) != 0,
                identifiers);
    }

    private int[] identifiers(Item item) throws IOException {
        if (item.moved != null) {
            return item.moved.subscriptionIds();
        }
        if ((item.flags & SequenceQueue.IDENTIFIERS) == 0) {
            return NO_IDENTIFIERS;
        }
        List<MessageHead.Target> targets =
                head.followers == 0 ? head.targets : records.targets(item.segment, item.offset, item.bytes);
        int[] identifiers = NO_IDENTIFIERS;
        for (MessageHead.Target each : targets) {
            if (each.queue().session() == number) {
                identifiers = each.queue().subscriptionIds();
            }
        }
        return identifiers;
    }
}
