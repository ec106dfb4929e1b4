// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import org.eclipse.californium.core.CoapResource;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.server.resources.CoapExchange;

/// One of the NIC's own values, observable.
final class OwnResource extends CoapResource {
    private final Nic nic;
    private final String path;

    OwnResource(Nic nic, String path) {
        super(path.substring(1));
        this.nic = nic;
        this.path = path;
        setObservable(true);
        setObserveType(CoAP.Type.NON);
    }

    @Override
    public void handleGET(CoapExchange exchange) {
        nic.own()
                .read(path)
                .ifPresentOrElse(
                        reading -> exchange.respond(SensorResource.response(reading)),
                        () -> exchange.respond(CoAP.ResponseCode.NOT_FOUND));
    }
}
