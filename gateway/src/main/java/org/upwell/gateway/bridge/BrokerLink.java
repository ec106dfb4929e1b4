// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.upwell.codec.ReasonCode;

/// A connection to the broker that mends itself. All the gateway asks of an MQTT client. Safe for all threads.
public interface BrokerLink extends AutoCloseable {

    /// Opens links.
    @FunctionalInterface
    interface Opener {

        /// Begins to connect under `clientId`.
        ///
        /// @param store null for a link that need not remember beyond the process
        BrokerLink open(String clientId, BridgeJournal.@Nullable LinkStore store);
    }

    /// Publishes. Messages of one caller thread leave in the order of the calls.
    ///
    /// The stage completes when the message is out of our hands: at QoS 0 with [ReasonCode#SUCCESS] after the write
    /// to the socket, at QoS 1 with the reason of PUBACK, at QoS 2 with the reason of PUBCOMP or of a refusing
    /// PUBREC. It fails with [BrokerUnavailableException], and the message is not sent, if there is no connection
    /// or as many messages as allowed are under way. A message once accepted at QoS 1 or 2 is sent again after a
    /// reconnect; its stage waits for that.
    CompletionStage<ReasonCode> publish(Publication publication);

    boolean isConnected();

    /// Calls `action` whenever the broker came back without our session, and so perhaps without what it retained.
    /// At most one action; on a thread that must not be held up.
    void onLostSession(Runnable action);

    /// Disconnects; what is not acknowledged fails.
    @Override
    void close();
}
