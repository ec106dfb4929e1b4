// SPDX-License-Identifier: Apache-2.0
package org.upwell.conformance.script;

import java.util.List;

/// The versions of MQTT that a script can be in.
enum WireVersion {
    V3_1("3.1", "MQIsdp", 3),
    V3_1_1("3.1.1", "MQTT", 4),
    V5("5", "MQTT", 5);

    private final String text;
    private final String protocolName;
    private final int level;

    WireVersion(String text, String protocolName, int level) {
        this.text = text;
        this.protocolName = protocolName;
        this.level = level;
    }

    static List<WireVersion> parse(String text) {
        return switch (text) {
            case "all" -> List.of(values());
            case "3.1" -> List.of(V3_1);
            case "3.1.1" -> List.of(V3_1_1);
            case "3" -> List.of(V3_1, V3_1_1);
            case "4+" -> List.of(V3_1_1, V5);
            case "5" -> List.of(V5);
            default -> throw new IllegalArgumentException("no version: " + text);
        };
    }

    boolean is5() {
        return this == V5;
    }

    String protocolName() {
        return protocolName;
    }

    int level() {
        return level;
    }

    @Override
    public String toString() {
        return text;
    }
}
