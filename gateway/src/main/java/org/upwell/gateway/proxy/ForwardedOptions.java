// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import java.util.function.IntFunction;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Option;
import org.eclipse.californium.core.coap.OptionNumberRegistry;
import org.eclipse.californium.core.coap.OptionSet;
import org.upwell.gateway.event.GatewayEvent;

/// Which options go through the proxy (RFC 7252 §5.7.1, §5.10).
///
/// Known options go by their meaning; of the others, those that are safe to forward go on untouched, and one that
/// is not refuses the message: 4.02 to a request, 5.02 for an answer. Observe and the block options belong to each
/// hop.
final class ForwardedOptions {

    /// Names an endpoint to the gateway; four bytes, and nobody's business behind it (field protocol §4).
    private static final int ENDPOINT_ID = 124;

    /// Its critical sister, which existing peers cannot read: never sent by us to either side.
    private static final int CRITICAL_ENDPOINT_ID = 189;

    private ForwardedOptions() {}

    /// The options for the device, without the Uri options, which the target gives.
    static OptionSet ofRequest(OptionSet options) throws RefusedRequestException {
        return filter(options, ForwardedOptions::inRequest, ResponseCode.BAD_OPTION);
    }

    /// The options for the application.
    static OptionSet ofResponse(OptionSet options) throws RefusedRequestException {
        return filter(options, ForwardedOptions::inResponse, ResponseCode.BAD_GATEWAY);
    }

    private enum Fate {
        FORWARD,
        STOP,
        REFUSE
    }

    private static OptionSet filter(OptionSet options, IntFunction<Fate> fates, ResponseCode refusal)
            throws RefusedRequestException {
        OptionSet forwarded = new OptionSet();
        for (Option option : options.asSortedList()) {
            switch (fates.apply(option.getNumber())) {
                case FORWARD -> forwarded.addOption(option);
                case STOP -> {
                    // Ours, or of this hop.
                }
                case REFUSE ->
                    throw new RefusedRequestException(
                            refusal,
                            GatewayEvent.PROXY_BAD_OPTION,
                            "option " + option.getNumber() + " is not forwarded");
            }
        }
        return forwarded;
    }

    private static Fate inRequest(int number) {
        return switch (number) {
            case OptionNumberRegistry.URI_HOST,
                    OptionNumberRegistry.URI_PORT,
                    OptionNumberRegistry.URI_PATH,
                    OptionNumberRegistry.URI_QUERY,
                    OptionNumberRegistry.PROXY_URI,
                    OptionNumberRegistry.PROXY_SCHEME,
                    // Asks this hop to be silent, and the library obeys it towards the client (RFC 7967 §2).
                    OptionNumberRegistry.NO_RESPONSE,
                    // Has no meaning in a request.
                    OptionNumberRegistry.MAX_AGE,
                    // Of this hop, see RequestBodies.
                    OptionNumberRegistry.BLOCK1,
                    ENDPOINT_ID -> Fate.STOP;
            case CRITICAL_ENDPOINT_ID -> Fate.REFUSE;
            default -> common(number);
        };
    }

    private static Fate inResponse(int number) {
        return switch (number) {
            case OptionNumberRegistry.MAX_AGE -> Fate.FORWARD;
            case OptionNumberRegistry.BLOCK1, ENDPOINT_ID, CRITICAL_ENDPOINT_ID -> Fate.STOP;
            default -> common(number);
        };
    }

    private static Fate common(int number) {
        return switch (number) {
            case OptionNumberRegistry.OBSERVE,
                    OptionNumberRegistry.BLOCK2,
                    OptionNumberRegistry.SIZE1,
                    OptionNumberRegistry.SIZE2 -> Fate.STOP;
            default -> OptionNumberRegistry.isUnsafe(number) ? Fate.REFUSE : Fate.FORWARD;
        };
    }
}
