// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.eclipse.californium.core.CoapClient;
import org.eclipse.californium.core.CoapHandler;
import org.eclipse.californium.core.CoapObserveRelation;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.MediaTypeRegistry;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.config.UdpConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.app.payload.PayloadText;

/// A session at a gateway: opened with a token, bound to one local UDP port, closed at the end. Used by one thread.
final class CoapSession implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CoapSession.class);

    /// A JWT is sent in one datagram, as gateways expect it: no Block1 below this size, in bytes.
    private static final int MAX_TOKEN_BYTES = 1_300;

    private final CoapEndpoint endpoint;
    private final InetSocketAddress gateway;
    private final Duration timeout;

    private CoapSession(CoapEndpoint endpoint, InetSocketAddress gateway, Duration timeout) {
        this.endpoint = endpoint;
        this.gateway = gateway;
        this.timeout = timeout;
    }

    static CoapSession open(HostAndPort gateway, int localPort, String token, Duration timeout) {
        CoapConfig.register();
        UdpConfig.register();
        Configuration configuration = Configuration.createStandardWithoutFile();
        configuration.set(CoapConfig.MAX_MESSAGE_SIZE, MAX_TOKEN_BYTES);
        CoapEndpoint endpoint = new CoapEndpoint.Builder()
                .setConfiguration(configuration)
                .setPort(localPort)
                .build();
        CoapSession session = new CoapSession(endpoint, gateway.resolve(), timeout);
        try {
            endpoint.start();
            session.login(token);
            return session;
        } catch (IOException e) {
            endpoint.destroy();
            throw new CommandFailure("UDP port " + localPort + " cannot be opened: " + e.getMessage(), e);
        } catch (CommandFailure e) {
            endpoint.destroy();
            throw e;
        }
    }

    private void login(String token) {
        Request request = sessions(CoAP.Code.POST);
        request.setPayload(token);
        request.getOptions().setContentFormat(MediaTypeRegistry.TEXT_PLAIN);
        Response response = exchange(request);
        if (response.getCode() != ResponseCode.CREATED) {
            throw new CommandFailure("the gateway opened no session: " + describe(response));
        }
    }

    /// A request that the gateway is to carry out at `uri`.
    Request proxied(CoAP.Code code, String uri) {
        Request request = new Request(code);
        request.setDestinationContext(new AddressEndpointContext(gateway));
        request.setProxyUri(uri);
        return request;
    }

    /// Sends and waits.
    Response exchange(Request request) {
        try {
            request.send(endpoint);
            Response response = request.waitForResponse(timeout.toMillis());
            if (response != null) {
                return response;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure("interrupted", e);
        } finally {
            request.cancel();
        }
        Throwable error = request.getSendError();
        String why = error != null
                ? error.getMessage()
                : request.isRejected() ? "it rejected the message" : "after " + timeout.toSeconds() + " s";
        throw new CommandFailure("no answer from the gateway at " + HostAndPort.of(gateway) + ": " + why);
    }

    /// Starts an Observe; notifications come on Californium's threads.
    CoapObserveRelation observe(String uri, CoapHandler handler) {
        Request request = proxied(CoAP.Code.GET, uri);
        request.setObserve();
        return new CoapClient().setEndpoint(endpoint).observe(request, handler);
    }

    /// Closes the session at the gateway too. If that does not answer, its own time limit ends the session.
    @Override
    public void close() {
        try {
            exchange(sessions(CoAP.Code.DELETE));
        } catch (CommandFailure e) {
            log.debug("The session was not closed at the gateway", e);
        } finally {
            endpoint.destroy();
        }
    }

    private Request sessions(CoAP.Code code) {
        Request request = new Request(code);
        request.setDestinationContext(new AddressEndpointContext(gateway));
        request.getOptions().addUriPath("sessions");
        return request;
    }

    static String describe(Response response) {
        String code = response.getCode() + " " + response.getCode().name().replace('_', ' ');
        return response.getPayloadSize() == 0 ? code : code + ": " + PayloadText.printable(response.getPayloadString());
    }
}
