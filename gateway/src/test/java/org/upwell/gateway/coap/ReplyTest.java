// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.EmptyMessage;
import org.eclipse.californium.core.coap.Message;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.Endpoint;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ReplyTest {

    private final BlockingQueue<Message> sent = new LinkedBlockingQueue<>();
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);

    @AfterEach
    void stop() {
        timer.shutdownNow();
    }

    private Reply toConfirmable() {
        Request request = new Request(CoAP.Code.GET, CoAP.Type.CON);
        request.setMID(7);
        InetSocketAddress peer = new InetSocketAddress(InetAddress.getLoopbackAddress(), 5683);
        request.setSourceContext(new AddressEndpointContext(peer));
        Exchange exchange = new Exchange(request, peer, Exchange.Origin.REMOTE, null);
        exchange.setEndpoint((Endpoint) Proxy.newProxyInstance(
                Endpoint.class.getClassLoader(), new Class<?>[] {Endpoint.class}, (_, _, arguments) -> {
                    sent.add((Message) arguments[1]);
                    return null;
                }));
        return new Reply(exchange);
    }

    /// RFC 7252 §5.2.2.
    @Test
    void acknowledgedFirstAndGivenUpThen() throws Exception {
        Reply reply = toConfirmable();
        reply.acknowledgeAfter(Duration.ofMillis(1), timer);
        reply.giveUpAfter(Duration.ofMillis(20), timer, () -> new Response(ResponseCode.GATEWAY_TIMEOUT));
        assertThat(sent.take()).isInstanceOf(EmptyMessage.class);
        assertThat(sent.take()).isInstanceOf(Response.class);
    }

    /// The timer is faster than who sets it.
    @Test
    void givenUpAlsoIfItWasAcknowledgedBeforeThatWasAskedFor() throws Exception {
        Reply reply = toConfirmable();
        reply.acknowledgeAfter(Duration.ofNanos(1), timer);
        assertThat(sent.take()).isInstanceOf(EmptyMessage.class);
        // The thread that acknowledges has left the reply.
        timer.submit(() -> {}).get();
        reply.giveUpAfter(Duration.ofMillis(20), timer, () -> new Response(ResponseCode.GATEWAY_TIMEOUT));
        assertThat(sent.poll(10, TimeUnit.SECONDS)).isInstanceOf(Response.class);
    }
}
