// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.field;

import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.network.Exchange;
import org.upwell.gateway.coap.Answers;
import org.upwell.gateway.event.GatewayCounters;
import org.upwell.gateway.event.GatewayEvent;

/// The resources of the field listener: `/nic` and `/bubbleup/<kind>`. Runs on the field listener's stage.
public final class FieldRequests {

    private static final Set<String> KINDS = Set.of("read", "alert");

    private final Registrations registrations;
    private final BiConsumer<String, Exchange> bubbleUps;
    private final GatewayCounters counters;

    /// @param bubbleUps takes the kind and the request
    public FieldRequests(
            Registrations registrations, BiConsumer<String, Exchange> bubbleUps, GatewayCounters counters) {
        this.registrations = registrations;
        this.bubbleUps = bubbleUps;
        this.counters = counters;
    }

    public void handle(Exchange exchange) {
        Request request = exchange.getRequest();
        List<String> path = request.getOptions().getUriPath();
        boolean nic = path.equals(List.of("nic"));
        boolean bubbleUp = path.size() == 2 && path.getFirst().equals("bubbleup") && KINDS.contains(path.get(1));
        if (!nic && !bubbleUp) {
            refuse(exchange, ResponseCode.NOT_FOUND);
        } else if (request.getCode() != Code.POST) {
            refuse(exchange, ResponseCode.METHOD_NOT_ALLOWED);
        } else if (nic) {
            registrations.handle(exchange);
        } else {
            bubbleUps.accept(path.get(1), exchange);
        }
    }

    private void refuse(Exchange exchange, ResponseCode code) {
        counters.count(GatewayEvent.FIELD_BAD_REQUEST);
        exchange.sendResponse(Answers.of(code));
    }
}
