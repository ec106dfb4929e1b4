// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.hdlc;

/// What a control byte says, its numbers and the poll/final bit left out (field protocol §6).
public enum FrameKind {
    INFORMATION(0x00),
    RECEIVE_READY(0x01),
    RECEIVE_NOT_READY(0x05),
    SET_NORMAL_RESPONSE_MODE(0x83),
    DISCONNECT(0x43),
    UNNUMBERED_ACKNOWLEDGEMENT(0x63),
    DISCONNECTED_MODE(0x0F),
    FRAME_REJECT(0x87),
    UNNUMBERED_INFORMATION(0x03),
    /// A control byte that no station here knows; receivers are silent about it.
    UNKNOWN(-1);

    static final int POLL_FINAL = 0x10;

    private static final FrameKind[] UNNUMBERED = {
        SET_NORMAL_RESPONSE_MODE,
        DISCONNECT,
        UNNUMBERED_ACKNOWLEDGEMENT,
        DISCONNECTED_MODE,
        FRAME_REJECT,
        UNNUMBERED_INFORMATION
    };

    private final int code;

    FrameKind(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    static FrameKind of(int control) {
        if ((control & 1) == 0) {
            return INFORMATION;
        }
        int supervisory = control & 0x0F;
        if (supervisory == RECEIVE_READY.code) {
            return RECEIVE_READY;
        }
        if (supervisory == RECEIVE_NOT_READY.code) {
            return RECEIVE_NOT_READY;
        }
        int unnumbered = control & ~POLL_FINAL & 0xFF;
        for (FrameKind kind : UNNUMBERED) {
            if (kind.code == unnumbered) {
                return kind;
            }
        }
        return UNKNOWN;
    }
}
