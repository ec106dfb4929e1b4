// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.http;

import io.helidon.common.tls.Tls;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.login.Access;
import org.upwell.access.registry.AccessDirectory;
import org.upwell.access.registry.RegistryException;
import org.upwell.app.tls.PemFiles;
import org.upwell.app.tls.TlsFiles;

/// The process's HTTP listeners with all their paths. Requests are served on virtual threads. Owned by whoever
/// started it.
public final class HttpServices implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(HttpServices.class);

    /// Its own logger says at each start what we say better; held here, since loggers that nobody holds are
    /// forgotten.
    private static final java.util.logging.Logger HELIDON = java.util.logging.Logger.getLogger("io.helidon");

    private static final int MAX_CONNECTIONS = 4_096;
    private static final int MAX_REQUESTS = 1_024;
    private static final long MAX_BODY_BYTES = 2L * 1024 * 1024;
    private static final Duration IDLE = Duration.ofMinutes(2);
    private static final Duration GRACE = Duration.ofMillis(500);

    /// What the paths work on.
    ///
    /// @param more paths of other concerns, such as queue operations
    /// @param gatewayOnly whether tokens, tenants, devices and users are another process's
    public record Parts(
            Access access,
            PrometheusMeterRegistry metrics,
            Readiness readiness,
            List<Routes> more,
            boolean gatewayOnly) {
        public Parts {
            more = List.copyOf(more);
        }

        /// Those of a server.
        public Parts(Access access, PrometheusMeterRegistry metrics, Readiness readiness, List<Routes> more) {
            this(access, metrics, readiness, more, false);
        }
    }

    private final List<WebServer> servers = new ArrayList<>();

    private HttpServices() {}

    /// Opens all listeners, or none.
    ///
    /// @throws IOException if one cannot be opened; the message names it and says why
    /// @throws IllegalArgumentException if a listener would take secrets in clear text from other machines
    public static HttpServices start(List<HttpListener> listeners, Parts parts) throws IOException {
        HELIDON.setLevel(java.util.logging.Level.WARNING);
        List<InetAddress> addresses =
                listeners.stream().map(HttpListener::address).toList();
        HttpServices services = new HttpServices();
        try {
            for (int i = 0; i < listeners.size(); i++) {
                services.servers.add(open(listeners.get(i), addresses.get(i), parts));
            }
        } catch (IOException | RuntimeException e) {
            services.close();
            throw e;
        }
        return services;
    }

    private static WebServer open(HttpListener listener, InetAddress address, Parts parts) throws IOException {
        WebServerConfig.Builder builder = WebServer.builder()
                .address(address)
                .port(listener.port())
                .shutdownHook(false)
                .shutdownGracePeriod(GRACE)
                .maxTcpConnections(MAX_CONNECTIONS)
                .maxConcurrentRequests(MAX_REQUESTS)
                .maxPayloadSize(MAX_BODY_BYTES)
                .idleConnectionTimeout(IDLE)
                .routing(routing -> addRoutes(routing, listener, parts));
        TlsFiles tls = listener.tls();
        if (tls != null) {
            builder.tls(Tls.builder().sslContext(PemFiles.serverContext(tls)).build());
        }
        checkFree(listener, address);
        WebServer server = builder.build().start();
        if (!server.isRunning()) {
            // It only logs why.
            throw new IOException(listener.name() + ": cannot listen on " + listener.bind() + ":" + listener.port());
        }
        return server;
    }

    /// The web server does not tell its caller why it could not open a port, so that is found out first.
    private static void checkFree(HttpListener listener, InetAddress address) throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            // As the web server does, lest connections of an earlier process that are still closing stand in the way.
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(address, listener.port()));
        } catch (IOException e) {
            throw new IOException(
                    listener.name() + ": cannot listen on " + listener.bind() + ":" + listener.port() + ": "
                            + e.getMessage(),
                    e);
        }
    }

    private static void addRoutes(HttpRouting.Builder routing, HttpListener listener, Parts parts) {
        Access access = parts.access();
        AccessDirectory directory = access.directory();
        Callers callers = new Callers(access.authenticator());
        List<Routes> all = new ArrayList<>(List.of(
                new HealthRoutes(parts.readiness()), new MetricsRoutes(parts.metrics(), callers, listener.isLocal())));
        if (!parts.gatewayOnly()) {
            all.add(new TokenRoutes(access.tokens(), access.keys()));
            all.add(new SolutionRoutes(directory.devices(), callers));
            all.add(new AdminTenantRoutes(directory, callers));
            all.add(new AdminDeviceRoutes(directory.devices(), callers));
            all.add(new AdminUserRoutes(directory.users(), callers));
        }
        all.addAll(parts.more());
        routing.addFilter(new RequestMetrics(parts.metrics(), listener.name()));
        routing.addFilter(new SlashGuard());
        all.forEach(routes -> routes.addTo(routing));
        routing.any((_, response) -> sendNothingHere(response));
        routing.error(HttpFault.class, (_, response, fault) -> sendFault(response, fault));
        routing.error(RegistryException.class, (_, response, e) -> sendFault(response, fault(e)));
        routing.error(Exception.class, HttpServices::sendUnexpected);
    }

    static void sendNothingHere(ServerResponse response) {
        sendFault(response, HttpFault.notFound("there is nothing for this method and path"));
    }

    private static HttpFault fault(RegistryException refusal) {
        String message = String.valueOf(refusal.getMessage());
        return switch (refusal.fault()) {
            case INVALID -> HttpFault.badRequest(message);
            case NOT_FOUND -> HttpFault.notFound(message);
            case CONFLICT -> HttpFault.conflict(message);
        };
    }

    private static void sendUnexpected(ServerRequest request, ServerResponse response, Exception failure) {
        LOG.error("{} {} failed", request.prologue().method(), request.path().path(), failure);
        sendFault(response, HttpFault.internal("the server could not do this; its log says why"));
    }

    private record ErrorBody(String error, String message) {}

    private static void sendFault(ServerResponse response, HttpFault fault) {
        fault.headers().forEach((name, value) -> response.header(name, value));
        Json.send(response, fault.status(), new ErrorBody(fault.code(), fault.text()));
    }

    /// The port of a listener, in the order in which they were given.
    public int port(int listener) {
        return servers.get(listener).port();
    }

    /// Closes the listeners; requests that are being served have half a second to end.
    @Override
    public void close() {
        servers.forEach(WebServer::stop);
    }
}
