// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.cli;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.app.payload.PayloadText;

/// A session at a gateway: opened with a token, bound to one local UDP port, closed at the end, also when the end
/// is a signal. Used by one thread, but closed by any.
final class CoapSession implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CoapSession.class);

    /// A JWT is sent in one datagram, as gateways expect it: no Block1 below this size, in bytes.
    private static final int MAX_TOKEN_BYTES = 1_300;

    /// How long saying goodbye may take: enough to send it twice (RFC 7252 §4.8), and no longer than a person who
    /// has pressed Ctrl-C waits.
    private static final Duration GOODBYE = Duration.ofSeconds(5);

    private final CoapEndpoint endpoint;
    private final InetSocketAddress gateway;
    private final Duration timeout;
    private final CountDownLatch loginOver = new CountDownLatch(1);
    private final Object closing = new Object();
    private boolean closed;
    private @Nullable SignalHook signals;
    private volatile @Nullable CoapObserveRelation relation;

    private CoapSession(CoapEndpoint endpoint, InetSocketAddress gateway, Duration timeout) {
        this.endpoint = endpoint;
        this.gateway = gateway;
        this.timeout = timeout;
    }

    /// @param onSignal makes the hook that closes the session at a signal; it is there before the session is
    static CoapSession open(
            HostAndPort gateway,
            int localPort,
            String token,
            Duration timeout,
            Function<AutoCloseable, SignalHook> onSignal) {
        CoapConfig.register();
        UdpConfig.register();
        Configuration configuration = Configuration.createStandardWithoutFile();
        configuration.set(CoapConfig.MAX_MESSAGE_SIZE, MAX_TOKEN_BYTES);
        CoapEndpoint endpoint = new CoapEndpoint.Builder()
                .setConfiguration(configuration)
                .setPort(localPort)
                .build();
        CoapSession session = new CoapSession(endpoint, gateway.resolve(), timeout);
        session.signals = onSignal.apply(session);
        try {
            endpoint.start();
            session.login(token);
            return session;
        } catch (IOException e) {
            session.loginOver.countDown();
            session.abandon();
            throw new CommandFailure("UDP port " + localPort + " cannot be opened: " + e.getMessage(), e);
        } catch (CommandFailure e) {
            session.abandon();
            throw e;
        }
    }

    /// There is no session to be closed.
    private void abandon() {
        synchronized (closing) {
            closed = true;
            endpoint.destroy();
            endSignals();
        }
    }

    private void login(String token) {
        Request request = sessions(CoAP.Code.POST);
        request.setPayload(token);
        request.getOptions().setContentFormat(MediaTypeRegistry.TEXT_PLAIN);
        Response response;
        try {
            response = exchange(request);
        } finally {
            loginOver.countDown();
        }
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
        return exchange(request, timeout);
    }

    private Response exchange(Request request, Duration atMost) {
        try {
            request.send(endpoint);
            Response response = request.waitForResponse(atMost.toMillis());
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
                : request.isRejected() ? "it rejected the message" : "after " + atMost.toSeconds() + " s";
        throw new CommandFailure("no answer from the gateway at " + HostAndPort.of(gateway) + ": " + why);
    }

    /// Starts the session's one Observe, which ends with it; notifications come on Californium's threads.
    void observe(String uri, CoapHandler handler) {
        Request request = proxied(CoAP.Code.GET, uri);
        request.setObserve();
        relation = new CoapClient().setEndpoint(endpoint).observe(request, handler);
    }

    /// Cancels the Observe and closes the session at the gateway too. If that does not answer, its own time limits
    /// end both. Whoever calls second waits for the first.
    @Override
    public void close() {
        synchronized (closing) {
            if (!closed) {
                closed = true;
                sayGoodbye();
                endSignals();
            }
        }
    }

    private void endSignals() {
        if (signals != null) {
            signals.close();
        }
    }

    private void sayGoodbye() {
        try {
            // Or the session might be opened after it was closed.
            if (!loginOver.await(GOODBYE.toNanos(), TimeUnit.NANOSECONDS)) {
                log.debug("The session is being opened still");
            }
            CoapObserveRelation observe = relation;
            if (observe != null) {
                observe.proactiveCancel();
            }
            exchange(sessions(CoAP.Code.DELETE), timeout.compareTo(GOODBYE) < 0 ? timeout : GOODBYE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            log.debug("The session was not closed at the gateway", e);
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
