// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import org.upwell.field.coap.CoapMessage;

/// What became of a request to the sensor.
sealed interface SensorAnswer {
    /// A response of any code.
    record Response(CoapMessage message) implements SensorAnswer {}

    /// An empty acknowledgement; the firmware gives it for the classifier alone.
    record Empty() implements SensorAnswer {}

    /// The latest notification of an observation that runs already.
    record Cached(Reading reading) implements SensorAnswer {}

    /// No answer, or none that belongs to the request.
    record Nothing() implements SensorAnswer {}

    /// Too many requests wait for the UART already.
    record Overloaded() implements SensorAnswer {}
}
