// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import java.time.Duration;
import java.util.Arrays;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.OptionNumberRegistry;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Response;
import org.jspecify.annotations.Nullable;

/// A device's whole answer, ready to be carried on in one piece or in blocks. `options` and `payload` are not copied:
/// do not write.
///
/// @param options forwarded ones, without Observe and blocks
/// @param observe the number of the notification that it is; null if it is none
record Body(
        ResponseCode code,
        OptionSet options,
        byte[] payload,
        @Nullable Integer observe) {

    /// @throws RefusedRequestException if an option of the answer may not be forwarded
    static Body of(Response response) throws RefusedRequestException {
        return new Body(
                response.getCode(), ForwardedOptions.ofResponse(response.getOptions()), response.getPayload(), null);
    }

    Body observed(@Nullable Integer number) {
        return new Body(code, options, payload, number);
    }

    /// How long it is good for, from when the device sent it.
    Duration maxAge() {
        // RFC 7252 §5.10.5: a minute if the device said nothing.
        return Duration.ofSeconds(options.hasMaxAge() ? options.getMaxAge() : OptionNumberRegistry.Defaults.MAX_AGE);
    }

    /// The same after it was kept for a while: Max-Age goes down with it (RFC 7252 §5.6.1).
    Body aged(Duration age) {
        long seconds = age.toSeconds();
        if (seconds == 0) {
            return this;
        }
        OptionSet less = new OptionSet(options);
        less.setMaxAge(Math.max(0, maxAge().toSeconds() - seconds));
        return new Body(code, less, payload, observe);
    }

    /// Whether both say the same, however old and under whichever number.
    boolean saysTheSameAs(Body other) {
        return code == other.code && Arrays.equals(payload, other.payload);
    }

    /// A response with the options and no payload.
    Response head() {
        Response response = new Response(code);
        response.setOptions(new OptionSet(options));
        if (observe != null) {
            response.getOptions().setObserve(observe);
        }
        return response;
    }

    /// The same for a block that is not the first.
    Response furtherHead() {
        Response response = observe == null ? new Response(code) : new FurtherBlock(code, observe);
        response.setOptions(new OptionSet(options));
        return response;
    }
}
