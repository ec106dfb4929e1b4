// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

/// Quality of service of a PUBLISH or a subscription.
public enum QoS {
    AT_MOST_ONCE(0),
    AT_LEAST_ONCE(1),
    EXACTLY_ONCE(2);

    private static final QoS[] BY_CODE = {AT_MOST_ONCE, AT_LEAST_ONCE, EXACTLY_ONCE};

    private final int code;

    QoS(int code) {
        this.code = code;
    }

    /// The two-bit value on the wire: 0, 1 or 2.
    public int code() {
        return code;
    }

    /// @throws IllegalArgumentException if `code` is not 0, 1 or 2
    public static QoS of(int code) {
        if (code < 0 || code > 2) {
            throw new IllegalArgumentException("QoS must be 0, 1 or 2, not " + code);
        }
        return BY_CODE[code];
    }
}
