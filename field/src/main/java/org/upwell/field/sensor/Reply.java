// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.sensor;

import org.upwell.field.coap.CoapCode;

/// What a request is answered with, before it becomes a message. A reply without payload carries no Content-Format.
///
/// @param observe whether the answer carries Observe
@SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
record Reply(int code, int contentFormat, byte[] payload, boolean observe) {
    static final int TEXT = 0;
    static final int LINK_FORMAT = 40;
    static final int OCTETS = 42;

    static Reply of(int code) {
        return new Reply(code, TEXT, new byte[0], false);
    }

    static Reply content(int contentFormat, byte[] payload) {
        return new Reply(CoapCode.CONTENT, contentFormat, payload, false);
    }

    Reply withObserve() {
        return new Reply(code, contentFormat, payload, true);
    }
}
