// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt.hook;

import org.upwell.codec.Packet;
import org.upwell.codec.ReasonCode;

/// What an [Interceptor] decides on a packet.
public sealed interface Verdict {

    /// The packet goes on, as it was or changed. Its type, packet id and QoS must stay the same, else the
    /// interceptor counts as failed.
    record Pass(Packet packet) implements Verdict {}

    /// The packet goes no further. An incoming PUBLISH at QoS 1 or 2 is acknowledged with `reason`; an outgoing
    /// PUBLISH counts as dropped; anything else vanishes.
    record Prevent(ReasonCode reason) implements Verdict {}
}
