// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.util.function.BiConsumer;
import org.eclipse.californium.core.CoapResource;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.MessageObserverAdapter;
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
    private final BiConsumer<String, SensorObservationResource> refused;
    private volatile @Nullable Reading latest;

    /// @param refused told of the path when a registration brought no observation
    SensorObservationResource(
            Nic nic, SensorResource sensor, String sensorPath, BiConsumer<String, SensorObservationResource> refused) {
        // Names of resources must not contain slashes; this one is found by its path in a map.
        super(sensorPath.replace('/', '.'), false);
        this.nic = nic;
        this.sensor = sensor;
        this.sensorPath = sensorPath;
        this.refused = refused;
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

    /// 2.03 without Observe means that the sensor has no room for another observer. That is told as an error: the
    /// library makes an observer of whoever is told a success.
    private Response registered(ObserveRelation relation, SensorAnswer answer) {
        // When this answer makes nobody an observer, the NIC must not go on trying for it. Whether it does is known
        // once it is sent.
        nic.unobserve(sensorPath);
        Response response = SensorResource.response(answer, true);
        boolean observed = !(answer instanceof SensorAnswer.Response told)
                || told.message().option(CoapOption.OBSERVE).isPresent();
        if (observed && response.isSuccess()) {
            return response;
        }
        refused.accept(sensorPath, this);
        Response refusal = response.isSuccess() ? new Response(CoAP.ResponseCode.SERVICE_UNAVAILABLE) : response;
        refusal.addMessageObserver(new Refusal(relation, refusal));
        return refusal;
    }

    /// Ends the relation that never began, when its client has been told: the library keeps it for ever otherwise, and
    /// tells nothing to one whose relation ended before.
    private static final class Refusal extends MessageObserverAdapter {
        private final ObserveRelation relation;
        private final Response response;

        Refusal(ObserveRelation relation, Response response) {
            this.relation = relation;
            this.response = response;
        }

        @Override
        public void onSent(boolean retransmission) {
            if (!response.isConfirmable()) {
                relation.cancel();
            }
        }

        @Override
        public void onAcknowledgement() {
            relation.cancel();
        }

        @Override
        protected void failed() {
            relation.cancel();
        }
    }
}
