// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

/// The connection of a session, as the session sees it. Implemented by a protocol edge; all methods are called on
/// the session's owner, which is the connection's event loop.
public interface SessionConnection {

    /// How many messages of QoS 1 and 2 the client takes at once without acknowledging. Constant.
    int sendQuota();

    /// Offers a message of QoS 1 or 2. False if the connection cannot take it now (send quota used up, too much
    /// unwritten); the session then queues it, and the connection asks for it by [Session#pollQueued] later.
    boolean tryDeliver(Delivery delivery);

    /// Hands over a message of QoS 0, which the connection sends, holds within its bound, or drops and counts.
    void deliverQos0(Delivery delivery);

    /// Messages that [Session#pollQueued] had to wait for are here.
    void deliveriesReadable();

    /// Another connection takes the session over. The session is no longer this connection's when this is called.
    void takenOver();

    /// The connection is to end, as somebody elsewhere wants it (administration). The session may have ended
    /// before, or is still its own and goes on as after any lost connection.
    void sessionEnded(String cause);

    /// The principal may not connect any more: the connection has to end. The session is still its own and goes on
    /// as after any lost connection.
    void notAuthorized(String cause);
}
