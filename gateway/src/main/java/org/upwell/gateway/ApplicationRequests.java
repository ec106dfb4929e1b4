// SPDX-License-Identifier: Apache-2.0
package org.upwell.gateway;

import java.util.List;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.MediaTypeRegistry;
import org.eclipse.californium.core.coap.Option;
import org.eclipse.californium.core.coap.OptionNumberRegistry;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.Exchange;
import org.upwell.gateway.coap.Answers;
import org.upwell.gateway.proxy.ForwardProxy;
import org.upwell.gateway.session.SessionRequests;

/// Sorts the requests of the application listener: to be carried on, or for one of its own resources. Runs on the
/// listener's stage.
final class ApplicationRequests {

    /// RFC 6690.
    private static final String LINKS = "</sessions>;title=\"Sessions\";ct=0,</.well-known/core>;ct=40";

    private final SessionRequests sessions;
    private final ForwardProxy proxy;

    ApplicationRequests(SessionRequests sessions, ForwardProxy proxy) {
        this.sessions = sessions;
        this.proxy = proxy;
    }

    void handle(Exchange exchange) {
        Request request = exchange.getRequest();
        if (ForwardProxy.isProxied(request)) {
            proxy.handle(exchange);
            return;
        }
        for (Option option : request.getOptions().asSortedList()) {
            if (option.isCritical() && !isUnderstood(option.getNumber())) {
                exchange.sendResponse(Answers.of(ResponseCode.BAD_OPTION, "option " + option.getNumber()));
                return;
            }
        }
        List<String> path = request.getOptions().getUriPath();
        if (path.equals(List.of("sessions"))) {
            proxy.tokenTakenAnew(exchange);
            sessions.handle(exchange);
        } else if (path.equals(List.of(".well-known", "core"))) {
            exchange.sendResponse(links(request));
        } else {
            exchange.sendResponse(Answers.of(ResponseCode.NOT_FOUND));
        }
    }

    /// Of the critical options, those that are obeyed below; the rest must not be passed over (RFC 7252 §5.4.1),
    /// least of all what makes a request conditional.
    private static boolean isUnderstood(int number) {
        return switch (number) {
            case OptionNumberRegistry.URI_HOST,
                    OptionNumberRegistry.URI_PORT,
                    OptionNumberRegistry.URI_PATH,
                    OptionNumberRegistry.URI_QUERY,
                    OptionNumberRegistry.ACCEPT,
                    OptionNumberRegistry.BLOCK2 -> true;
            default -> false;
        };
    }

    private static Response links(Request request) {
        OptionSet options = request.getOptions();
        if (request.getCode() != Code.GET) {
            return Answers.of(ResponseCode.METHOD_NOT_ALLOWED);
        }
        if (options.hasAccept() && !options.isAccept(MediaTypeRegistry.APPLICATION_LINK_FORMAT)) {
            return Answers.of(ResponseCode.NOT_ACCEPTABLE);
        }
        Response response = Answers.of(ResponseCode.CONTENT, LINKS);
        response.getOptions().setContentFormat(MediaTypeRegistry.APPLICATION_LINK_FORMAT);
        return response;
    }
}
