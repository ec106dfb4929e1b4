// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.coap;

/// Bytes that are no CoAP message.
public final class CoapFormatException extends Exception {
    private static final long serialVersionUID = 1L;

    /// What is wrong.
    public enum Fault {
        /// Shorter than a header.
        TOO_SHORT,
        /// Not version 1.
        VERSION,
        /// A token length of 9 to 15, or a token cut off.
        TOKEN,
        /// An option that runs past the end or has a reserved length, or no payload after the marker.
        OPTION
    }

    private final Fault fault;

    CoapFormatException(Fault fault, String message) {
        super(message);
        this.fault = fault;
    }

    public Fault fault() {
        return fault;
    }
}
