// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway.coap;

import java.net.InetSocketAddress;
import java.util.List;
import org.eclipse.californium.core.coap.EmptyMessage;
import org.eclipse.californium.core.coap.Message;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.interceptors.MessageInterceptor;
import org.eclipse.californium.core.network.serialization.UdpDataParser;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Shows an endpoint's interceptors what the endpoint itself never sees: repeated messages and their answers. No
/// state of its own; runs on the receiver's thread.
final class RepeatWatch {

    private static final Logger LOG = LoggerFactory.getLogger(RepeatWatch.class);

    private final UdpDataParser parser = new UdpDataParser(false, new OpenOptionRegistry());
    private volatile List<MessageInterceptor> interceptors = List.of();

    /// @param watching as an endpoint gives them, with those that will be added
    void tell(List<MessageInterceptor> watching) {
        interceptors = watching;
    }

    /// @param answer empty if there is none yet
    void onRepeat(InetSocketAddress peer, byte[] repeated, byte[] answer) {
        try {
            Message message = parser.parseMessage(repeated);
            message.setSourceContext(new AddressEndpointContext(peer));
            message.setDuplicate(true);
            interceptors.forEach(each -> receive(each, message));
            if (answer.length > 0) {
                Message answering = parser.parseMessage(answer);
                answering.setDestinationContext(new AddressEndpointContext(peer));
                interceptors.forEach(each -> send(each, answering));
            }
        } catch (RuntimeException fault) {
            // The first copy was refused for the same reason, or an interceptor fails: the repeat is answered all the
            // same.
            LOG.debug("a repeated message could not be shown", fault);
        }
    }

    private static void receive(MessageInterceptor interceptor, Message message) {
        switch (message) {
            case Request request -> interceptor.receiveRequest(request);
            case Response response -> interceptor.receiveResponse(response);
            case EmptyMessage empty -> interceptor.receiveEmptyMessage(empty);
            default -> throw new IllegalArgumentException("no message: " + message);
        }
    }

    /// Requests are never answers.
    private static void send(MessageInterceptor interceptor, Message message) {
        if (message instanceof Response response) {
            interceptor.sendResponse(response);
        } else if (message instanceof EmptyMessage empty) {
            interceptor.sendEmptyMessage(empty);
        }
    }
}
