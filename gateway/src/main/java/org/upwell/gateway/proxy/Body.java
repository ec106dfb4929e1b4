// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import org.eclipse.californium.core.coap.CoAP.ResponseCode;
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
