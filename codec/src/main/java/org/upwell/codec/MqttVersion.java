// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

/// The protocol versions that a CONNECT can name.
public enum MqttVersion {
    MQTT_3_1("MQIsdp", 3),
    MQTT_3_1_1("MQTT", 4),
    MQTT_5("MQTT", 5);

    private final String protocolName;
    private final int level;

    MqttVersion(String protocolName, int level) {
        this.protocolName = protocolName;
        this.level = level;
    }

    public String protocolName() {
        return protocolName;
    }

    /// The protocol level byte of CONNECT.
    public int level() {
        return level;
    }

    public boolean isMqtt5() {
        return this == MQTT_5;
    }
}
