// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import io.netty.buffer.ByteBuf;

/// Writes CONNECT in the version that it names. Stateless.
final class ConnectEncoder {

    private ConnectEncoder() {}

    static int remainingBytes(Connect connect) {
        check(connect);
        boolean mqtt5 = connect.version().isMqtt5();
        long bytes = Wire.stringBytes(connect.version().protocolName()) + 4L;
        bytes += Wire.stringBytes(connect.clientId());
        if (mqtt5) {
            bytes += PropertiesEncoder.bytesWithLength(connect.properties());
        }
        Connect.Will will = connect.will();
        if (will != null) {
            bytes += Wire.stringBytes(will.topic()) + Wire.binaryBytes(will.payload());
            bytes += mqtt5 ? PropertiesEncoder.bytesWithLength(will.properties()) : 0;
        }
        if (connect.userName() != null) {
            bytes += Wire.stringBytes(connect.userName());
        }
        if (connect.password() != null) {
            bytes += Wire.binaryBytes(connect.password());
        }
        return PacketEncoder.checkedRemaining(bytes);
    }

    static void writeBody(ByteBuf out, Connect connect) {
        boolean mqtt5 = connect.version().isMqtt5();
        Wire.writeString(out, connect.version().protocolName());
        out.writeByte(connect.version().level());
        out.writeByte(flags(connect));
        out.writeShort(connect.keepAliveSeconds());
        if (mqtt5) {
            PropertiesEncoder.write(out, connect.properties());
        }
        // [MQTT-3.1.3-1], [MQTT3-3.1.3-1]: the fields stand in this order.
        Wire.writeString(out, connect.clientId());
        Connect.Will will = connect.will();
        if (will != null) {
            if (mqtt5) {
                PropertiesEncoder.write(out, will.properties());
            }
            Wire.writeString(out, will.topic());
            Wire.writeBinary(out, will.payload());
        }
        if (connect.userName() != null) {
            Wire.writeString(out, connect.userName());
        }
        if (connect.password() != null) {
            Wire.writeBinary(out, connect.password());
        }
    }

    private static int flags(Connect connect) {
        Connect.Will will = connect.will();
        int willFlags = will == null ? 0 : 0x04 | will.qos().code() << 3 | (will.retain() ? 0x20 : 0);
        return (connect.cleanStart() ? 0x02 : 0)
                | willFlags
                | (connect.password() == null ? 0 : 0x40)
                | (connect.userName() == null ? 0 : 0x80);
    }

    private static void check(Connect connect) {
        if (connect.keepAliveSeconds() < 0 || connect.keepAliveSeconds() > 0xFFFF) {
            throw new IllegalArgumentException("keep alive is 0 to 65535 seconds, not " + connect.keepAliveSeconds());
        }
        if (!connect.version().isMqtt5() && connect.password() != null && connect.userName() == null) {
            // [MQTT3-3.1.2-22]
            throw new IllegalArgumentException("MQTT 3.x has no password without a user name");
        }
    }
}
