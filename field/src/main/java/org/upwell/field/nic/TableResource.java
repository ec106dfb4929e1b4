// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.eclipse.californium.core.CoapResource;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.server.resources.CoapExchange;

/// `/bubbleup`: the NIC's bubble-up table as text, a row a line as [BubbleUpEntry#parse] reads it. PUT replaces all
/// of it, for good; a table with a fault changes nothing. Requests come on Californium's threads.
final class TableResource extends CoapResource {
    static final String NAME = "bubbleup";

    private static final int TEXT = 0;
    private static final int MAX_BYTES = 4_096;

    private final Nic nic;

    TableResource(Nic nic) {
        super(NAME);
        this.nic = nic;
    }

    @Override
    public void handleGET(CoapExchange exchange) {
        exchange.respond(CoAP.ResponseCode.CONTENT, nic.tableText(), TEXT);
    }

    @Override
    public void handlePUT(CoapExchange exchange) {
        byte[] payload = exchange.getRequestPayload();
        if (payload.length > MAX_BYTES) {
            exchange.respond(CoAP.ResponseCode.REQUEST_ENTITY_TOO_LARGE);
            return;
        }
        List<BubbleUpEntry> rows;
        try {
            rows = BubbleUpEntry.parseTable(new String(payload, StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            exchange.respond(CoAP.ResponseCode.BAD_REQUEST, String.valueOf(e.getMessage()));
            return;
        }
        nic.changeTable(
                rows,
                kept -> exchange.respond(kept ? CoAP.ResponseCode.CHANGED : CoAP.ResponseCode.INTERNAL_SERVER_ERROR));
    }
}
