// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

/// The properties of MQTT 5 with their identifier and data type ([MQTT-2.2.2-1] and table 2-4 of the specification).
/// One table drives reading, writing and checking, so a new property is one line here.
public enum Property {
    PAYLOAD_FORMAT_INDICATOR(0x01, Type.BYTE),
    MESSAGE_EXPIRY_INTERVAL(0x02, Type.FOUR_BYTE_INTEGER),
    CONTENT_TYPE(0x03, Type.STRING),
    RESPONSE_TOPIC(0x08, Type.STRING),
    CORRELATION_DATA(0x09, Type.BINARY),
    SUBSCRIPTION_IDENTIFIER(0x0B, Type.VARIABLE_BYTE_INTEGER, 1),
    SESSION_EXPIRY_INTERVAL(0x11, Type.FOUR_BYTE_INTEGER),
    ASSIGNED_CLIENT_IDENTIFIER(0x12, Type.STRING),
    SERVER_KEEP_ALIVE(0x13, Type.TWO_BYTE_INTEGER),
    AUTHENTICATION_METHOD(0x15, Type.STRING),
    AUTHENTICATION_DATA(0x16, Type.BINARY),
    REQUEST_PROBLEM_INFORMATION(0x17, Type.BYTE),
    WILL_DELAY_INTERVAL(0x18, Type.FOUR_BYTE_INTEGER),
    REQUEST_RESPONSE_INFORMATION(0x19, Type.BYTE),
    RESPONSE_INFORMATION(0x1A, Type.STRING),
    SERVER_REFERENCE(0x1C, Type.STRING),
    REASON_STRING(0x1F, Type.STRING),
    RECEIVE_MAXIMUM(0x21, Type.TWO_BYTE_INTEGER, 1),
    TOPIC_ALIAS_MAXIMUM(0x22, Type.TWO_BYTE_INTEGER),
    TOPIC_ALIAS(0x23, Type.TWO_BYTE_INTEGER, 1),
    MAXIMUM_QOS(0x24, Type.BYTE),
    RETAIN_AVAILABLE(0x25, Type.BYTE),
    USER_PROPERTY(0x26, Type.STRING_PAIR),
    MAXIMUM_PACKET_SIZE(0x27, Type.FOUR_BYTE_INTEGER, 1),
    WILDCARD_SUBSCRIPTION_AVAILABLE(0x28, Type.BYTE),
    SUBSCRIPTION_IDENTIFIER_AVAILABLE(0x29, Type.BYTE),
    SHARED_SUBSCRIPTION_AVAILABLE(0x2A, Type.BYTE);

    /// How a property's value is laid out.
    public enum Type {
        /// All properties of one byte are switches: 0 or 1.
        BYTE(1),
        TWO_BYTE_INTEGER(0xFFFF),
        FOUR_BYTE_INTEGER(0xFFFF_FFFFL),
        VARIABLE_BYTE_INTEGER(Wire.MAX_VARIABLE_BYTE_INTEGER),
        STRING(-1),
        BINARY(-1),
        STRING_PAIR(-1);

        /// The largest integer of the type, -1 where there are none.
        private final long max;

        Type(long max) {
            this.max = max;
        }
    }

    private final int id;
    private final Type valueType;
    private final int min;

    Property(int id, Type valueType) {
        this(id, valueType, 0);
    }

    Property(int id, Type valueType, int min) {
        this.id = id;
        this.valueType = valueType;
        this.min = min;
    }

    public int id() {
        return id;
    }

    public Type valueType() {
        return valueType;
    }

    /// A bit of its own in a set of properties: all identifiers are below 64.
    long bit() {
        return 1L << id;
    }

    /// Whether this is an integer property that may have `value`; the specification calls others a protocol error.
    boolean allows(long value) {
        return value >= min && value <= valueType.max;
    }
}
