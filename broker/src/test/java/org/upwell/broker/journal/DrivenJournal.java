// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.journal;

import java.util.List;
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

/// A journal whose threads are the test's own: the writer takes its turns, and the keeper and the readers do their
/// work, when [#turn], [#keep] and [#settle] are called. A fetch is answered before it returns.
final class DrivenJournal implements Store {

    private final ManualBackground keeper = new ManualBackground();
    private final ManualBackground reader = new ManualBackground();
    private final Journal journal;
    private long nanos;

    DrivenJournal(Directory directory, JournalSettings settings, Tuning tuning) {
        journal = new Journal(
                settings, tuning, directory, new JournalThreads(false, keeper, keeper, List.of(reader), () -> nanos));
    }

    boolean turn() {
        return journal.turn();
    }

    boolean keep() {
        return keeper.runNext();
    }

    void passTime(long moreNanos) {
        nanos += moreNanos;
    }

    /// Does all that is to be done, but at most so many pieces of it.
    void settle(int most) {
        for (int i = 0; i < most; i++) {
            boolean turned = journal.turn();
            if (!keeper.runNext() && !turned) {
                return;
            }
        }
    }

    JournalStat stat() {
        return journal.stat();
    }

    @Override
    public void recover(Recovery into) {
        journal.recover(into);
    }

    @Override
    public long putSession(SessionRecord session, Commit commit) {
        return journal.putSession(session, commit);
    }

    @Override
    public long putGroup(GroupRecord group, Commit commit) {
        return journal.putGroup(group, commit);
    }

    @Override
    public void removeSession(long session, Commit commit) {
        journal.removeSession(session, commit);
    }

    @Override
    public void putSubscription(long session, SubscriptionRecord subscription, Commit commit) {
        journal.putSubscription(session, subscription, commit);
    }

    @Override
    public void removeSubscription(long session, String filter, Commit commit) {
        journal.removeSubscription(session, filter, commit);
    }

    @Override
    public long nextSequence() {
        return journal.nextSequence();
    }

    @Override
    public void append(long sequence, Append append, Commit commit) {
        journal.append(sequence, append, commit);
    }

    @Override
    public void acknowledged(long session, long sequence) {
        journal.acknowledged(session, sequence);
    }

    @Override
    public void moved(long from, QueueTarget to, long sequence, Commit commit) {
        journal.moved(from, to, sequence, commit);
    }

    @Override
    public void outboundSent(long session, long sequence, int packetId, Commit commit) {
        journal.outboundSent(session, sequence, packetId, commit);
    }

    @Override
    public void outboundReceived(long session, long sequence, Commit commit) {
        journal.outboundReceived(session, sequence, commit);
    }

    @Override
    public void inboundReleased(long session, int packetId, Commit commit) {
        journal.inboundReleased(session, packetId, commit);
    }

    @Override
    public void retainedExpired(String topic, long sequence) {
        journal.retainedExpired(topic, sequence);
    }

    @Override
    public void fetch(long session, long[] sequences, Fetch fetch) {
        journal.fetch(session, sequences, fetch);
        while (reader.isEmpty() && (journal.turn() || keeper.runNext())) {
            // The writer may be held back by cleaning.
        }
        while (reader.runNext()) {
            journal.turn();
        }
    }

    @Override
    public void sync(Commit commit) {
        journal.sync(commit);
    }

    @Override
    public StoreCondition condition() {
        return journal.condition();
    }

    @Override
    public void close() {
        journal.close();
    }
}
