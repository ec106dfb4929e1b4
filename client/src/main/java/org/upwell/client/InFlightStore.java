// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.upwell.codec.Publish;

/// Remembers what was sent at QoS 1 and 2 and is not yet acknowledged, so that a session can go on with the same
/// packet ids after this process died. Called on the client's event loop in the order of sending, and must not
/// block it: what takes long completes its stage later, from any thread. The client works on while a stage is open,
/// so an implementation can gather many calls into one write.
public interface InFlightStore {

    /// One message in flight. `released` means that PUBREC came: only PUBREL may follow ([MQTT-4.3.3-4]).
    record InFlight(Publish publish, boolean released) {}

    /// All messages in flight, in the order of their [#put].
    CompletionStage<List<InFlight>> load();

    /// Keeps a message with its packet id. PUBLISH leaves only after the stage completed.
    CompletionStage<?> put(Publish publish);

    /// PUBREC came for a QoS 2 message; its content is not needed any more. PUBREL leaves only after the stage
    /// completed, else a crash could send PUBLISH again for an id that the server has forgotten.
    CompletionStage<?> release(int packetId);

    /// The handshake is over. May be lazy: a message that is found again is sent again under the same id.
    ///
    /// @param delivered whether the server took the message over; false if it refused it, or if nobody can know
    void remove(int packetId, boolean delivered);
}
