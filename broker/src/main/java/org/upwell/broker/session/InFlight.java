// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.store.QueuedMessage;
import org.upwell.broker.store.Recovery.QueueEntry;

/// What was sent to the client at QoS 1 or 2 and is not fully acknowledged, by packet id. Survives the connection
/// and is sent again on the next one ([MQTT-4.4.0-1]). Owned by the session's owner.
///
/// Packet ids are given out in rising order, so those in use lie close together: they index a ring that grows only
/// when two of them meet in one place. At 65,536 places none can.
///
/// A client that takes messages and never acknowledges them must not fill the memory: beyond [#OWN_BYTES] they count
/// as those that wait in queues do.
public final class InFlight {

    private static final int MAX_PACKET_ID = 65_535;
    private static final int FIRST_CAPACITY = 16;

    /// Bytes of messages that one client may have in flight whatever others need.
    static final long OWN_BYTES = 256 << 10;

    /// By how many packet ids a message may have been sent before one with a lower sequence: no more are in flight.
    private static final int MOST_AHEAD = 1_000;

    /// How far the handshake of one packet id has come.
    public enum Stage {
        /// QoS 1: PUBLISH was sent, PUBACK is due.
        AWAITS_PUBACK,
        /// QoS 2: PUBLISH was sent, PUBREC is due.
        AWAITS_PUBREC,
        /// QoS 2: PUBREC came, PUBREL is or will be sent, PUBCOMP is due; the message itself is not needed any
        /// more.
        AWAITS_PUBCOMP
    }

    /// One packet id in use.
    public static final class Entry {
        private final int packetId;
        private long order;
        private final long sequence;
        private final int qos;
        private @Nullable Delivery delivery;
        private SharedGroup.@Nullable Member member;
        private long number;
        private Stage stage;

        private Entry(int packetId, long order, long sequence, int qos, Stage stage) {
            this.packetId = packetId;
            this.order = order;
            this.sequence = sequence;
            this.qos = qos;
            this.stage = stage;
        }

        /// The store's number of the message, 0 if the store does not hold it.
        public long sequence() {
            return sequence;
        }

        /// 1 or 2.
        public int qos() {
            return qos;
        }

        public int packetId() {
            return packetId;
        }

        /// @throws IllegalStateException if PUBREC came before a restart: the message is not needed then, and not
        ///     in memory
        public Delivery delivery() {
            if (delivery == null) {
                throw new IllegalStateException("message " + sequence + " in flight is not in memory");
            }
            return delivery;
        }

        /// The member of a group that the message was given to, null for a session's own.
        SharedGroup.@Nullable Member member() {
            return member;
        }

        /// The number under which the store has it, 0 if it does not.
        long number() {
            return number;
        }

        private long bytes() {
            return delivery == null ? 0 : delivery.message().weightBytes() + (long) OutboundQueue.HELD_OVERHEAD;
        }

        void keptUnder(long storeNumber) {
            number = storeNumber;
        }

        boolean isAway() {
            return delivery == null;
        }

        public Stage stage() {
            return stage;
        }

        /// PUBREC came.
        public void received() {
            stage = Stage.AWAITS_PUBCOMP;
        }
    }

    private final QueueMemory memory;
    private final String tenant;
    /// Few sessions ever have so much in flight.
    private QueueMemory.@Nullable Share share;
    private @Nullable Entry[] ring = new @Nullable Entry[0];
    private int size;
    /// Of the messages that are in memory.
    private long bytes;
    private int lastPacketId;
    private long nextOrder;
    /// True while the order of what was restored is still to be found.
    private boolean isRestored;

    /// @param tenant whose memory it takes
    InFlight(QueueMemory memory, String tenant) {
        this.memory = memory;
        this.tenant = tenant;
    }

    public int size() {
        return size;
    }

    /// True if memory allows one more message to be sent. One always may.
    public boolean hasRoom() {
        if (bytes <= OWN_BYTES) {
            return true;
        }
        if (share == null) {
            share = memory.share(tenant);
        }
        return share.tryHold(bytes - OWN_BYTES, false);
    }

    private void count(long more) {
        bytes += more;
        if (share != null && more < 0) {
            share.holds(Math.max(0, bytes - OWN_BYTES));
        }
    }

    /// Takes the next free packet id for `delivery`.
    ///
    /// @throws IllegalStateException if all 65,535 are in use; the send quota prevents that
    public Entry add(Delivery delivery) {
        if (size == MAX_PACKET_ID) {
            throw new IllegalStateException("all packet ids are in use");
        }
        int packetId = lastPacketId;
        do {
            packetId = packetId == MAX_PACKET_ID ? 1 : packetId + 1;
        } while (get(packetId) != null);
        lastPacketId = packetId;
        Stage stage = delivery.qos() == 1 ? Stage.AWAITS_PUBACK : Stage.AWAITS_PUBREC;
        Entry entry = new Entry(packetId, nextOrder++, delivery.sequence(), delivery.qos(), stage);
        put(entry);
        entry.delivery = delivery;
        entry.member = delivery.member();
        count(entry.bytes());
        return entry;
    }

    /// Takes a given packet id, as read from the store after a restart. Its message is still away.
    ///
    /// @param number under which the store has it
    /// @param member of the group that gave it, null for a session's own
    /// @return false if it is in use, which only a store can say that lost an acknowledgement to damage
    boolean restore(Sent sent, long number, SharedGroup.@Nullable Member member) {
        int packetId = sent.packetId;
        if (get(packetId) != null) {
            return false;
        }
        lastPacketId = Math.max(lastPacketId, packetId);
        Stage stage = sent.qos == 1 ? Stage.AWAITS_PUBACK : Stage.AWAITS_PUBREC;
        // Messages of several queues are told one queue after the other, and were sent in the order of all.
        nextOrder = Math.max(nextOrder, sent.sequence + 1);
        isRestored = true;
        Stage reached = sent.received ? Stage.AWAITS_PUBCOMP : stage;
        Entry entry = new Entry(packetId, sent.sequence, sent.sequence, sent.qos, reached);
        entry.number = number;
        entry.member = member;
        put(entry);
        return true;
    }

    /// What the store kept of a message that was sent.
    record Sent(long sequence, int qos, int packetId, boolean received) {
        Sent(QueueEntry entry) {
            this(entry.sequence(), entry.qos(), entry.packetId(), entry.received());
        }
    }

    /// The sequences of messages that are to be sent again and are not in memory, by the number under which the
    /// store has them.
    Map<Long, List<Long>> away() {
        Map<Long, List<Long>> away = new LinkedHashMap<>();
        for (Entry entry : inOrder()) {
            if (entry.delivery == null && entry.stage != Stage.AWAITS_PUBCOMP) {
                away.computeIfAbsent(entry.number, number -> new ArrayList<>()).add(entry.sequence);
            }
        }
        return away;
    }

    /// Puts messages back to their entries, as read for [#away].
    void fill(long number, List<QueuedMessage> read) {
        Map<Long, QueuedMessage> bySequence = HashMap.newHashMap(read.size());
        read.forEach(each -> bySequence.put(each.sequence(), each));
        for (Entry entry : inOrder()) {
            QueuedMessage message =
                    entry.delivery == null && entry.number == number ? bySequence.get(entry.sequence) : null;
            if (message != null) {
                entry.delivery = new Delivery(
                        message.message(),
                        entry.sequence,
                        entry.qos,
                        message.retain(),
                        message.subscriptionIds(),
                        entry.member);
                count(entry.bytes());
            }
        }
    }

    /// Forgets everything, since the session ended.
    void clear() {
        ring = new @Nullable Entry[0];
        size = 0;
        count(-bytes);
    }

    private void put(Entry entry) {
        while (ring.length == 0 || ring[entry.packetId & (ring.length - 1)] != null) {
            grow();
        }
        ring[entry.packetId & (ring.length - 1)] = entry;
        size++;
    }

    private void grow() {
        @Nullable Entry[] old = ring;
        ring = new @Nullable Entry[Math.max(FIRST_CAPACITY, old.length * 2)];
        for (Entry entry : old) {
            if (entry != null) {
                ring[entry.packetId & (ring.length - 1)] = entry;
            }
        }
    }

    public @Nullable Entry get(int packetId) {
        if (ring.length == 0) {
            return null;
        }
        Entry entry = ring[packetId & (ring.length - 1)];
        return entry != null && entry.packetId == packetId ? entry : null;
    }

    /// Frees a packet id in use.
    public void remove(Entry entry) {
        int place = entry.packetId & (ring.length - 1);
        if (ring[place] == entry) {
            ring[place] = null;
            size--;
            count(-entry.bytes());
        }
    }

    /// All entries in the order in which they were first sent ([MQTT-4.6.0-1]).
    public List<Entry> inOrder() {
        if (isRestored) {
            isRestored = false;
            orderById();
        }
        return byOrder();
    }

    /// What was restored lies in the order of its sequences. It was sent in that of its packet ids, which began anew
    /// at some point: QoS 2 waits for its commit and may come behind a later message of QoS 1, and of one message
    /// there may be two copies.
    private void orderById() {
        long last = 0;
        for (Entry entry : byOrder()) {
            long laps = Math.ceilDiv(last - MOST_AHEAD - entry.packetId, MAX_PACKET_ID);
            last = entry.packetId + laps * MAX_PACKET_ID;
            entry.order = last;
            nextOrder = Math.max(nextOrder, last + 1);
        }
    }

    private List<Entry> byOrder() {
        List<Entry> all = new ArrayList<>(size);
        for (Entry entry : ring) {
            if (entry != null) {
                all.add(entry);
            }
        }
        all.sort(Comparator.comparingLong(entry -> entry.order));
        return all;
    }
}
