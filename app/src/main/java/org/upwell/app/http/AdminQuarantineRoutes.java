// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.Mac;
import org.upwell.gateway.bridge.Quarantine;

/// Administration of the gateway's quarantine: messages of devices that belong to nobody. Shows what they are,
/// never what they say.
public final class AdminQuarantineRoutes implements Routes {

    private static final Logger LOG = LoggerFactory.getLogger(AdminQuarantineRoutes.class);
    private static final long MAX_SECONDS = 30;

    private static final String ALL = "/api/admin/quarantine";
    private static final String ONE = ALL + "/{mac}";

    private record DeviceList(int messages, List<DeviceView> devices) {}

    private record DeviceView(String mac, int messages, long payloadBytes, Instant oldest) {}

    private record MessageList(String mac, List<Quarantine.View> messages) {}

    private record Discarded(String mac, int discarded) {}

    private final Quarantine quarantine;
    private final Callers callers;

    public AdminQuarantineRoutes(Quarantine quarantine, Callers callers) {
        this.quarantine = quarantine;
        this.callers = callers;
    }

    @Override
    public void addTo(HttpRules rules) {
        rules.get(ALL, this::list).get(ONE, this::show).delete(ONE, this::discard);
    }

    private static Mac mac(ServerRequest request) {
        try {
            return Mac.parse(request.path().pathParameters().get("mac"));
        } catch (IllegalArgumentException e) {
            throw HttpFault.badRequest(String.valueOf(e.getMessage()));
        }
    }

    private void list(ServerRequest request, ServerResponse response) {
        callers.administrator(request);
        List<DeviceView> devices = quarantine.devices().stream()
                .map(device -> new DeviceView(
                        device.mac().toString(), device.messages(), device.payloadBytes(), device.oldest()))
                .toList();
        Json.send(response, 200, new DeviceList(quarantine.size(), devices));
    }

    private void show(ServerRequest request, ServerResponse response) {
        callers.administrator(request);
        Mac mac = mac(request);
        List<Quarantine.View> messages = quarantine.messagesOf(mac);
        if (messages.isEmpty()) {
            throw HttpFault.notFound("there is nothing of device " + mac + " in quarantine");
        }
        Json.send(response, 200, new MessageList(mac.toString(), messages));
    }

    private void discard(ServerRequest request, ServerResponse response) {
        callers.administrator(request);
        Mac mac = mac(request);
        int count = written(quarantine.discard(mac).toCompletableFuture());
        LOG.info("{} messages of device {} discarded from quarantine by an administrator", count, mac);
        Json.send(response, 200, new Discarded(mac.toString(), count));
    }

    /// Blocks the request's own virtual thread.
    private static int written(CompletableFuture<Integer> count) {
        try {
            return count.get(MAX_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw HttpFault.unavailable("the server is stopping");
        } catch (ExecutionException e) {
            LOG.error("what was discarded from quarantine could not be written down", e);
            throw HttpFault.unavailable("the quarantine's file cannot be written; the server's log says why");
        } catch (TimeoutException _) {
            throw HttpFault.unavailable("the disk did not answer in time");
        }
    }
}
