// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.Mac;
import org.upwell.gateway.Gateway;
import org.upwell.gateway.traffic.AnswerCounters;
import org.upwell.gateway.traffic.Trace;
import org.upwell.gateway.traffic.TracedMessage;

/// What an operator sees of the gateway in this process: its numbers, and the messages of one device as they pass.
public final class AdminGatewayRoutes implements Routes {

    private static final Logger LOG = LoggerFactory.getLogger(AdminGatewayRoutes.class);

    private static final String COUNTERS = "/api/admin/gateway/counters";
    private static final String TRACE = "/api/admin/gateway/trace/{mac}";

    /// An empty line says that the trace goes on, and finds out whether somebody still reads it.
    private static final Duration SIGN_OF_LIFE = Duration.ofSeconds(2);

    private static final byte[] LINE_END = {'\n'};

    private record Counters(Map<String, Long> events, int devices, int sessions, List<Answers> answers) {}

    /// @param by `tenant` or `access-point`
    private record Answers(String by, String name, String traffic, String code, long count) {}

    private record LeftOut(long leftOut) {}

    private final Gateway gateway;
    private final Callers callers;

    public AdminGatewayRoutes(Gateway gateway, Callers callers) {
        this.gateway = gateway;
        this.callers = callers;
    }

    @Override
    public void addTo(HttpRules rules) {
        rules.get(COUNTERS, this::counters).get(TRACE, this::trace);
    }

    private void counters(ServerRequest request, ServerResponse response) {
        callers.administrator(request);
        Map<String, Long> events = new TreeMap<>();
        gateway.counters().snapshot().forEach((event, count) -> events.put(event.label(), count));
        List<Answers> answers = new ArrayList<>();
        for (AnswerCounters.Count each : gateway.answers().snapshot()) {
            AnswerCounters.Label label = each.label();
            answers.add(new Answers(
                    spelling(label.dimension()),
                    label.name(),
                    spelling(label.traffic()),
                    label.code().text,
                    each.count()));
        }
        Json.send(response, 200, new Counters(events, gateway.registeredDevices(), gateway.openSessions(), answers));
    }

    private static String spelling(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /// One JSON object per line, until the reader goes.
    private void trace(ServerRequest request, ServerResponse response) {
        callers.administrator(request);
        Mac mac = mac(request);
        boolean withPayload =
                request.query().first("payload").map("true"::equals).orElse(false);
        Optional<Trace> started = gateway.traces().start(mac, withPayload);
        if (started.isEmpty()) {
            throw HttpFault.unavailable("as many traces as allowed are open");
        }
        try (Trace trace = started.get()) {
            response.status(200)
                    .header(HeaderNames.CONTENT_TYPE, "application/x-ndjson")
                    .header(HeaderNames.X_CONTENT_TYPE_OPTIONS, "nosniff");
            Json.noStore(response);
            try (OutputStream out = response.outputStream()) {
                write(trace, out);
            }
        } catch (IOException | UncheckedIOException gone) {
            LOG.debug("the reader of a trace is gone", gone);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private static Mac mac(ServerRequest request) {
        try {
            return Mac.parse(request.path().pathParameters().get("mac"));
        } catch (IllegalArgumentException e) {
            throw HttpFault.badRequest(String.valueOf(e.getMessage()));
        }
    }

    private static void write(Trace trace, OutputStream out) throws IOException, InterruptedException {
        // So that the reader knows that it has begun.
        out.write(LINE_END);
        out.flush();
        while (!Thread.currentThread().isInterrupted()) {
            Optional<TracedMessage> message = trace.next(SIGN_OF_LIFE);
            long leftOut = trace.takeLeftOut();
            if (leftOut > 0) {
                out.write(Json.bytes(new LeftOut(leftOut)));
                out.write(LINE_END);
            }
            if (message.isPresent()) {
                out.write(Json.bytes(message.get()));
            }
            out.write(LINE_END);
            out.flush();
        }
    }
}
