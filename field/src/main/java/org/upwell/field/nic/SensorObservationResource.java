// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import org.eclipse.californium.core.CoapResource;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.observe.ObserveRelation;
import org.eclipse.californium.core.server.resources.CoapExchange;
import org.jspecify.annotations.Nullable;
import org.upwell.field.coap.CoapOption;

/// One sensor reading as network observers see it: however many they are, the sensor has one registration, which ends
/// with the last of them. Californium turns a client's RST into the end of its relation.
final class SensorObservationResource extends CoapResource {
    private final Nic nic;
    private final SensorResource sensor;
    private final String sensorPath;
    private volatile @Nullable Reading latest;

    SensorObservationResource(Nic nic, SensorResource sensor, String sensorPath) {
        // Names of resources must not contain slashes; this one is found by its path in a map.
        super(sensorPath.replace('/', '.'), false);
        this.nic = nic;
        this.sensor = sensor;
        this.sensorPath = sensorPath;
        setObservable(true);
        setObserveType(CoAP.Type.NON);
    }

    void onReading(Reading reading) {
        latest = reading;
        changed();
    }

    @Override
    public void handleGET(CoapExchange exchange) {
        ObserveRelation relation = exchange.advanced().getRelation();
        Reading reading = latest;
        if (relation == null || relation.isCanceled()) {
            sensor.forward(exchange);
        } else if (relation.isEstablished() && reading != null) {
            exchange.respond(SensorResource.response(reading));
        } else {
            nic.observe(sensorPath, sensor.answerLater(exchange, answer -> registered(relation, answer)));
        }
    }

    @Override
    public void removeObserveRelation(ObserveRelation relation) {
        super.removeObserveRelation(relation);
        if (getObserverCount() == 0) {
            nic.unobserve(sensorPath);
        }
    }

    /// 2.03 without Observe means that the sensor has no room for another observer.
    private Response registered(ObserveRelation relation, SensorAnswer answer) {
        if (answer instanceof SensorAnswer.Response response
                && response.message().option(CoapOption.OBSERVE).isEmpty()) {
            relation.cancel();
        }
        // When this answer makes nobody an observer, the NIC must not go on trying for it. Whether it does is known
        // once it is sent.
        nic.unobserve(sensorPath);
        return SensorResource.response(answer, true);
    }
}
