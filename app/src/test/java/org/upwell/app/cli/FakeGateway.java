// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.core.CoapResource;
import org.eclipse.californium.core.CoapServer;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.server.ServerMessageDeliverer;
import org.eclipse.californium.core.server.resources.CoapExchange;
import org.eclipse.californium.core.server.resources.Resource;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.config.UdpConfig;

/// A gateway that knows one token and answers by a table; speaks real CoAP on a loopback port.
final class FakeGateway implements AutoCloseable {
    static final String TOKEN = "eyJ.good." + "x".repeat(1_100);

    private final CoapServer server;
    private final Set<InetSocketAddress> sessions = ConcurrentHashMap.newKeySet();
    private final Map<String, CompletableFuture<Void>> silent = new ConcurrentHashMap<>();
    private final Map<String, Response> answers = new ConcurrentHashMap<>();
    private final ScheduledExecutorService notifier = Executors.newSingleThreadScheduledExecutor();
    private final List<String> seen = new CopyOnWriteArrayList<>();

    FakeGateway() throws IOException {
        CoapConfig.register();
        UdpConfig.register();
        Configuration configuration = Configuration.createStandardWithoutFile();
        configuration.set(CoapConfig.MAX_MESSAGE_SIZE, 1_300);
        server = new CoapServer(configuration);
        server.addEndpoint(new CoapEndpoint.Builder()
                .setConfiguration(configuration)
                .setInetSocketAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .build());
        server.add(new Sessions());
        Proxy proxy = new Proxy();
        server.setMessageDeliverer(new ServerMessageDeliverer(server.getRoot(), configuration) {
            @Override
            protected Resource findResource(Exchange exchange) {
                return exchange.getRequest().getOptions().hasProxyUri()
                        ? proxy
                        : server.getRoot().getChild("sessions");
            }
        });
        server.start();
    }

    String address() {
        return "127.0.0.1:" + server.getEndpoints().getFirst().getAddress().getPort();
    }

    void answer(Code code, String uri, ResponseCode responseCode, byte[] payload) {
        Response response = new Response(responseCode);
        response.setPayload(payload);
        answers.put(code + " " + uri, response);
    }

    /// @return done when the first such request has come, which will not be answered
    CompletableFuture<Void> neverAnswer(Code code, String uri) {
        return silent.computeIfAbsent(code + " " + uri, _ -> new CompletableFuture<>());
    }

    /// Requests so far, without those to `/sessions`.
    List<String> seen() {
        return List.copyOf(seen);
    }

    int openSessions() {
        return sessions.size();
    }

    @Override
    public void close() {
        notifier.shutdownNow();
        server.destroy();
    }

    private final class Sessions extends CoapResource {
        Sessions() {
            super("sessions");
        }

        @Override
        public void handlePOST(CoapExchange exchange) {
            if (exchange.getRequestText().equals(TOKEN)) {
                sessions.add(exchange.getSourceSocketAddress());
                exchange.respond(ResponseCode.CREATED);
            } else {
                exchange.respond(ResponseCode.UNAUTHORIZED);
            }
        }

        @Override
        public void handleDELETE(CoapExchange exchange) {
            sessions.remove(exchange.getSourceSocketAddress());
            exchange.respond(ResponseCode.DELETED);
        }
    }

    /// Answers a registration as sensors do, 2.03 without a value, and then sends notifications.
    private final class Proxy extends CoapResource {
        Proxy() {
            super("proxy");
            setObservable(true);
        }

        @Override
        public void handleRequest(Exchange exchange) {
            Request request = exchange.getRequest();
            boolean isNotification =
                    exchange.getRelation() != null && exchange.getRelation().isEstablished();
            String uri = request.getOptions().getProxyUri();
            if (!isNotification) {
                seen.add(request.getCode() + " " + uri + " " + request.getPayloadString() + " observe="
                        + request.getOptions().getObserve());
            }
            CompletableFuture<Void> unanswered = silent.get(request.getCode() + " " + uri);
            if (unanswered != null) {
                unanswered.complete(null);
                return;
            }
            Response template = answers.get(request.getCode() + " " + uri);
            if (!sessions.contains(request.getSourceContext().getPeerAddress())) {
                exchange.sendResponse(new Response(ResponseCode.UNAUTHORIZED));
            } else if (template == null) {
                exchange.sendResponse(new Response(ResponseCode.NOT_FOUND));
            } else if (Integer.valueOf(0).equals(request.getOptions().getObserve()) && !isNotification) {
                exchange.sendResponse(new Response(ResponseCode.VALID));
                // Apart, since Californium keeps only the newest of notifications that wait for an acknowledgement.
                var _ = notifier.scheduleWithFixedDelay(this::changed, 20, 20, TimeUnit.MILLISECONDS);
            } else {
                Response response = new Response(template.getCode());
                response.setPayload(template.getPayload());
                exchange.sendResponse(response);
            }
        }
    }
}
