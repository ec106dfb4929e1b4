// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;
import org.eclipse.californium.core.CoapResource;
import org.eclipse.californium.core.CoapServer;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.core.server.resources.CoapExchange;
import org.eclipse.californium.core.server.resources.Resource;
import org.eclipse.californium.elements.config.Configuration;
import org.jspecify.annotations.Nullable;

/// The gateway's field side as a NIC sees it: remembers what it was asked, answers as told.
public final class FakeGateway implements AutoCloseable {
    /// One request; for bubble-ups `kind` is read or alert.
    @SuppressWarnings("ArrayRecordComponent") // compared by parts
    public record Asked(
            String path,
            List<String> queries,
            CoAP.Type type,
            int contentFormat,
            byte[] payload,
            InetSocketAddress from) {
        public String query(String name) {
            return queries.stream()
                    .filter(query -> query.startsWith(name + "="))
                    .map(query -> query.substring(name.length() + 1))
                    .findFirst()
                    .orElse("");
        }
    }

    public final List<Asked> registrations = new CopyOnWriteArrayList<>();
    public final List<Asked> bubbleUps = new CopyOnWriteArrayList<>();
    /// What is answered to a bubble-up, null for an empty acknowledgement only; the number counts from one.
    public volatile BiFunction<Asked, Integer, @Nullable Response> onBubbleUp = (asked, count) -> changed();

    public volatile BiFunction<Asked, Integer, @Nullable Response> onRegistration =
            (asked, count) -> maxAge(changed(), 900);
    private final CoapServer server;

    /// On the loopback network.
    public FakeGateway() {
        this(InetAddress.getLoopbackAddress());
    }

    public FakeGateway(InetAddress bind) {
        Configuration configuration = Configuration.createStandardWithoutFile();
        server = new CoapServer(configuration);
        server.addEndpoint(CoapEndpoint.builder()
                .setConfiguration(configuration)
                .setInetSocketAddress(new InetSocketAddress(bind, 0))
                .build());
        server.add(new Post("nic", registrations, true));
        CoapResource bubbleUp = new CoapResource("bubbleup");
        bubbleUp.add((Resource) new Post("read", bubbleUps, false));
        bubbleUp.add((Resource) new Post("alert", bubbleUps, false));
        server.add(bubbleUp);
        server.start();
    }

    private final class Post extends CoapResource {
        private final List<Asked> log;
        private final boolean registration;

        Post(String name, List<Asked> log, boolean registration) {
            super(name);
            this.log = log;
            this.registration = registration;
        }

        @Override
        public void handlePOST(CoapExchange exchange) {
            Asked asked = new Asked(
                    getURI(),
                    exchange.getRequestOptions().getUriQuery(),
                    exchange.advanced().getRequest().getType(),
                    exchange.getRequestOptions().getContentFormat(),
                    exchange.getRequestPayload(),
                    exchange.getSourceSocketAddress());
            int count;
            synchronized (log) {
                log.add(asked);
                count = log.size();
            }
            Response response = (registration ? onRegistration : onBubbleUp).apply(asked, count);
            if (response == null) {
                exchange.accept();
            } else {
                exchange.respond(response);
            }
        }
    }

    public static Response changed() {
        return new Response(ResponseCode.CHANGED);
    }

    public static Response maxAge(Response response, long seconds) {
        response.getOptions().setMaxAge(seconds);
        return response;
    }

    public InetSocketAddress address() {
        return server.getEndpoints().getFirst().getAddress();
    }

    @Override
    public void close() {
        server.destroy();
    }
}
