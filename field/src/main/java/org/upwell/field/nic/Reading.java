// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import org.upwell.field.coap.CoapMessage;
import org.upwell.field.coap.CoapOption;

/// A representation as it goes to the network, payload unchanged.
///
/// @param contentFormat -1 for none
/// @param maxAgeSeconds as the sensor said, or the CoAP default
@SuppressWarnings("ArrayRecordComponent") // handed on, never compared
record Reading(byte[] payload, int contentFormat, long maxAgeSeconds) {
    static final long DEFAULT_MAX_AGE_SECONDS = 60;

    static Reading of(CoapMessage message) {
        return new Reading(
                message.payload(),
                message.option(CoapOption.CONTENT_FORMAT)
                        .map(option -> (int) option.uintValue())
                        .orElse(-1),
                message.option(CoapOption.MAX_AGE).map(CoapOption::uintValue).orElse(DEFAULT_MAX_AGE_SECONDS));
    }
}
