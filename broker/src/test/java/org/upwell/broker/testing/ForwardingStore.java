// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.testing;

import org.upwell.broker.store.Append;
import org.upwell.broker.store.Commit;
import org.upwell.broker.store.Fetch;
import org.upwell.broker.store.GroupRecord;
import org.upwell.broker.store.QueueTarget;
import org.upwell.broker.store.Recovery;
import org.upwell.broker.store.SessionRecord;
import org.upwell.broker.store.Store;
import org.upwell.broker.store.StoreCondition;
import org.upwell.broker.store.SubscriptionRecord;

/// Passes all that it is told on to another store; what is to be otherwise is overridden. Has the threads of that
/// store.
public abstract class ForwardingStore implements Store {

    private final Store to;

    protected ForwardingStore(Store to) {
        this.to = to;
    }

    /// What the other store is to tell of a fact whose teller waits for `commit`.
    protected Commit onward(Commit commit) {
        return commit;
    }

    @Override
    public void recover(Recovery into) {
        to.recover(into);
    }

    @Override
    public long putSession(SessionRecord session, Commit commit) {
        return to.putSession(session, onward(commit));
    }

    @Override
    public long putGroup(GroupRecord group, Commit commit) {
        return to.putGroup(group, onward(commit));
    }

    @Override
    public void removeSession(long session, Commit commit) {
        to.removeSession(session, onward(commit));
    }

    @Override
    public void putSubscription(long session, SubscriptionRecord subscription, Commit commit) {
        to.putSubscription(session, subscription, onward(commit));
    }

    @Override
    public void removeSubscription(long session, String filter, Commit commit) {
        to.removeSubscription(session, filter, onward(commit));
    }

    @Override
    public long nextSequence() {
        return to.nextSequence();
    }

    @Override
    public void append(long sequence, Append append, Commit commit) {
        to.append(sequence, append, onward(commit));
    }

    @Override
    public void acknowledged(long session, long sequence) {
        to.acknowledged(session, sequence);
    }

    @Override
    public void moved(long from, QueueTarget target, long sequence, Commit commit) {
        to.moved(from, target, sequence, onward(commit));
    }

    @Override
    public void outboundSent(long session, long sequence, int packetId, Commit commit) {
        to.outboundSent(session, sequence, packetId, onward(commit));
    }

    @Override
    public void outboundReceived(long session, long sequence, Commit commit) {
        to.outboundReceived(session, sequence, onward(commit));
    }

    @Override
    public void inboundReleased(long session, int packetId, Commit commit) {
        to.inboundReleased(session, packetId, onward(commit));
    }

    @Override
    public void retainedExpired(String topic, long sequence) {
        to.retainedExpired(topic, sequence);
    }

    @Override
    public void fetch(long session, long[] sequences, Fetch fetch) {
        to.fetch(session, sequences, fetch);
    }

    @Override
    public void sync(Commit commit) {
        to.sync(onward(commit));
    }

    @Override
    public StoreCondition condition() {
        return to.condition();
    }

    @Override
    public void close() {
        to.close();
    }
}
