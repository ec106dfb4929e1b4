// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

/// An MQTT control packet, the same for all protocol versions: what a version lacks is empty ([Properties#NONE],
/// [ReasonCode#SUCCESS]). Immutable; array components are owned by the packet and never written after construction.
public sealed interface Packet
        permits Connect,
                ConnAck,
                Publish,
                PubAck,
                PubRec,
                PubRel,
                PubComp,
                Subscribe,
                SubAck,
                Unsubscribe,
                UnsubAck,
                PingReq,
                PingResp,
                Disconnect,
                Auth {

    PacketType type();
}
