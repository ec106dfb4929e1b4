// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.store;

/// Keeps what must outlive a connection, a process or a power cut: persistent sessions with subscriptions, queues
/// and packet ids, and retained messages. It is told facts and answers when they are safe; it never decides what a
/// message means or where it goes.
///
/// Facts about one session are given by that session's owner, in order; facts about different sessions come from
/// many threads. What was committed is never lost, what was given in order by one thread is kept in that order, and
/// the commits of what one thread gave are told in that order too. Every implementation passes `StoreContract` in
/// the test sources.
public interface Store extends AutoCloseable {

    /// Reads all that is kept. Called once, before anything else, on any thread; may take long.
    ///
    /// @throws StoreException if what is kept cannot be read whole; nothing is skipped silently
    StoredState recover();

    /// Creates or changes a session, found by its key.
    ///
    /// @return the session's number: positive, the same for the same key until the session is removed, never used
    ///     again
    long putSession(SessionRecord session, Commit commit);

    /// Removes a session with its subscriptions, queue and packet ids.
    void removeSession(long session, Commit commit);

    void putSubscription(long session, SubscriptionRecord subscription, Commit commit);

    void removeSubscription(long session, String filter, Commit commit);

    /// The number for the next message: positive, rising, never given twice, not even after a restart.
    long nextSequence();

    /// Takes an accepted message under a number from [#nextSequence]. One thread gives its numbers in rising order.
    void append(long sequence, Append append, Commit commit);

    /// A message is done with for a session: acknowledged, dropped or expired. May be kept lazily, since losing
    /// this fact means a repeat, not a loss.
    void acknowledged(long session, long sequence);

    /// A QoS 2 message is about to be sent under `packetId`. To be committed before PUBLISH leaves, lest another
    /// message be sent under that id after a restart.
    void outboundSent(long session, long sequence, int packetId, Commit commit);

    /// The client's PUBREC for a QoS 2 message came. To be committed before PUBREL leaves.
    void outboundReceived(long session, long sequence, Commit commit);

    /// The client released a QoS 2 packet id of its own. To be committed before PUBCOMP leaves, lest the id, used
    /// for a new message after a restart, be taken for a repeat.
    void inboundReleased(long session, int packetId, Commit commit);

    /// Tells when every fact that this thread gave before is safe; fails if one of them may not be.
    void sync(Commit commit);

    /// Waits until what was given is kept, then lets go of all resources.
    @Override
    void close();
}
