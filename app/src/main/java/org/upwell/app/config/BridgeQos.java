// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.config;

/// The QoS with which the gateway publishes what devices send.
public enum BridgeQos {
    AT_MOST_ONCE(0),
    AT_LEAST_ONCE(1),
    EXACTLY_ONCE(2);

    private final int code;

    BridgeQos(int code) {
        this.code = code;
    }

    /// 0, 1 or 2.
    public int code() {
        return code;
    }
}
