// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.upwell.broker.store.GroupRecord;
import org.upwell.broker.store.SessionRecord;
import org.upwell.broker.store.SubscriptionRecord;

/// A session or a group as the journal has it in memory. Owned by the writer thread.
final class Kept {

    private static final int RECEIVED = 1 << 16;

    final long number;
    final SequenceQueue queue = new SequenceQueue();

    @Nullable
    SessionRecord session;

    @Nullable
    GroupRecord group;
    /// Only while the log is read: facts about it may still come.
    boolean isRemoved;

    // Made when first needed: most sessions have none of these for most of the time.
    private @Nullable Map<String, SubscriptionRecord> subscriptions;
    private @Nullable Set<Integer> inboundPacketIds;
    private @Nullable LongMap<Integer> handshakes;

    /// The segments that may hold a record which says that this exists lie from the first to the last of these.
    int firstDefinition;
    int lastDefinition;
    /// Where the newest record lies that replaces all older facts, with its bytes.
    int snapshotSegment;
    int snapshotBytes;

    Kept(long number) {
        this.number = number;
    }

    boolean isKnown() {
        return session != null || group != null;
    }

    void definedIn(int segment) {
        firstDefinition = firstDefinition == 0 ? segment : Math.min(firstDefinition, segment);
        lastDefinition = Math.max(lastDefinition, segment);
    }

    Collection<SubscriptionRecord> subscriptions() {
        Map<String, SubscriptionRecord> all = subscriptions;
        return all == null ? List.of() : all.values();
    }

    void put(SubscriptionRecord subscription) {
        Map<String, SubscriptionRecord> all = subscriptions;
        if (all == null) {
            all = new TreeMap<>();
            subscriptions = all;
        }
        all.put(subscription.filter(), subscription);
    }

    boolean removeSubscription(String filter) {
        Map<String, SubscriptionRecord> all = subscriptions;
        return all != null && all.remove(filter) != null;
    }

    Set<Integer> inboundPacketIds() {
        Set<Integer> all = inboundPacketIds;
        return all == null ? Set.of() : all;
    }

    void addInbound(int packetId) {
        Set<Integer> all = inboundPacketIds;
        if (all == null) {
            all = new TreeSet<>();
            inboundPacketIds = all;
        }
        all.add(packetId);
    }

    boolean removeInbound(int packetId) {
        Set<Integer> all = inboundPacketIds;
        return all != null && all.remove(packetId);
    }

    /// Subscriptions and packet ids as of a snapshot.
    void replace(Collection<SubscriptionRecord> newSubscriptions, Collection<Integer> newInbound) {
        subscriptions = null;
        inboundPacketIds = null;
        newSubscriptions.forEach(this::put);
        newInbound.forEach(this::addInbound);
    }

    int packetId(long sequence) {
        return handshake(sequence) & 0xFFFF;
    }

    boolean isReceived(long sequence) {
        return (handshake(sequence) & RECEIVED) != 0;
    }

    private int handshake(long sequence) {
        LongMap<Integer> all = handshakes;
        Integer state = all == null ? null : all.get(sequence);
        return state == null ? 0 : state;
    }

    private void setHandshake(long sequence, int state) {
        LongMap<Integer> all = handshakes;
        if (all == null) {
            all = new LongMap<>();
            handshakes = all;
        }
        all.put(sequence, state);
    }

    void sent(long sequence, int packetId) {
        setHandshake(sequence, (handshake(sequence) & RECEIVED) | packetId);
    }

    void received(long sequence) {
        setHandshake(sequence, handshake(sequence) | RECEIVED);
    }

    void forgetHandshake(long sequence) {
        LongMap<Integer> all = handshakes;
        if (all != null && all.size() > 0) {
            all.remove(sequence);
        }
    }
}
