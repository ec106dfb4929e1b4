// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.upwell.gateway.event.GatewayEvent;

/// A request, or a device's answer, that the proxy may not carry on.
final class RefusedRequestException extends Exception {

    private static final long serialVersionUID = 1L;

    private final ResponseCode code;
    private final GatewayEvent event;

    RefusedRequestException(ResponseCode code, GatewayEvent event, String diagnostic) {
        super(diagnostic, null, false, false);
        this.code = code;
        this.event = event;
    }

    ResponseCode code() {
        return code;
    }

    GatewayEvent event() {
        return event;
    }
}
