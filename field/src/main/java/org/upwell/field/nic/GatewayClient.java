// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.util.List;
import java.util.function.Consumer;

/// Requests from the NIC to its gateway.
interface GatewayClient {
    /// A POST.
    ///
    /// @param contentFormat -1 for none
    @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
    record Post(String path, List<String> queries, int contentFormat, boolean confirmable, byte[] payload) {}

    sealed interface Answer {
        /// @param code as on the wire
        /// @param maxAgeSeconds -1 when the answer has none
        record Response(int code, long maxAgeSeconds) implements Answer {}

        /// Nothing came within the patience of the transport.
        record Nothing() implements Answer {}
    }

    /// The answer comes on the NIC's loop, once.
    void post(Post request, Consumer<Answer> done);
}
