// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import java.time.Duration;

/// Transmission parameters of an endpoint (RFC 7252 §4.8); tests and the simulator shorten them.
///
/// @param ackTimeout before the first retransmission, times a random factor of 1 to 1.5
/// @param promptAck how long a confirmable request may wait for its answer before it gets an empty acknowledgement;
///     below every peer's ackTimeout, so that slowness alone never makes a peer send twice
/// @param confirmEvery every so many notifications of an observe relation one is confirmable
/// @param confirmAfter a notification is confirmable if the last confirmable one is as long ago
public record CoapTimes(
        Duration ackTimeout, int maxRetransmit, Duration promptAck, int confirmEvery, Duration confirmAfter) {

    /// RFC 7252 defaults.
    public static final CoapTimes DEFAULT =
            new CoapTimes(Duration.ofSeconds(2), 4, Duration.ofSeconds(1), 20, Duration.ofMinutes(15));

    public CoapTimes withConfirmEvery(int notifications) {
        return new CoapTimes(ackTimeout, maxRetransmit, promptAck, notifications, confirmAfter);
    }
}
