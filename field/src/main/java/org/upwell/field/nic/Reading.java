// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.time.Duration;
import org.upwell.field.coap.CoapMessage;
import org.upwell.field.coap.CoapOption;

/// A representation as it goes to the network, payload unchanged.
///
/// @param contentFormat -1 for none
/// @param maxAgeSeconds as the sensor said, or the CoAP default
@SuppressWarnings("ArrayRecordComponent") // handed on, never compared
record Reading(byte[] payload, int contentFormat, long maxAgeSeconds) {
    static final long DEFAULT_MAX_AGE_SECONDS = 60;

    Reading lasting(Duration maxAge) {
        return new Reading(payload, contentFormat, maxAge.toSeconds());
    }

    /// The same after a time with a keeper: Max-Age counts from when the sensor spoke (RFC 7252 §5.10.5).
    Reading aged(Duration age) {
        return new Reading(payload, contentFormat, Math.max(0, maxAgeSeconds - age.toSeconds()));
    }

    static Reading of(CoapMessage message) {
        return new Reading(
                message.payload(),
                message.option(CoapOption.CONTENT_FORMAT)
                        .map(option -> (int) option.uintValue())
                        .orElse(-1),
                message.option(CoapOption.MAX_AGE).map(CoapOption::uintValue).orElse(DEFAULT_MAX_AGE_SECONDS));
    }
}
