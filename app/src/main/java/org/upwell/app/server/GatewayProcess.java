// SPDX-License-Identifier: Apache-2.0
package org.upwell.app.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.upwell.access.AccessEvents;
import org.upwell.access.login.Access;
import org.upwell.app.config.BrokerConfig;
import org.upwell.app.config.BrokerUrl;
import org.upwell.app.config.GatewayConfig;
import org.upwell.app.config.HttpConfig;
import org.upwell.app.config.SecretFile;
import org.upwell.app.config.UpwellConfig;
import org.upwell.app.http.AdminGatewayRoutes;
import org.upwell.app.http.AdminQuarantineRoutes;
import org.upwell.app.http.Callers;
import org.upwell.app.http.HttpListener;
import org.upwell.app.http.HttpServices;
import org.upwell.app.tls.PemFiles;
import org.upwell.client.ClientTls;
import org.upwell.client.Credentials;
import org.upwell.gateway.Gateway;
import org.upwell.gateway.bridge.MqttBrokerLink;

/// A gateway in a process of its own. It reads users, tenants and devices in the server's data directory, or a
/// copy, and reaches the broker as a client like any other.
public final class GatewayProcess implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(GatewayProcess.class);

    private final Parts parts;
    private final Gateway gateway;
    private final @Nullable HttpServices http;

    private GatewayProcess(Parts parts, Gateway gateway, @Nullable HttpServices http) {
        this.parts = parts;
        this.gateway = gateway;
        this.http = http;
    }

    /// Opens both listeners; does not wait for the broker.
    ///
    /// @throws IOException naming the listener, file or directory that is to blame
    public static GatewayProcess start(
            UpwellConfig config, GatewayConfig gatewayConfig, BrokerConfig broker, InstantSource clock)
            throws IOException {
        Parts parts = new Parts();
        try {
            MqttBrokerLink.Settings target = target(broker);
            Access access = parts.add(
                    "access",
                    Access.open(config.dataDirectory(), config.access().settings(), clock, AccessEvents.NONE));
            Gateway gateway = parts.add(
                    "gateway", GatewayRuntime.start(gatewayConfig, config.dataDirectory(), access, target, clock));
            HttpServices http = gatewayConfig.http().isEmpty()
                    ? null
                    : parts.add("http", openHttp(gatewayConfig.http().get(), parts, access, gateway));
            return new GatewayProcess(parts, gateway, http);
        } catch (IOException | RuntimeException e) {
            parts.close();
            throw e;
        }
    }

    private static MqttBrokerLink.Settings target(BrokerConfig broker) throws IOException {
        BrokerUrl url = broker.url();
        if (broker.ca().isPresent()) {
            // Read again at each connection, but one that is missing now will not come by itself.
            PemFiles.certificates(broker.ca().get());
        }
        ClientTls tls = url.isTls() ? broker.ca().map(ClientTls::trusting).orElseGet(ClientTls::platform) : null;
        Credentials credentials = Credentials.of(broker.username(), SecretFile.read(broker.passwordFile()));
        return MqttBrokerLink.Settings.of(url.host(), url.port(), tls, credentials.always());
    }

    private static HttpServices openHttp(HttpConfig config, Parts parts, Access access, Gateway gateway)
            throws IOException {
        Metrics metrics = parts.add("metrics", new Metrics());
        metrics.bind(gateway);
        Callers callers = new Callers(access.authenticator());
        return HttpServices.start(
                List.of(new HttpListener(
                        "gateway.http",
                        config.address().bind().getHostAddress(),
                        config.address().port(),
                        null)),
                new HttpServices.Parts(
                        access,
                        metrics.registry(),
                        () -> gateway.isConnected() ? List.of() : List.of("the gateway is not connected to the broker"),
                        List.of(
                                new AdminQuarantineRoutes(gateway.quarantine(), callers),
                                new AdminGatewayRoutes(gateway, callers)),
                        true));
    }

    /// Where plain HTTP is open, if it is.
    public OptionalInt httpPort() {
        return http == null ? OptionalInt.empty() : OptionalInt.of(http.port(0));
    }

    Gateway gateway() {
        return gateway;
    }

    public List<InetSocketAddress> coapAddresses() {
        return gateway.coapAddresses();
    }

    public List<InetSocketAddress> fieldAddresses() {
        return gateway.fieldAddresses();
    }

    @Override
    public void close() {
        log.info("Stopping");
        parts.close();
        log.info("Stopped");
    }
}
