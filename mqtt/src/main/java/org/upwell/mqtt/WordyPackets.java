// SPDX-License-Identifier: Apache-2.0
package org.upwell.mqtt;

import org.upwell.codec.Auth;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Disconnect;
import org.upwell.codec.Packet;
import org.upwell.codec.Property;
import org.upwell.codec.PubAck;
import org.upwell.codec.PubComp;
import org.upwell.codec.PubRec;
import org.upwell.codec.PubRel;
import org.upwell.codec.SubAck;
import org.upwell.codec.UnsubAck;

/// Takes words for humans out of packets that would be too large for a client with them. Stateless.
final class WordyPackets {

    private WordyPackets() {}

    /// The packet without its reason string ([MQTT-3.2.2-19], [MQTT-3.4.2-2], [MQTT-3.5.2-2], [MQTT-3.6.2-2],
    /// [MQTT-3.7.2-2], [MQTT-3.9.2-1], [MQTT-3.11.2-1], [MQTT-3.14.2-3], [MQTT-3.15.2-2]).
    static Packet withoutReasonString(Packet packet) {
        return without(packet, Property.REASON_STRING);
    }

    /// The packet without its user properties ([MQTT-3.2.2-20], [MQTT-3.4.2-3], [MQTT-3.5.2-3], [MQTT-3.6.2-3],
    /// [MQTT-3.7.2-3], [MQTT-3.9.2-2], [MQTT-3.11.2-2], [MQTT-3.14.2-4], [MQTT-3.15.2-3]).
    static Packet withoutUserProperties(Packet packet) {
        return without(packet, Property.USER_PROPERTY);
    }

    private static Packet without(Packet packet, Property word) {
        return switch (packet) {
            case ConnAck ack ->
                new ConnAck(ack.sessionPresent(), ack.reason(), ack.properties().without(word));
            case PubAck ack ->
                new PubAck(ack.packetId(), ack.reason(), ack.properties().without(word));
            case PubRec rec ->
                new PubRec(rec.packetId(), rec.reason(), rec.properties().without(word));
            case PubRel rel ->
                new PubRel(rel.packetId(), rel.reason(), rel.properties().without(word));
            case PubComp comp ->
                new PubComp(comp.packetId(), comp.reason(), comp.properties().without(word));
            case SubAck ack ->
                new SubAck(ack.packetId(), ack.reasons(), ack.properties().without(word));
            case UnsubAck ack ->
                new UnsubAck(ack.packetId(), ack.reasons(), ack.properties().without(word));
            case Disconnect disconnect ->
                new Disconnect(disconnect.reason(), disconnect.properties().without(word));
            case Auth auth -> new Auth(auth.reason(), auth.properties().without(word));
            // A publisher's user properties belong to the message ([MQTT-3.3.2-17]); others have none.
            default -> packet;
        };
    }
}
