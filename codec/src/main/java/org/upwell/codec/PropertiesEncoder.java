// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import io.netty.buffer.ByteBuf;

/// Writes properties, driven by the data types in [Property]. Which packet may carry what is the caller's business.
/// Stateless.
final class PropertiesEncoder {

    private PropertiesEncoder() {}

    /// The size of the properties without their length in front.
    static int bytes(Properties properties) {
        int bytes = 0;
        for (int i = 0; i < properties.size(); i++) {
            bytes += 1 + valueBytes(properties.key(i), properties.value(i));
        }
        return bytes;
    }

    /// The size of the properties with their length in front ([MQTT-2.2.2-1]).
    static int bytesWithLength(Properties properties) {
        int bytes = bytes(properties);
        return Wire.variableByteIntegerBytes(bytes) + bytes;
    }

    /// Writes the length ([MQTT-2.2.2-1]) and all properties in their order ([MQTT-3.3.2-18]).
    static void write(ByteBuf out, Properties properties) {
        if (properties.isEmpty()) {
            out.writeByte(0);
            return;
        }
        Wire.writeVariableByteInteger(out, bytes(properties));
        for (int i = 0; i < properties.size(); i++) {
            out.writeByte(properties.key(i).id());
            writeValue(out, properties.key(i), properties.value(i));
        }
    }

    private static int valueBytes(Property property, Object value) {
        return switch (property.valueType()) {
            case BYTE -> 1;
            case TWO_BYTE_INTEGER -> 2;
            case FOUR_BYTE_INTEGER -> 4;
            case VARIABLE_BYTE_INTEGER -> Wire.variableByteIntegerBytes(((Long) value).intValue());
            case STRING -> Wire.stringBytes((String) value);
            case BINARY -> Wire.binaryBytes((byte[]) value);
            case STRING_PAIR -> {
                UserProperty pair = (UserProperty) value;
                yield Wire.stringBytes(pair.name()) + Wire.stringBytes(pair.value());
            }
        };
    }

    private static void writeValue(ByteBuf out, Property property, Object value) {
        switch (property.valueType()) {
            case BYTE -> out.writeByte(((Long) value).intValue());
            case TWO_BYTE_INTEGER -> out.writeShort(((Long) value).intValue());
            case FOUR_BYTE_INTEGER -> out.writeInt(((Long) value).intValue());
            case VARIABLE_BYTE_INTEGER -> Wire.writeVariableByteInteger(out, ((Long) value).intValue());
            case STRING -> Wire.writeString(out, (String) value);
            case BINARY -> Wire.writeBinary(out, (byte[]) value);
            case STRING_PAIR -> {
                UserProperty pair = (UserProperty) value;
                Wire.writeString(out, pair.name());
                Wire.writeString(out, pair.value());
            }
        }
    }
}
