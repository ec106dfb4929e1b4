// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// Turns the bytes that one connection receives into packets. Owned by that connection's event loop; keeps no bytes
/// between calls, so the caller keeps the buffer until a packet is complete.
///
/// Frames, checks size, direction and reserved flags as soon as the fixed header is there, before anything is
/// allocated or waited for, and hands the body to the decoder that a table names for the packet type. Rules that
/// need the state of a connection or session (topic alias bounds, a second CONNECT, receive quota) are not judged
/// here.
///
/// After a [DecodeException] the stream is out of step: the connection must end ([MQTT-4.13.1-1], [MQTT3-4.8.0-1])
/// and the decoder must not be used again.
public final class PacketDecoder {

    /// The side that receives: decides which packets, properties and reasons may arrive.
    public enum Receiver {
        SERVER,
        CLIENT
    }

    private static final int AT_LEAST_ONCE = 0x02;
    private static final int QOS = 0x06;
    private static final int PUBLISH_CODE = PacketType.PUBLISH.code();
    private static final int EITHER = codes(
            PacketType.PUBLISH,
            PacketType.PUBACK,
            PacketType.PUBREC,
            PacketType.PUBREL,
            PacketType.PUBCOMP,
            PacketType.DISCONNECT,
            PacketType.AUTH);
    private static final int FROM_CLIENT =
            EITHER | codes(PacketType.CONNECT, PacketType.SUBSCRIBE, PacketType.UNSUBSCRIBE, PacketType.PINGREQ);
    private static final int FROM_SERVER =
            EITHER | codes(PacketType.CONNACK, PacketType.SUBACK, PacketType.UNSUBACK, PacketType.PINGRESP);
    private static final int MQTT_5_FROM_CLIENT = codes(PacketType.AUTH);
    private static final int MQTT_5_FROM_SERVER = codes(PacketType.AUTH, PacketType.DISCONNECT);
    private static final @Nullable PacketType[] TYPES = new @Nullable PacketType[16];
    private static final @Nullable PacketBodyDecoder[] BODIES = new @Nullable PacketBodyDecoder[16];

    static {
        for (PacketType type : PacketType.values()) {
            TYPES[type.code()] = type;
        }
        BODIES[PacketType.CONNECT.code()] = new ConnectDecoder();
        BODIES[PacketType.CONNACK.code()] = new ConnAckDecoder();
        BODIES[PacketType.PUBACK.code()] = PublishAckDecoder.PUBACK;
        BODIES[PacketType.PUBREC.code()] = PublishAckDecoder.PUBREC;
        BODIES[PacketType.PUBREL.code()] = PublishAckDecoder.PUBREL;
        BODIES[PacketType.PUBCOMP.code()] = PublishAckDecoder.PUBCOMP;
        BODIES[PacketType.SUBSCRIBE.code()] = new SubscribeDecoder();
        BODIES[PacketType.SUBACK.code()] = SubAckDecoder.SUBACK;
        BODIES[PacketType.UNSUBSCRIBE.code()] = new UnsubscribeDecoder();
        BODIES[PacketType.UNSUBACK.code()] = SubAckDecoder.UNSUBACK;
        BODIES[PacketType.PINGREQ.code()] = in -> PingReq.INSTANCE;
        BODIES[PacketType.PINGRESP.code()] = in -> PingResp.INSTANCE;
        BODIES[PacketType.DISCONNECT.code()] = new DisconnectDecoder();
        BODIES[PacketType.AUTH.code()] = new AuthDecoder();
    }

    private final Receiver receiver;
    private final Frame frame = new Frame();
    private final PacketReader reader = new PacketReader();
    private final PublishDecoder publishDecoder = new PublishDecoder();
    private int maxPacketBytes;
    private int awaitedBytes;
    private @Nullable MqttVersion version;
    private @Nullable MqttVersion connAckVersion;

    /// `maxPacketBytes` bounds whole packets, fixed header included. A server learns the version from CONNECT; a
    /// client names it by [#version(MqttVersion)] before it decodes.
    public PacketDecoder(Receiver receiver, int maxPacketBytes) {
        this.receiver = receiver;
        this.maxPacketBytes = maxPacketBytes;
    }

    /// The version of the connection, null on a server before CONNECT.
    public @Nullable MqttVersion version() {
        return version;
    }

    public void version(MqttVersion version) {
        this.version = version;
        this.connAckVersion = version;
        reader.context(version, receiver == Receiver.SERVER);
    }

    /// Holds from the next packet on.
    public void maxPacketBytes(int maxPacketBytes) {
        this.maxPacketBytes = maxPacketBytes;
    }

    /// The version in whose form a CONNACK that refuses a bad CONNECT is to be written; null if the peer did not
    /// show that it speaks MQTT, so that closing without a word is the answer.
    ///
    /// An unknown level gets the form of the known version next to it: a 3.x client cannot read the longer CONNACK
    /// of MQTT 5. Some bridges set the level's high bit to mark themselves; it does not count here.
    public @Nullable MqttVersion connAckVersion() {
        return connAckVersion;
    }

    /// Returns the next packet, or null, with nothing consumed, while it is incomplete.
    ///
    /// @throws IllegalStateException on a client that was not told its version
    public @Nullable Packet decode(ByteBuf in) throws DecodeException {
        awaitedBytes = 0;
        if (!frame.read(in)) {
            return null;
        }
        PacketType type = checkedType(in);
        if (type == null || in.readableBytes() < frame.packetBytes()) {
            awaitedBytes = frame.packetBytes();
            return null;
        }
        in.skipBytes(frame.headerBytes());
        reader.begin(in, frame.remainingBytes(), type, frame.flags());
        boolean done = false;
        try {
            Packet packet = decodeBody(type);
            reader.finish();
            done = true;
            return packet;
        } finally {
            if (!done) {
                reader.abandon();
            }
        }
    }

    private Packet decodeBody(PacketType type) throws DecodeException {
        int code = type.code();
        if (code == PUBLISH_CODE) {
            return publishDecoder.decode(reader);
        }
        if (type == PacketType.CONNECT) {
            readVersion();
        }
        PacketBodyDecoder body = BODIES[code];
        if (body == null) {
            throw new IllegalStateException("no decoder for " + type);
        }
        return body.decode(reader);
    }

    private void readVersion() throws DecodeException {
        ConnectDecoder.ProtocolLevel level = ConnectDecoder.protocolLevel(reader);
        if (version != null) {
            // A second CONNECT is the connection's to refuse ([MQTT-3.1.0-2]); it is read as the first was.
            return;
        }
        connAckVersion = level.answerVersion();
        MqttVersion named = level.version();
        if (named == null) {
            throw DecodeException.of(
                    ReasonCode.UNSUPPORTED_PROTOCOL_VERSION,
                    "CONNECT protocol name and level",
                    "level " + level.level() + " is not MQTT 3.1, 3.1.1 or 5");
        }
        version(named);
        checkMinimal(PacketType.CONNECT, named);
    }

    /// Bytes of the packet that was decoded last, fixed header included.
    public int packetBytes() {
        return frame.packetBytes();
    }

    /// Bytes of the packet that [#decode] found incomplete, fixed header included; 0 if that header is incomplete too,
    /// or if the last packet was whole.
    public int awaitedBytes() {
        return awaitedBytes;
    }

    /// All that can be told by the fixed header alone. Only of a first CONNECT that is too large or has flags, what
    /// it says it speaks must be known too: null while that is missing.
    private @Nullable PacketType checkedType(ByteBuf in) throws DecodeException {
        PacketType type = TYPES[frame.typeCode()];
        if (type == null) {
            // Section 2.1.2: 0 is reserved.
            throw DecodeException.malformed("fixed header", "packet type 0 is reserved");
        }
        boolean isTooLarge = frame.packetBytes() > maxPacketBytes;
        MqttVersion spoken = version;
        if (version == null) {
            checkFirst(type);
            if (isTooLarge || frame.flags() != 0) {
                ConnectDecoder.ProtocolLevel level = ConnectDecoder.peekProtocolLevel(
                        in, in.readerIndex() + frame.headerBytes(), frame.remainingBytes());
                if (level != null) {
                    spoken = level.version();
                    connAckVersion = level.answerVersion();
                } else if (in.readableBytes() < frame.packetBytes()) {
                    return null;
                }
            }
        }
        if (isTooLarge) {
            throw DecodeException.of(
                    ReasonCode.PACKET_TOO_LARGE,
                    type.name(),
                    frame.packetBytes() + " bytes, of which at most " + maxPacketBytes + " are allowed");
        }
        if (version != null) {
            checkDirection(type, version);
            checkMinimal(type, version);
        }
        checkFlags(type, spoken);
        return type;
    }

    private void checkFirst(PacketType type) throws DecodeException {
        if (receiver == Receiver.CLIENT) {
            throw new IllegalStateException("a client's decoder must be told its version");
        }
        if (type != PacketType.CONNECT) {
            // [MQTT-3.1.0-1], [MQTT3-3.1.0-1]
            throw DecodeException.protocolError(type.name(), "comes before CONNECT");
        }
    }

    private void checkDirection(PacketType type, MqttVersion version) throws DecodeException {
        int allowed = receiver == Receiver.SERVER ? FROM_CLIENT : FROM_SERVER;
        if (!version.isMqtt5()) {
            allowed &= receiver == Receiver.SERVER ? ~MQTT_5_FROM_CLIENT : ~MQTT_5_FROM_SERVER;
        }
        if ((allowed & 1 << type.code()) == 0) {
            // Section 2.1.2, table of packet types and directions.
            throw DecodeException.protocolError(
                    type.name(), "is not for a " + (receiver == Receiver.SERVER ? "server" : "client"));
        }
    }

    /// [MQTT-1.5.5-1] binds MQTT 5 alone; 3.x gives no such rule, so longer forms are read there.
    private void checkMinimal(PacketType type, MqttVersion version) throws DecodeException {
        if (version.isMqtt5() && !frame.isMinimal()) {
            throw DecodeException.malformed(type.name(), "remaining length is not written in its shortest form");
        }
    }

    /// [MQTT-2.1.3-1], [MQTT-3.6.1-1], [MQTT-3.8.1-1], [MQTT-3.10.1-1], [MQTT-3.14.1-1], [MQTT-3.15.1-1],
    /// [MQTT3-2.2.2-1], [MQTT3-2.2.2-2], [MQTT3-3.6.1-1], [MQTT3-3.8.1-1], [MQTT3-3.10.1-1], [MQTT3-3.14.1-1]
    ///
    /// 3.1 calls the flags that a packet has no use for *not used* and asks for no check, and lets a client send
    /// PUBREL, SUBSCRIBE and UNSUBSCRIBE again with DUP set.
    private void checkFlags(PacketType type, @Nullable MqttVersion spoken) throws DecodeException {
        int flags = frame.flags();
        boolean is31 = spoken == MqttVersion.MQTT_3_1;
        boolean valid = switch (type) {
            case PUBLISH -> true; // These mean something: see PublishDecoder.
            case PUBREL, SUBSCRIBE, UNSUBSCRIBE -> (is31 ? flags & QOS : flags) == AT_LEAST_ONCE;
            default -> is31 || flags == 0;
        };
        if (!valid) {
            throw DecodeException.malformed(type.name(), "reserved flags of the fixed header are wrong");
        }
    }

    private static int codes(PacketType... types) {
        int codes = 0;
        for (PacketType type : types) {
            codes |= 1 << type.code();
        }
        return codes;
    }
}
