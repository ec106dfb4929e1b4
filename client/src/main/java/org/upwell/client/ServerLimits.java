// SPDX-License-Identifier: Apache-2.0
package org.upwell.client;

import org.jspecify.annotations.Nullable;
import org.upwell.codec.ConnAck;
import org.upwell.codec.Properties;
import org.upwell.codec.Property;
import org.upwell.codec.QoS;
import org.upwell.codec.ReasonCode;

/// What the server announced in CONNACK; in 3.x, which announces nothing, all that the protocol allows.
///
/// @param keepAliveSeconds the server's own keep alive, or -1
record ServerLimits(int receiveMaximum, long maxPacketBytes, int maxQos, boolean retain, int keepAliveSeconds) {

    static ServerLimits of(ConnAck connAck) {
        Properties properties = connAck.properties();
        return new ServerLimits(
                (int) properties.integer(Property.RECEIVE_MAXIMUM, 65_535),
                properties.integer(Property.MAXIMUM_PACKET_SIZE, Long.MAX_VALUE),
                (int) properties.integer(Property.MAXIMUM_QOS, 2),
                properties.integer(Property.RETAIN_AVAILABLE, 1) == 1,
                (int) properties.integer(Property.SERVER_KEEP_ALIVE, -1));
    }

    /// Why a message must not be sent, or null.
    @Nullable
    MqttException refuse(QoS qos, boolean retained, int bytes) {
        if (bytes > maxPacketBytes) {
            // [MQTT-3.2.2-15]
            return limit(ReasonCode.PACKET_TOO_LARGE, bytes + " bytes, of which the server takes " + maxPacketBytes);
        }
        if (qos.code() > maxQos) {
            // [MQTT-3.2.2-11]
            return limit(ReasonCode.QOS_NOT_SUPPORTED, "the server takes QoS up to " + maxQos);
        }
        if (retained && !retain) {
            // [MQTT-3.2.2-14]
            return limit(ReasonCode.RETAIN_NOT_SUPPORTED, "the server retains no messages");
        }
        return null;
    }

    static MqttException limit(ReasonCode reason, String message) {
        return new MqttException(MqttException.Kind.LIMIT, reason, message);
    }
}
