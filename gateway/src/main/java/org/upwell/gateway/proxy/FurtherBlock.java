// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.proxy;

import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.interceptors.MessageInterceptorAdapter;

/// A second or later block of a notification. It carries the notification's Observe (field protocol §4), though by
/// RFC 7959 §3.4 only the first block would; the library, which knows the RFC, takes the option off any answer that
/// is not the first of a relation, so it is put on again when the message is about to leave.
final class FurtherBlock extends Response {

    private final int observe;

    FurtherBlock(ResponseCode code, int observe) {
        super(code);
        this.observe = observe;
    }

    /// Belongs on the application listener.
    static final class Marker extends MessageInterceptorAdapter {

        @Override
        public void sendResponse(Response response) {
            if (response instanceof FurtherBlock block) {
                block.getOptions().setObserve(block.observe);
            }
        }
    }
}
