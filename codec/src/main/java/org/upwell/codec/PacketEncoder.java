// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import io.netty.buffer.ByteBuf;
import java.util.List;

/// Turns packets into the bytes of one protocol version. In 3.x properties are left out and reasons become the
/// nearest return code, or nothing where 3.x has no place for one. Sizes are exact and known before writing.
/// Stateless.
///
/// Writes what it is given: it refuses what MQTT cannot express, not what a peer would refuse.
public final class PacketEncoder {

    private static final int AT_LEAST_ONCE = 0x02;

    private PacketEncoder() {}

    /// Appends `packet` to `out`. A [Connect] is written in its own version, whatever `version` says.
    ///
    /// @throws IllegalArgumentException if the version has no such packet (AUTH, or a DISCONNECT with a reason, in
    ///     3.x) or a field does not fit; nothing is written then
    public static void encode(Packet packet, MqttVersion version, ByteBuf out) {
        int remainingBytes = remainingBytes(packet, version);
        out.ensureWritable(packetBytes(remainingBytes));
        out.writeByte(packet.type().code() << 4 | flags(packet));
        Wire.writeVariableByteInteger(out, remainingBytes);
        writeBody(packet, version, out);
    }

    /// The exact number of bytes that [#encode] writes: what a peer's *Maximum Packet Size* counts.
    ///
    /// @throws IllegalArgumentException as [#encode] does
    public static int encodedBytes(Packet packet, MqttVersion version) {
        return packetBytes(remainingBytes(packet, version));
    }

    /// [MQTT-2.1.3-1], [MQTT3-2.2.2-1]
    private static int flags(Packet packet) {
        return switch (packet.type()) {
            case PUBLISH -> PublishEncoder.flags((Publish) packet);
            case PUBREL, SUBSCRIBE, UNSUBSCRIBE -> AT_LEAST_ONCE;
            default -> 0;
        };
    }

    private static int remainingBytes(Packet packet, MqttVersion version) {
        boolean mqtt5 = version.isMqtt5();
        return switch (packet) {
            case Connect connect -> ConnectEncoder.remainingBytes(connect);
            case Publish publish -> PublishEncoder.remainingBytes(version, publish);
            case ConnAck connAck -> 2 + propertiesBytes(connAck.properties(), mqtt5);
            case PubAck ack -> publishAckBytes(ack.packetId(), ack.reason(), ack.properties(), mqtt5);
            case PubRec rec -> publishAckBytes(rec.packetId(), rec.reason(), rec.properties(), mqtt5);
            case PubRel rel -> publishAckBytes(rel.packetId(), rel.reason(), rel.properties(), mqtt5);
            case PubComp comp -> publishAckBytes(comp.packetId(), comp.reason(), comp.properties(), mqtt5);
            case Subscribe subscribe -> subscribeBytes(subscribe, mqtt5);
            case SubAck ack ->
                subAckBytes(ack.packetId(), ack.properties(), mqtt5)
                        + ack.reasons().size();
            case Unsubscribe unsubscribe -> unsubscribeBytes(unsubscribe, mqtt5);
            case UnsubAck ack ->
                subAckBytes(ack.packetId(), ack.properties(), mqtt5)
                        + (mqtt5 ? ack.reasons().size() : 0);
            case PingReq _ -> 0;
            case PingResp _ -> 0;
            case Disconnect disconnect -> disconnectBytes(disconnect, mqtt5);
            case Auth auth -> authBytes(auth, mqtt5);
        };
    }

    private static void writeBody(Packet packet, MqttVersion version, ByteBuf out) {
        boolean mqtt5 = version.isMqtt5();
        switch (packet) {
            case Connect connect -> ConnectEncoder.writeBody(out, connect);
            case Publish publish -> PublishEncoder.writeBody(out, version, publish);
            case ConnAck connAck -> writeConnAck(connAck, version, out);
            case PubAck ack -> writePublishAck(ack.packetId(), ack.reason(), ack.properties(), mqtt5, out);
            case PubRec rec -> writePublishAck(rec.packetId(), rec.reason(), rec.properties(), mqtt5, out);
            case PubRel rel -> writePublishAck(rel.packetId(), rel.reason(), rel.properties(), mqtt5, out);
            case PubComp comp -> writePublishAck(comp.packetId(), comp.reason(), comp.properties(), mqtt5, out);
            case Subscribe subscribe -> writeSubscribe(subscribe, mqtt5, out);
            case SubAck ack -> {
                writeIdAndProperties(ack.packetId(), ack.properties(), mqtt5, out);
                writeSubAckReasons(ack.reasons(), mqtt5, out);
            }
            case Unsubscribe unsubscribe -> {
                writeIdAndProperties(unsubscribe.packetId(), unsubscribe.properties(), mqtt5, out);
                unsubscribe.filters().forEach(filter -> Wire.writeString(out, filter));
            }
            case UnsubAck ack -> {
                writeIdAndProperties(ack.packetId(), ack.properties(), mqtt5, out);
                if (mqtt5) {
                    ack.reasons().forEach(reason -> out.writeByte(reason.code()));
                }
            }
            case PingReq _ -> {}
            case PingResp _ -> {}
            case Disconnect disconnect -> {
                if (disconnectBytes(disconnect, mqtt5) > 0) {
                    writeReason(disconnect.reason(), disconnect.properties(), out);
                }
            }
            case Auth auth -> {
                if (authBytes(auth, true) > 0) {
                    out.writeByte(auth.reason().code());
                    PropertiesEncoder.write(out, auth.properties());
                }
            }
        }
    }

    private static void writeConnAck(ConnAck connAck, MqttVersion version, ByteBuf out) {
        boolean refused = connAck.reason() != ReasonCode.SUCCESS;
        // [MQTT-3.2.2-6], [MQTT3-3.2.2-4]: never in a refusal; 3.1 has no such flag.
        boolean sessionPresent = connAck.sessionPresent() && !refused && version != MqttVersion.MQTT_3_1;
        out.writeByte(sessionPresent ? 1 : 0);
        if (version.isMqtt5()) {
            out.writeByte(connAck.reason().code());
            PropertiesEncoder.write(out, connAck.properties());
        } else {
            out.writeByte(ReasonCodes.connectReturnCode(connAck.reason()));
        }
    }

    /// Two bytes where success needs no words, three where a reason has no properties (section 3.4.2.1).
    private static int publishAckBytes(int packetId, ReasonCode reason, Properties properties, boolean mqtt5) {
        checkPacketId(packetId);
        return 2 + (mqtt5 ? reasonBytes(reason, properties) : 0);
    }

    private static void writePublishAck(
            int packetId, ReasonCode reason, Properties properties, boolean mqtt5, ByteBuf out) {
        out.writeShort(packetId);
        if (mqtt5 && reasonBytes(reason, properties) > 0) {
            writeReason(reason, properties, out);
        }
    }

    /// Reason and properties in their shortest form, as PUBACK and its like and DISCONNECT have them.
    private static int reasonBytes(ReasonCode reason, Properties properties) {
        if (!properties.isEmpty()) {
            return checkedRemaining(1L + PropertiesEncoder.bytesWithLength(properties));
        }
        return reason == ReasonCode.SUCCESS ? 0 : 1;
    }

    private static void writeReason(ReasonCode reason, Properties properties, ByteBuf out) {
        out.writeByte(reason.code());
        if (!properties.isEmpty()) {
            PropertiesEncoder.write(out, properties);
        }
    }

    private static int subscribeBytes(Subscribe subscribe, boolean mqtt5) {
        long bytes = subAckBytes(subscribe.packetId(), subscribe.properties(), mqtt5);
        for (Subscribe.Request request : subscribe.requests()) {
            bytes += Wire.stringBytes(request.filter()) + 1;
        }
        return checkedRemaining(bytes);
    }

    private static void writeSubscribe(Subscribe subscribe, boolean mqtt5, ByteBuf out) {
        writeIdAndProperties(subscribe.packetId(), subscribe.properties(), mqtt5, out);
        for (Subscribe.Request request : subscribe.requests()) {
            Wire.writeString(out, request.filter());
            out.writeByte(mqtt5 ? subscriptionOptions(request) : request.qos().code());
        }
    }

    private static int subscriptionOptions(Subscribe.Request request) {
        return request.qos().code()
                | (request.noLocal() ? 0x04 : 0)
                | (request.retainAsPublished() ? 0x08 : 0)
                | switch (request.retainHandling()) {
                    case SEND -> 0x00;
                    case SEND_IF_NEW -> 0x10;
                    case DO_NOT_SEND -> 0x20;
                };
    }

    private static int unsubscribeBytes(Unsubscribe unsubscribe, boolean mqtt5) {
        long bytes = subAckBytes(unsubscribe.packetId(), unsubscribe.properties(), mqtt5);
        for (String filter : unsubscribe.filters()) {
            bytes += Wire.stringBytes(filter);
        }
        return checkedRemaining(bytes);
    }

    /// 3.1.1 has one code for every failure ([MQTT3-3.9.3-2]). 3.1 has none at all: a server that refuses a filter
    /// closes the connection instead of writing this.
    private static void writeSubAckReasons(List<ReasonCode> reasons, boolean mqtt5, ByteBuf out) {
        for (ReasonCode reason : reasons) {
            out.writeByte(mqtt5 || !reason.isError() ? reason.code() : 0x80);
        }
    }

    private static int subAckBytes(int packetId, Properties properties, boolean mqtt5) {
        checkPacketId(packetId);
        return 2 + propertiesBytes(properties, mqtt5);
    }

    private static void writeIdAndProperties(int packetId, Properties properties, boolean mqtt5, ByteBuf out) {
        out.writeShort(packetId);
        if (mqtt5) {
            PropertiesEncoder.write(out, properties);
        }
    }

    private static int disconnectBytes(Disconnect disconnect, boolean mqtt5) {
        if (mqtt5) {
            return reasonBytes(disconnect.reason(), disconnect.properties());
        }
        if (disconnect.reason() != ReasonCode.SUCCESS) {
            throw new IllegalArgumentException("a DISCONNECT of MQTT 3.x has no reason: " + disconnect.reason());
        }
        return 0;
    }

    private static int authBytes(Auth auth, boolean mqtt5) {
        if (!mqtt5) {
            throw new IllegalArgumentException("MQTT 3.x has no AUTH");
        }
        // Section 3.15.2.1: only a bare success may be left out.
        boolean empty = auth.reason() == ReasonCode.SUCCESS && auth.properties().isEmpty();
        return empty ? 0 : checkedRemaining(1L + PropertiesEncoder.bytesWithLength(auth.properties()));
    }

    private static int propertiesBytes(Properties properties, boolean mqtt5) {
        return mqtt5 ? checkedRemaining(PropertiesEncoder.bytesWithLength(properties)) : 0;
    }

    /// [MQTT-2.2.1-3], [MQTT-2.2.1-4], [MQTT3-2.3.1-1]
    static void checkPacketId(int packetId) {
        if (packetId < 1 || packetId > 0xFFFF) {
            throw new IllegalArgumentException("a packet id is 1 to 65535, not " + packetId);
        }
    }

    static int checkedRemaining(long bytes) {
        if (bytes > Wire.MAX_VARIABLE_BYTE_INTEGER) {
            throw new IllegalArgumentException("a packet holds at most 268435455 bytes, not " + bytes);
        }
        return (int) bytes;
    }

    static int packetBytes(int remainingBytes) {
        return 1 + Wire.variableByteIntegerBytes(remainingBytes) + remainingBytes;
    }
}
