// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.server.MessageDeliverer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Hands requests to a handler and answers to whoever asked. Takes the place of the library's resource tree, which
/// would look a proxied request's path up among our own resources.
public final class RequestDeliverer implements MessageDeliverer {

    /// Handles a request on the listener's protocol stage; must not block.
    @FunctionalInterface
    public interface Handler {
        void handle(Exchange exchange);
    }

    private static final Logger LOG = LoggerFactory.getLogger(RequestDeliverer.class);

    private final Handler handler;

    public RequestDeliverer(Handler handler) {
        this.handler = handler;
    }

    @Override
    public void deliverRequest(Exchange exchange) {
        try {
            handler.handle(exchange);
        } catch (RuntimeException fault) {
            LOG.error("a request could not be handled", fault);
            exchange.sendResponse(Answers.of(ResponseCode.INTERNAL_SERVER_ERROR));
        }
    }

    @Override
    public void deliverResponse(Exchange exchange, Response response) {
        exchange.getRequest().setResponse(response);
    }
}
