// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Reads the properties of a packet or a will, driven by the tables of [Property] and [PropertyRules]. Stateless.
final class PropertiesDecoder {

    private static final int FIRST_CAPACITY = 4;
    private static final @Nullable Property[] BY_ID = new @Nullable Property[64];

    static {
        for (Property property : Property.values()) {
            BY_ID[property.id()] = property;
        }
    }

    private PropertiesDecoder() {}

    /// Reads the property length and what it spans.
    static Properties decode(PacketReader in, PropertyRules rules) throws DecodeException {
        int bytes = in.variableByteInteger("property length");
        if (bytes == 0) {
            return Properties.NONE;
        }
        int packetEnd = in.narrow(bytes, "properties");
        Properties properties = decodeAll(in, rules);
        in.widen(packetEnd);
        return properties;
    }

    private static Properties decodeAll(PacketReader in, PropertyRules rules) throws DecodeException {
        Property[] keys = new Property[FIRST_CAPACITY];
        Object[] values = new Object[FIRST_CAPACITY];
        int count = 0;
        long seen = 0;
        while (in.remaining() > 0) {
            Property property = key(in, rules);
            if ((seen & property.bit()) != 0 && !rules.mayRepeat(property)) {
                throw in.protocolError(property.name(), "appears more than once");
            }
            seen |= property.bit();
            if (count == keys.length) {
                keys = Arrays.copyOf(keys, count * 2);
                values = Arrays.copyOf(values, count * 2);
            }
            keys[count] = property;
            values[count] = value(in, property);
            count++;
        }
        return count == keys.length
                ? new Properties(keys, values)
                : new Properties(Arrays.copyOf(keys, count), Arrays.copyOf(values, count));
    }

    private static Property key(PacketReader in, PropertyRules rules) throws DecodeException {
        // All identifiers fit in one byte; reading the variable byte integer also refuses longer forms.
        int id = in.variableByteInteger("property identifier");
        Property property = id < BY_ID.length ? BY_ID[id] : null;
        if (property == null) {
            throw in.malformed("property identifier", id + " is not defined");
        }
        if (!rules.allows(property)) {
            if (rules.belongsToOtherSender(property)) {
                // [MQTT-3.3.4-6], [MQTT-3.14.2-2]
                throw in.protocolError(property.name(), "is not allowed from this side");
            }
            // Section 2.2.2.2: an identifier not valid for the packet makes it malformed.
            throw in.malformed(property.name(), "is not allowed here");
        }
        return property;
    }

    private static Object value(PacketReader in, Property property) throws DecodeException {
        String field = property.name();
        return switch (property.valueType()) {
            case BYTE -> integer(in, property, in.unsignedByte(field));
            case TWO_BYTE_INTEGER -> integer(in, property, in.unsignedShort(field));
            case FOUR_BYTE_INTEGER -> integer(in, property, in.unsignedInt(field));
            case VARIABLE_BYTE_INTEGER -> integer(in, property, in.variableByteInteger(field));
            case STRING -> property == Property.RESPONSE_TOPIC ? responseTopic(in, field) : in.string(field);
            case BINARY -> in.binary(field);
            // [MQTT-1.5.7-1]
            case STRING_PAIR -> new UserProperty(in.string(field), in.string(field));
        };
    }

    private static Long integer(PacketReader in, Property property, long value) throws DecodeException {
        if (property.allows(value)) {
            return value;
        }
        if (property == Property.TOPIC_ALIAS) {
            // [MQTT-3.3.2-8]
            throw in.failure(ReasonCode.TOPIC_ALIAS_INVALID, property.name(), "is 0");
        }
        throw in.protocolError(property.name(), "cannot be " + value);
    }

    private static String responseTopic(PacketReader in, String field) throws DecodeException {
        String topic = in.string(field);
        if (topic.isEmpty()) {
            // [MQTT-4.7.3-1]
            throw in.protocolError(field, "is empty");
        }
        if (PacketReader.hasWildcard(topic)) {
            // [MQTT-3.3.2-14]
            throw in.protocolError(field, "contains a wildcard");
        }
        return topic;
    }
}
