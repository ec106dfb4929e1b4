// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.network.ExtendedCoapStackFactory;
import org.eclipse.californium.core.network.Outbox;
import org.eclipse.californium.core.network.stack.AbstractLayer;
import org.eclipse.californium.core.network.stack.BaseCoapStack;
import org.eclipse.californium.core.network.stack.BlockwiseLayer;
import org.eclipse.californium.core.network.stack.CoapStack;
import org.eclipse.californium.core.network.stack.CongestionControlLayer;
import org.eclipse.californium.core.network.stack.ExchangeCleanupLayer;
import org.eclipse.californium.core.network.stack.Layer;
import org.eclipse.californium.core.network.stack.ObserveLayer;
import org.eclipse.californium.elements.EndpointContextMatcher;
import org.eclipse.californium.elements.config.Configuration;

/// The library's layers for UDP, and below the one that puts blocks together one that keeps it from doing so for
/// the sensor, which takes no body in blocks: the critical option Block1 is refused there as the other options are
/// that the sensor does not know (field protocol §6). Resources of the NIC's own, such as the bubble-up table, take
/// blocks.
final class NicStack extends BaseCoapStack {

    private NicStack(String tag, Configuration configuration, EndpointContextMatcher matcher, Outbox outbox) {
        super(outbox);
        setLayers(new Layer[] {
            new ExchangeCleanupLayer(configuration),
            new ObserveLayer(configuration),
            new BlockwiseLayer(tag, false, configuration, matcher),
            new NoBlocksForSensor(),
            CongestionControlLayer.newImplementation(tag, configuration)
        });
    }

    private static final class NoBlocksForSensor extends AbstractLayer {

        @Override
        public void receiveRequest(Exchange exchange, Request request) {
            if (request.getOptions().hasBlock1()
                    && SensorRules.isForSensor(request.getOptions().getUriPath())) {
                Response refusal = new Response(ResponseCode.BAD_OPTION, true);
                refusal.setDestinationContext(request.getSourceContext());
                sendResponse(exchange, refusal);
            } else {
                super.receiveRequest(exchange, request);
            }
        }
    }

    /// For the library, which makes a stack for each endpoint.
    static final class Factory implements ExtendedCoapStackFactory {

        @Override
        public CoapStack createCoapStack(
                String protocol,
                String tag,
                Configuration configuration,
                EndpointContextMatcher matcher,
                Outbox outbox,
                Object custom) {
            return new NicStack(tag, configuration, matcher, outbox);
        }

        /// @deprecated the library's interface has it still, and calls the other
        @Override
        @Deprecated
        public CoapStack createCoapStack(
                String protocol, String tag, Configuration configuration, Outbox outbox, Object custom) {
            throw new UnsupportedOperationException("blocks are matched by their endpoint's matcher");
        }
    }
}
