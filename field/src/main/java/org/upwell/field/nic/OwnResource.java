// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import org.eclipse.californium.core.CoapResource;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.observe.ObserveRelation;
import org.eclipse.californium.core.server.resources.CoapExchange;

/// One of the NIC's own values, observable; [OwnObservers] says when observers are told.
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

    /// An observer is told how long it will be until it hears again, at the latest; who asks once gets the default.
    @Override
    public void handleGET(CoapExchange exchange) {
        ObserveRelation relation = exchange.advanced().getRelation();
        boolean observes = relation != null && !relation.isCanceled();
        nic.own()
                .read(path)
                .map(reading -> observes ? reading.lasting(nic.ownPeriod(path)) : reading)
                .ifPresentOrElse(
                        reading -> exchange.respond(SensorResource.response(reading)),
                        () -> exchange.respond(CoAP.ResponseCode.NOT_FOUND));
    }

    @Override
    public void addObserveRelation(ObserveRelation relation) {
        super.addObserveRelation(relation);
        nic.ownObserved(path);
    }
}
