// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.bridge;

import java.util.List;
import org.upwell.codec.QoS;
import org.upwell.codec.UserProperty;

/// What is to be published. `payload` is not copied: do not write.
public record Publication(String topic, byte[] payload, QoS qos, boolean retain, List<UserProperty> userProperties) {

    public Publication {
        userProperties = List.copyOf(userProperties);
    }

    /// Never shows the payload.
    @Override
    public String toString() {
        return "Publication[" + topic + ", " + qos + ", retain=" + retain + ", payloadBytes=" + payload.length + "]";
    }
}
