// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

/// Keeps what must outlive a connection, a process or a power cut: persistent sessions with subscriptions, queues
/// and packet ids, groups of shared subscriptions with their queues, and retained messages. It is told facts and
/// answers when they are safe; it never decides what a message means or where it goes.
///
/// Facts about one session or group are given by its owner, in order; facts about different ones come from many
/// threads. What was committed is never lost, what was given in order by one thread is kept in that order, and the
/// commits of what one thread gave are told in that order too. A fact about a number that the store does not know
/// (any more) is committed without effect. Every implementation passes `StoreContract` in the test sources.
public interface Store extends AutoCloseable {

    /// Reads all that is kept. Called once, before anything else, on any thread; may take long. Nothing may be
    /// given to the store until it returns, not by `into` either.
    ///
    /// @throws StoreException if what is kept cannot be read whole; nothing is skipped silently
    void recover(Recovery into);

    /// Creates or changes a session, found by its key.
    ///
    /// @return the session's number: positive, the same for the same key until the session is removed, never used
    ///     again, not for a group either
    long putSession(SessionRecord session, Commit commit);

    /// Creates a group or finds it.
    ///
    /// @return its number, as of a session
    long putGroup(GroupRecord group, Commit commit);

    /// Removes a session with its subscriptions, queue and packet ids, or a group with its queue.
    void removeSession(long session, Commit commit);

    void putSubscription(long session, SubscriptionRecord subscription, Commit commit);

    void removeSubscription(long session, String filter, Commit commit);

    /// The number for the next message: positive, rising, never given twice, not even after a restart.
    long nextSequence();

    /// Takes an accepted message under a number from [#nextSequence]. One thread gives its numbers in rising order.
    /// All of it is kept or nothing, however many queues it enters. Fails with [StoreFullException] if there is no
    /// space for it; the store goes on then.
    void append(long sequence, Append append, Commit commit);

    /// A message is done with for a session: acknowledged, dropped or expired. May be kept lazily, since losing
    /// this fact means a repeat, not a loss.
    void acknowledged(long session, long sequence);

    /// A message leaves the queue `from` for another under the same number, as from a group to the member that is
    /// to get it or back. Kept as one: it is never in both nor in none.
    void moved(long from, QueueTarget to, long sequence, Commit commit);

    /// A message is about to be sent under `packetId`. At QoS 2 to be committed before PUBLISH leaves, lest another
    /// message be sent under that id after a restart; at QoS 1 it may be kept lazily.
    void outboundSent(long session, long sequence, int packetId, Commit commit);

    /// The client's PUBREC for a QoS 2 message came. To be committed before PUBREL leaves.
    void outboundReceived(long session, long sequence, Commit commit);

    /// The client released a QoS 2 packet id of its own. To be committed before PUBCOMP leaves, lest the id, used
    /// for a new message after a restart, be taken for a repeat.
    void inboundReleased(long session, int packetId, Commit commit);

    /// A retained message expired. Without effect if its topic's place was taken by a later one. May be kept
    /// lazily.
    void retainedExpired(String topic, long sequence);

    /// Reads messages back that a session's or group's queue holds, given in any order. To be called by the owner
    /// of the queue; sees all that it gave before. What is fetched stays kept.
    void fetch(long session, long[] sequences, Fetch fetch);

    /// Tells when every fact that this thread gave before is safe; fails if one of them may not be.
    void sync(Commit commit);

    /// Any thread; cheap.
    StoreCondition condition();

    /// Waits until what was given is kept, then lets go of all resources.
    @Override
    void close();
}
