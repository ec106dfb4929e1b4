// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.coap;

/// Message types with their two bits on the wire (RFC 7252 §3).
public enum CoapType {
    CONFIRMABLE(0),
    NON_CONFIRMABLE(1),
    ACKNOWLEDGEMENT(2),
    RESET(3);

    private final int bits;

    CoapType(int bits) {
        this.bits = bits;
    }

    int bits() {
        return bits;
    }

    static CoapType of(int bits) {
        return switch (bits & 3) {
            case 0 -> CONFIRMABLE;
            case 1 -> NON_CONFIRMABLE;
            case 2 -> ACKNOWLEDGEMENT;
            default -> RESET;
        };
    }
}
