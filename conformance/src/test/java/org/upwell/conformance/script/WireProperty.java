// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.script;

import java.util.HashMap;
import java.util.Map;

/// The properties of MQTT 5 by the names that scripts use.
enum WireProperty {
    PAYLOAD_FORMAT("payload-format", 0x01, 'b'),
    MESSAGE_EXPIRY("message-expiry", 0x02, 'i'),
    CONTENT_TYPE("content-type", 0x03, 's'),
    RESPONSE_TOPIC("response-topic", 0x08, 's'),
    CORRELATION("correlation", 0x09, 's'),
    SUBSCRIPTION_ID("subscription-id", 0x0B, 'v'),
    SESSION_EXPIRY("session-expiry", 0x11, 'i'),
    ASSIGNED_CLIENT_ID("assigned-client-id", 0x12, 's'),
    SERVER_KEEP_ALIVE("server-keep-alive", 0x13, 'h'),
    AUTH_METHOD("auth-method", 0x15, 's'),
    AUTH_DATA("auth-data", 0x16, 's'),
    REQUEST_PROBLEM("request-problem", 0x17, 'b'),
    WILL_DELAY("will-delay", 0x18, 'i'),
    REQUEST_RESPONSE("request-response", 0x19, 'b'),
    RESPONSE_INFO("response-info", 0x1A, 's'),
    SERVER_REFERENCE("server-reference", 0x1C, 's'),
    REASON("reason", 0x1F, 's'),
    RECEIVE_MAXIMUM("receive-maximum", 0x21, 'h'),
    ALIAS_MAXIMUM("alias-maximum", 0x22, 'h'),
    ALIAS("alias", 0x23, 'h'),
    MAXIMUM_QOS("maximum-qos", 0x24, 'b'),
    RETAIN_AVAILABLE("retain-available", 0x25, 'b'),
    USER("prop", 0x26, 'p'),
    MAXIMUM_PACKET("maximum-packet", 0x27, 'i'),
    WILDCARD_AVAILABLE("wildcard-available", 0x28, 'b'),
    SUBSCRIPTION_ID_AVAILABLE("subscription-id-available", 0x29, 'b'),
    SHARED_AVAILABLE("shared-available", 0x2A, 'b');

    private static final Map<String, WireProperty> BY_WORD = new HashMap<>();
    private static final Map<Integer, WireProperty> BY_ID = new HashMap<>();

    static {
        for (WireProperty property : values()) {
            BY_WORD.put(property.word, property);
            BY_ID.put(property.id, property);
        }
    }

    private final String word;
    private final int id;
    private final char type;

    WireProperty(String word, int id, char type) {
        this.word = word;
        this.id = id;
        this.type = type;
    }

    static boolean isWord(String word) {
        return BY_WORD.containsKey(word);
    }

    static void write(String word, String value, WireBytes out) {
        WireProperty property = BY_WORD.get(word);
        if (property == null) {
            throw new IllegalArgumentException("no property is called " + word);
        }
        out.bytes(property.id);
        switch (property.type) {
            case 'b' -> out.bytes(Integer.parseInt(value));
            case 'h' -> out.twoBytes(Integer.parseInt(value));
            case 'i' -> out.fourBytes(Long.parseLong(value));
            case 'v' -> out.variable(Integer.parseInt(value));
            case 'p' -> {
                int colon = value.indexOf(':');
                out.string(value.substring(0, colon));
                out.string(value.substring(colon + 1));
            }
            default -> out.string(value);
        }
    }

    /// Reads one property into `fields`.
    static void read(WireBytes in, PacketText fields) {
        int id = in.variable();
        WireProperty property = BY_ID.get(id);
        if (property == null) {
            throw new AssertionError("the server sent an unknown property " + id);
        }
        String value = switch (property.type) {
            case 'b' -> Integer.toString(in.oneByte());
            case 'h' -> Integer.toString(in.twoBytes());
            case 'i' -> Long.toString(in.fourBytes());
            case 'v' -> Integer.toString(in.variable());
            case 'p' -> in.string() + ":" + in.string();
            default -> in.string();
        };
        fields.add(property.word, value);
    }
}
