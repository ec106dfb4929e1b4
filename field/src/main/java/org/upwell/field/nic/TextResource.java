// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.util.function.Supplier;
import org.eclipse.californium.core.CoapResource;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.server.resources.CoapExchange;

/// A text that can only be read.
final class TextResource extends CoapResource {
    private final Supplier<String> text;
    private final int contentFormat;

    TextResource(String name, Supplier<String> text, int contentFormat) {
        super(name, false);
        this.text = text;
        this.contentFormat = contentFormat;
    }

    @Override
    public void handleGET(CoapExchange exchange) {
        exchange.respond(CoAP.ResponseCode.CONTENT, text.get(), contentFormat);
    }
}
