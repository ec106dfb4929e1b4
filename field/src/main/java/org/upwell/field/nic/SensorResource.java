// SPDX-License-Identifier: Apache-2.0
package org.upwell.field.nic;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Function;
import org.eclipse.californium.core.CoapResource;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.server.resources.CoapExchange;
import org.upwell.field.coap.CoapCode;
import org.upwell.field.coap.CoapMessage;
import org.upwell.field.coap.CoapOption;
import org.upwell.field.loop.Loop;

/// `/snsr/…`: forwards requests to the sensor, except those that it must never see. Not observable itself; Observe on
/// anything but a reading is left out.
final class SensorResource extends CoapResource {
    /// Then a confirmable request is acknowledged empty; clients repeat after two seconds.
    private static final Duration PROMPT = Duration.ofSeconds(1);

    private static final long BUSY_MAX_AGE_SECONDS = 5;

    private final Nic nic;
    private final Loop loop;

    SensorResource(Nic nic, Loop loop) {
        super(SensorRules.PREFIX, false);
        this.nic = nic;
        this.loop = loop;
        setObservable(false);
    }

    @Override
    public void handleRequest(Exchange exchange) {
        forward(new CoapExchange(exchange));
    }

    void forward(CoapExchange exchange) {
        Request request = exchange.advanced().getRequest();
        OptionSet options = request.getOptions();
        if (!SensorRules.isPath(options.getUriPath())) {
            exchange.respond(CoAP.ResponseCode.NOT_FOUND);
            return;
        }
        List<Integer> numbers = options.asSortedList().stream()
                .map(option -> option.getNumber())
                .toList();
        SensorClient.Request wanted = new SensorClient.Request(
                request.getRawCode(),
                SensorRules.sensorPath(options.getUriPath()),
                SensorRules.withoutEmptyQueries(options.getUriQuery()),
                SensorClient.Request.NOTHING,
                Optional.empty(),
                SensorRules.option(CoapOption.CONTENT_FORMAT, options.getContentFormat()),
                SensorRules.option(CoapOption.ACCEPT, options.getAccept()),
                request.getPayload());
        OptionalInt refusal = SensorRules.refusal(wanted, numbers);
        if (refusal.isPresent()) {
            exchange.respond(CoAP.ResponseCode.valueOf(refusal.getAsInt()));
            return;
        }
        nic.proxy(new Nic.Proxied(wanted, numbers), answerLater(exchange, answer -> response(answer, false)));
    }

    /// For the loop: responds, and acknowledges in the meantime if that takes long.
    Consumer<SensorAnswer> answerLater(CoapExchange exchange, Function<SensorAnswer, Response> map) {
        Loop.Timer[] prompt = new Loop.Timer[1];
        loop.execute(() -> prompt[0] = loop.after(PROMPT, exchange::accept));
        Request request = exchange.advanced().getRequest();
        return answer -> {
            prompt[0].cancel();
            Response response = map.apply(answer);
            if (request.isConfirmable() && request.isAcknowledged()) {
                // RFC 7252 §5.2.2: nothing else would send it again. The library would take the type of notifications
                // for the answer that begins a relation.
                response.setType(CoAP.Type.CON);
            }
            exchange.respond(response);
        };
    }

    /// @param registering whether an empty answer means that an observation runs and has no reading yet
    static Response response(SensorAnswer answer, boolean registering) {
        return switch (answer) {
            case SensorAnswer.Response response -> response(response.message());
            case SensorAnswer.Cached cached -> response(cached.reading());
            case SensorAnswer.Empty _ ->
                new Response(registering ? CoAP.ResponseCode.VALID : CoAP.ResponseCode.NOT_FOUND);
            case SensorAnswer.Nothing _ -> new Response(CoAP.ResponseCode.GATEWAY_TIMEOUT);
            case SensorAnswer.Overloaded _ -> {
                Response busy = new Response(CoAP.ResponseCode.SERVICE_UNAVAILABLE);
                busy.getOptions().setMaxAge(BUSY_MAX_AGE_SECONDS);
                yield busy;
            }
        };
    }

    static Response response(Reading reading) {
        Response response = new Response(CoAP.ResponseCode.CONTENT);
        response.setPayload(reading.payload());
        if (reading.contentFormat() >= 0) {
            response.getOptions().setContentFormat(reading.contentFormat());
        }
        response.getOptions().setMaxAge(reading.maxAgeSeconds());
        return response;
    }

    private static Response response(CoapMessage message) {
        Response response = new Response(code(message.code()));
        Reading reading = Reading.of(message);
        response.setPayload(reading.payload());
        if (reading.contentFormat() >= 0) {
            response.getOptions().setContentFormat(reading.contentFormat());
        }
        message.option(CoapOption.MAX_AGE)
                .ifPresent(option -> response.getOptions().setMaxAge(option.uintValue()));
        return response;
    }

    /// A code that no client could read becomes 5.00.
    private static CoAP.ResponseCode code(int code) {
        CoAP.ResponseCode known = code >> 5 >= 2 ? CoAP.ResponseCode.valueOf(code) : null;
        return known == null ? CoAP.ResponseCode.valueOf(CoapCode.INTERNAL_SERVER_ERROR) : known;
    }
}
