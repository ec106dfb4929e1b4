// SPDX-License-Identifier: Apache-2.0
package org.upwell.codec;

/// Bytes that MQTT does not allow. Carries from birth the reason code with which the connection is to end
/// ([MQTT-4.13.1-1]); the message names packet, field and fault. Has no stack trace: a peer can cause it at will.
public final class DecodeException extends Exception {

    private static final long serialVersionUID = 1;

    private final ReasonCode reason;

    private DecodeException(ReasonCode reason, String message) {
        super(message, null, false, false);
        this.reason = reason;
    }

    /// Always an error code (0x80 or above).
    public ReasonCode reason() {
        return reason;
    }

    /// The bytes cannot be parsed as the specification lays them out.
    static DecodeException malformed(String place, String fault) {
        return of(ReasonCode.MALFORMED_PACKET, place, fault);
    }

    /// The bytes can be parsed, but the protocol does not allow what they say.
    static DecodeException protocolError(String place, String fault) {
        return of(ReasonCode.PROTOCOL_ERROR, place, fault);
    }

    static DecodeException of(ReasonCode reason, String place, String fault) {
        return new DecodeException(reason, place + ": " + fault);
    }
}
