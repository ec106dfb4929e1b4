// SPDX-License-Identifier: Apache-2.0
package org.upwell.broker.session;

import org.jspecify.annotations.Nullable;
import org.upwell.broker.access.Permissions;
import org.upwell.broker.access.Principal;
import org.upwell.broker.access.RefusalCause;
import org.upwell.broker.message.SessionKey;
import org.upwell.broker.message.Will;
import org.upwell.broker.owner.Owner;

/// A connection that wants its session.
///
/// @param cleanStart true to end what there is and begin anew ([MQTT-3.1.2-4])
/// @param expirySeconds how long the session lasts without a connection: 0 to 4,294,967,295
/// @param owner the connection's event loop; the answer comes on its thread
public record OpenRequest(
        SessionKey key,
        Principal principal,
        Permissions permissions,
        SessionLimits limits,
        boolean cleanStart,
        long expirySeconds,
        @Nullable Will will,
        SessionConnection connection,
        Owner owner,
        Answer answer) {

    /// How a request ends.
    public interface Answer {

        /// The session is open and the connection is its own. Nothing is delivered before [Session#startDelivery].
        ///
        /// @param present true if an earlier session goes on ([MQTT-3.2.2-3])
        void opened(Session session, boolean present);

        /// There is no session for this connection; another may go on having it.
        void refused(RefusalCause cause, String reason);
    }
}
