// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

/// Which properties a packet, or a will, may carry, and which of them may repeat: table 2-4 of MQTT 5, told apart by
/// sender where the specification does so. A new property of a packet is one word here.
enum PropertyRules {
    CONNECT(
            Property.SESSION_EXPIRY_INTERVAL,
            Property.AUTHENTICATION_METHOD,
            Property.AUTHENTICATION_DATA,
            Property.REQUEST_PROBLEM_INFORMATION,
            Property.REQUEST_RESPONSE_INFORMATION,
            Property.RECEIVE_MAXIMUM,
            Property.TOPIC_ALIAS_MAXIMUM,
            Property.USER_PROPERTY,
            Property.MAXIMUM_PACKET_SIZE),
    WILL(
            Property.PAYLOAD_FORMAT_INDICATOR,
            Property.MESSAGE_EXPIRY_INTERVAL,
            Property.CONTENT_TYPE,
            Property.RESPONSE_TOPIC,
            Property.CORRELATION_DATA,
            Property.WILL_DELAY_INTERVAL,
            Property.USER_PROPERTY),
    CONNACK(
            Property.SESSION_EXPIRY_INTERVAL,
            Property.ASSIGNED_CLIENT_IDENTIFIER,
            Property.SERVER_KEEP_ALIVE,
            Property.AUTHENTICATION_METHOD,
            Property.AUTHENTICATION_DATA,
            Property.RESPONSE_INFORMATION,
            Property.SERVER_REFERENCE,
            Property.REASON_STRING,
            Property.RECEIVE_MAXIMUM,
            Property.TOPIC_ALIAS_MAXIMUM,
            Property.MAXIMUM_QOS,
            Property.RETAIN_AVAILABLE,
            Property.USER_PROPERTY,
            Property.MAXIMUM_PACKET_SIZE,
            Property.WILDCARD_SUBSCRIPTION_AVAILABLE,
            Property.SUBSCRIPTION_IDENTIFIER_AVAILABLE,
            Property.SHARED_SUBSCRIPTION_AVAILABLE),
    /// No subscription identifier from a client ([MQTT-3.3.4-6]).
    PUBLISH_FROM_CLIENT(
            Property.PAYLOAD_FORMAT_INDICATOR,
            Property.MESSAGE_EXPIRY_INTERVAL,
            Property.CONTENT_TYPE,
            Property.RESPONSE_TOPIC,
            Property.CORRELATION_DATA,
            Property.TOPIC_ALIAS,
            Property.USER_PROPERTY),
    /// One subscription identifier for each matching subscription ([MQTT-3.3.4-4]), so it may repeat.
    PUBLISH_FROM_SERVER(
            Property.PAYLOAD_FORMAT_INDICATOR,
            Property.MESSAGE_EXPIRY_INTERVAL,
            Property.CONTENT_TYPE,
            Property.RESPONSE_TOPIC,
            Property.CORRELATION_DATA,
            Property.SUBSCRIPTION_IDENTIFIER,
            Property.TOPIC_ALIAS,
            Property.USER_PROPERTY) {
        @Override
        boolean mayRepeat(Property property) {
            return property == Property.SUBSCRIPTION_IDENTIFIER || super.mayRepeat(property);
        }
    },
    /// PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK.
    ACKNOWLEDGEMENT(Property.REASON_STRING, Property.USER_PROPERTY),
    SUBSCRIBE(Property.SUBSCRIPTION_IDENTIFIER, Property.USER_PROPERTY),
    UNSUBSCRIBE(Property.USER_PROPERTY),
    DISCONNECT_FROM_CLIENT(Property.SESSION_EXPIRY_INTERVAL, Property.REASON_STRING, Property.USER_PROPERTY),
    /// No session expiry interval from a server ([MQTT-3.14.2-2]); only it can refer to another server.
    DISCONNECT_FROM_SERVER(Property.SERVER_REFERENCE, Property.REASON_STRING, Property.USER_PROPERTY),
    AUTH(Property.AUTHENTICATION_METHOD, Property.AUTHENTICATION_DATA, Property.REASON_STRING, Property.USER_PROPERTY);

    /// The bits of the allowed properties.
    private final long allowed;

    PropertyRules(Property... properties) {
        long bits = 0;
        for (Property property : properties) {
            bits |= property.bit();
        }
        allowed = bits;
    }

    boolean allows(Property property) {
        return (allowed & property.bit()) != 0;
    }

    /// Sections 2.2.2.2 and those of each property: all but the user property appear at most once.
    boolean mayRepeat(Property property) {
        return property == Property.USER_PROPERTY;
    }

    /// Whether the packet may carry it, but not from this sender: a protocol error, where others are malformed.
    boolean belongsToOtherSender(Property property) {
        return switch (this) {
            case PUBLISH_FROM_CLIENT -> property == Property.SUBSCRIPTION_IDENTIFIER;
            case DISCONNECT_FROM_CLIENT -> property == Property.SERVER_REFERENCE;
            case DISCONNECT_FROM_SERVER -> property == Property.SESSION_EXPIRY_INTERVAL;
            default -> false;
        };
    }
}
